/** Exact decode of a whole picture: the normative synthesis, on one thread and on all. */
import { initialParameters } from '#core/field/init';
import { createExactSynthesizer } from '#engine/cpu/exact';
import type { BenchContext } from './context';
import { clock, interleaved, short, table, type Runner } from './measure';
import { DEPTH, sirenField } from './work';

export async function decode({ quick, patience, threads }: BenchContext): Promise<unknown> {
  const side = quick ? 128 : 512;
  const counts = threads === 1 ? [1] : [1, threads];
  const synthesizers = counts.map((count) => createExactSynthesizer({ threads: count }));
  const runners = [DEPTH, DEPTH + 1].flatMap((depth) => {
    const field = sirenField(64, depth);
    const parameters = initialParameters(field, 1);
    return synthesizers.map(({ synthesize }, i): Runner => ({
      name: `${depth} hidden layers, ${counts[i] === 1 ? '1 thread' : `${counts[i]} threads`}`,
      run: (turns) =>
        clock(async () => {
          for (let turn = 0; turn < turns; turn++) await synthesize(field, parameters, [side, side], 'uint8');
        }),
    }));
  });
  const timings = await interleaved(runners, patience);
  for (const synthesizer of synthesizers) await synthesizer.dispose();
  console.log(`  ${side} x ${side} RGB from SIRENs of width 64`);
  table(
    ['network', 'ms', 'least', 'million samples/s'],
    timings.map(({ name, median, minimum }) => [name, short(median), short(minimum), short((side * side) / median / 1e3)]),
  );
  return { side, timings };
}
