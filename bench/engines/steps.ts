/** Whole training steps of a SIREN at a batch of 2^14, by width, on everything that can train here. */
import { fieldCost } from '#core/field/cost';
import type { BenchContext } from './context';
import { interleaved, short, table, type Timing } from './measure';
import { DEPTH, sirenField } from './work';

const BATCH = 2 ** 14;
const WIDTHS = [16, 32, 64, 128, 256];
/** Widths for software adapters, where a step takes seconds. */
const EMULATED_WIDTHS = [16, 32, 64];

export interface StepFigure extends Timing {
  readonly width: number;
  readonly gflops: number;
}

/** Who is held against whom: our engine, and the beginning of the peer's name. */
const BARS: readonly (readonly [string, string])[] = [
  ['cpu', 'torch'],
  ['cpu', 'tfjs-wasm'],
  ['cpu', 'jax-js-wasm'],
  ['webgpu', 'tfjs-webgpu'],
  ['webgpu', 'jax-js-webgpu'],
  ['webgpu', 'torch-cuda'],
];

export async function steps(context: BenchContext): Promise<unknown> {
  const { quick, patience, contenders } = context;
  const figures: StepFigure[] = [];
  const emulatedWidths = quick ? [16] : EMULATED_WIDTHS;
  const batch = quick ? BATCH / 4 : BATCH;
  for (const width of quick ? [16, 64] : WIDTHS) {
    const here = contenders.filter(({ emulated }) => !emulated || emulatedWidths.includes(width));
    const runs = [];
    for (const contender of here) {
      try {
        const run = await contender.prepare(width, batch);
        // Some fail at their first step only: compilers, memory.
        await run.run(1);
        runs.push({ name: contender.name, ...run });
      } catch (error) {
        context.absent.push({ what: `${contender.name} at width ${width}`, why: String(error).split('\n')[0]! });
      }
    }
    const gflop = fieldCost(sirenField(width), batch, 11).operationsPerStep / 1e9;
    for (const timing of await interleaved(runs, patience)) figures.push({ ...timing, width, gflops: (gflop / timing.median) * 1e3 });
    for (const { dispose } of runs) await dispose();
  }
  for (const { name } of contenders.filter(({ emulated }) => emulated)) {
    context.absent.push({ what: `${name} beyond width ${Math.max(...emulatedWidths)}`, why: 'a software adapter takes too long' });
  }

  console.log(`  SIREN of ${DEPTH + 1} dense layers (${DEPTH} hidden), 2 inputs, 3 outputs, Adam, batch ${batch}; ms a step, median and minimum of interleaved repeats`);
  table(
    ['width', 'contender', 'ms', 'least', 'GFLOP/s', 'steps/s', 'repeats x steps'],
    figures.map(({ width, name, median, minimum, gflops, repeats, turns }) => [String(width), name, short(median), short(minimum), short(gflops), short(1000 / median), `${repeats} x ${turns}`]),
  );
  const ratios = figures.flatMap((ours) =>
    figures
      .filter((peer) => peer.width === ours.width && BARS.some(([own, other]) => ours.name === own && peer.name.startsWith(other) && (own === 'webgpu' || !peer.name.includes('cuda'))))
      .map((peer) => ({ width: ours.width, ours: ours.name, peer: peer.name, times: peer.median / ours.median })),
  );
  console.log('  times as fast as');
  table(['width', 'engine', 'peer', 'times'], ratios.map(({ width, ours, peer, times }) => [String(width), ours, peer, `${short(times)}x`]));
  return { batch, figures, ratios };
}
