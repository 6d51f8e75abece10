/**
 * How fast the engines are, beside what else would do the same work on the same machine, in one run: whole training steps, share of the
 * machine's peak, exact decode, growth of the cost with the work, and many tiny networks at once. All figures of a table are
 * measured in turns (A B C A B C), so that a busy moment falls on all; medians are compared, minima are printed too. What cannot run
 * here is named with the reason.
 */
import { openContext, type BenchContext } from './engines/context';
import { curves } from './engines/curves';
import { decode } from './engines/decode';
import { peak } from './engines/peak-share';
import { steps } from './engines/steps';
import { swarm } from './engines/swarm';
import type { SuiteOptions } from './main';

/** In the order in which they run. A part prints its own tables and returns its figures. */
const parts: Record<string, (context: BenchContext) => Promise<unknown>> = { steps, peak, decode, curves, swarm };

export const partNames = Object.keys(parts);

export async function run({ quick, only }: SuiteOptions): Promise<unknown> {
  const context = await openContext(quick);
  const figures: Record<string, unknown> = { versions: context.versions };
  for (const [name, part] of Object.entries(parts)) {
    if (only && !only.includes(name)) continue;
    console.log(`\n-- ${name}`);
    try {
      figures[name] = await part(context);
    } catch (error) {
      // The other parts are still worth having.
      context.absent.push({ what: name, why: error instanceof Error ? error.message : String(error) });
    }
  }
  for (const { what, why } of context.absent) console.log(`not run: ${what}: ${why}`);
  await context.close();
  return { ...figures, notRun: context.absent };
}
