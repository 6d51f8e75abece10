/** Whether the cost grows as the work does: time against batch, operations and pixels, with the line through it. */
import { fieldCost } from '#core/field/cost';
import { initialParameters } from '#core/field/init';
import type { Engine } from '#engine/engine';
import type { BenchContext } from './context';
import { clock, fitLine, interleaved, short, table, type Line, type Runner } from './measure';
import { adamPlan, picture, rates, sirenField } from './work';

interface Curve {
  readonly engine: string;
  readonly what: string;
  readonly points: readonly { readonly at: number; readonly work: number; readonly milliseconds: number }[];
  readonly line: Line;
}

const range = (from: number, to: number, step = 1): number[] => Array.from({ length: (to - from) / step + 1 }, (_, i) => from + i * step);

/** A runner at each place of the axis, and what one turn works there. */
interface Axis {
  readonly what: string;
  readonly at: readonly number[];
  work(at: number): number;
  prepare(engine: Engine, at: number): Promise<Omit<Runner, 'name'> & { dispose(): void }>;
}

async function trainRunner(engine: Engine, width: number, batch: number): Promise<Omit<Runner, 'name'> & { dispose(): void }> {
  const trainer = await engine.createTrainer({ field: sirenField(width), plan: adamPlan(batch), data: picture(256), seed: 1 });
  return { run: (steps) => clock(() => trainer.run(rates(steps))), dispose: () => trainer.dispose() };
}

function axes(quick: boolean, emulated: boolean): Axis[] {
  const small = quick || emulated;
  const batches = (small ? range(8, 12) : range(12, 20)).map((power) => 2 ** power);
  const batch = small ? 2 ** 10 : 2 ** 14;
  const width = emulated ? 16 : 64;
  return [
    { what: 'batch', at: batches, work: (at) => at, prepare: (engine, at) => trainRunner(engine, width, at) },
    {
      what: 'width',
      at: small ? [16, 32, 64] : [16, 32, 64, 96, 128, 192, 256],
      work: (at) => fieldCost(sirenField(at), batch, 11).operationsPerStep,
      prepare: (engine, at) => trainRunner(engine, at, batch),
    },
    {
      what: 'pixels',
      at: small ? [32, 64, 128] : [64, 128, 256, 512, 1024],
      work: (at) => at * at,
      prepare: async (engine, at) => {
        const field = sirenField(width);
        const parameters = initialParameters(field, 1);
        const run = (turns: number): Promise<number> =>
          clock(async () => {
            for (let turn = 0; turn < turns; turn++) await engine.evaluate(field, parameters, [at, at]);
          });
        return { run, dispose: () => undefined };
      },
    },
  ];
}

export async function curves(context: BenchContext): Promise<unknown> {
  const { quick, engines, gpu, patience } = context;
  const found: Curve[] = [];
  for (const name of ['cpu', 'webgpu']) {
    const engine = engines.get(name);
    if (!engine) continue;
    const emulated = name === 'webgpu' && gpu?.software === true;
    if (emulated && quick) {
      context.absent.push({ what: 'curves of webgpu', why: 'a software adapter takes too long for a quick run' });
      continue;
    }
    for (const axis of axes(quick, emulated)) {
      const runners = [];
      for (const at of axis.at) runners.push({ name: String(at), ...(await axis.prepare(engine, at)) });
      const timings = await interleaved(runners, { ...patience, milliseconds: patience.milliseconds / 2 });
      for (const runner of runners) runner.dispose();
      const points = timings.map(({ median }, i) => ({ at: axis.at[i]!, work: axis.work(axis.at[i]!), milliseconds: median }));
      found.push({ engine: name, what: axis.what, points, line: fitLine(points.map(({ work, milliseconds }) => [work, milliseconds] as const)) });
    }
  }
  for (const { engine, what, points, line } of found) {
    const unit = what === 'width' ? 'GFLOP' : what === 'pixels' ? 'million pixels' : 'million samples';
    const perUnit = line.slope * (what === 'width' ? 1e9 : 1e6);
    console.log(`  ${engine}, time against ${what}: ${short(line.offset)} ms + ${short(perUnit)} ms a ${unit}; R^2 ${line.r2.toFixed(5)}, largest residual ${(100 * line.largestResidual).toFixed(1)}%`);
    table([what, 'ms', 'a second'], points.map(({ at, milliseconds }) => [String(at), short(milliseconds), short(1000 / milliseconds)]));
  }
  return found;
}
