/** Many tiny networks at once, as the tiles of a large picture: an engine's swarm beside fits one by one. */
import { fieldCost } from '#core/field/cost';
import type { Engine, TrainingSet } from '#engine/engine';
import { memberSeed } from '#engine/engine';
import type { BenchContext } from './context';
import { clock, interleaved, short, table, type Runner } from './measure';
import { adamPlan, picture, rates, sirenField } from './work';

const BATCH = 256;
const SIDE = 32;
/** Steps of one turn. */
const STEPS = 20;

interface SwarmRunner extends Runner {
  /** Members that are fitted in truth; the time of all follows from theirs. */
  readonly measured: number;
  dispose(): void;
}

const field = sirenField(16, 2);

async function oneByOne(name: string, engine: Engine, members: readonly TrainingSet[]): Promise<SwarmRunner> {
  const trainers = await Promise.all(members.map((data, k) => engine.createTrainer({ field, plan: adamPlan(BATCH), data, seed: memberSeed(1, k) })));
  return {
    name: `${name}, one by one`,
    measured: members.length,
    run: (turns) =>
      clock(async () => {
        for (let turn = 0; turn < turns; turn++) for (const trainer of trainers) await trainer.run(rates(STEPS));
      }),
    dispose: () => trainers.forEach((trainer) => trainer.dispose()),
  };
}

async function together(name: string, engine: Engine, members: readonly TrainingSet[]): Promise<SwarmRunner | string> {
  if (!engine.createSwarm) return 'this engine has no swarms';
  const refusal = engine.swarmRefusal?.(field, adamPlan(BATCH)) ?? null;
  if (refusal !== null) return refusal;
  const swarm = await engine.createSwarm({ field, plan: adamPlan(BATCH), members, seed: 1 });
  return {
    name: `${name}, swarm`,
    measured: members.length,
    run: (turns) =>
      clock(async () => {
        for (let turn = 0; turn < turns; turn++) await swarm.run(rates(STEPS));
      }),
    dispose: () => swarm.dispose(),
  };
}

export async function swarm(context: BenchContext): Promise<unknown> {
  const { quick, engines, patience, gpu, absent } = context;
  const count = quick ? 64 : 1024;
  const tiles = Array.from({ length: count }, (_, k) => picture(SIDE, k));
  const runners: SwarmRunner[] = [];
  for (const [name, engine] of engines) {
    const emulated = gpu?.software === true && name.endsWith('webgpu');
    if (!name.startsWith('tfjs')) {
      const members = emulated ? tiles.slice(0, 64) : tiles;
      const own = await together(name, engine, members);
      if (typeof own === 'string') absent.push({ what: `swarm of ${name}`, why: own });
      else runners.push(own);
    }
    runners.push(await oneByOne(name, engine, tiles.slice(0, name === 'cpu' ? 16 : emulated ? 2 : 4)));
  }
  const timings = await interleaved(runners, patience);
  const gflop = (fieldCost(field, BATCH, 11).operationsPerStep * count * STEPS) / 1e9;
  const figures = timings.map((timing, i) => {
    const { measured } = runners[i]!;
    const milliseconds = (timing.median * count) / measured / STEPS;
    return { name: timing.name, millisecondsPerStepOfAll: milliseconds, gflops: ((gflop / STEPS) * 1e3) / milliseconds, measured, repeats: timing.repeats };
  });
  for (const runner of runners) runner.dispose();
  console.log(`  ${count} SIRENs 2 x 16 on tiles of ${SIDE} x ${SIDE}, batch ${BATCH}: ms a step of all`);
  table(
    ['how', 'ms', 'GFLOP/s', 'of that measured'],
    figures.map(({ name, millisecondsPerStepOfAll, gflops, measured }) => [
      name,
      short(millisecondsPerStepOfAll),
      short(gflops),
      measured === count ? 'all' : `${measured} members, time scaled to ${count}`,
    ]),
  );
  return { members: count, batch: BATCH, figures };
}
