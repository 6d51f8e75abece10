import { afterAll, describe, expect, it } from 'vitest';
import type { Encoding, Field } from '#core/field/field';
import { parameterLayout } from '#core/field/layout';
import type { Engine, TrainerRequest, TrainState } from '../engine';
import { gradientFit, largeTables, noiseFit, smallGrid, zeros } from '../grid-cases';
import { referenceGradient, referenceTrainer } from '../reference';
import { relativeError } from '../test-kinds';
import { createCpuEngine } from './engine';
import { Arena } from './plan';
import { planTables, roundSamples } from './tables';

const engines = new Map<number, Engine>();
async function engineWith(threads: number): Promise<Engine> {
  if (!engines.has(threads)) engines.set(threads, await createCpuEngine({ threads }));
  return engines.get(threads)!;
}
afterAll(async () => {
  for (const engine of engines.values()) await engine.dispose();
});

async function trained(threads: number, asked: TrainerRequest, steps: number): Promise<TrainState> {
  const trainer = await (await engineWith(threads)).createTrainer(asked);
  await trainer.run(new Float32Array(steps).fill(asked.plan.optimizer.learningRate));
  const state = await trainer.checkpoint();
  trainer.dispose();
  return state;
}

describe.each(['dense-grid', 'hash-grid'] as const)('a %s on the cpu engine', (kind) => {
  for (const inputs of [1, 2, 3, 4]) {
    it(`has the gradient of the float64 reference, ${inputs} inputs`, async () => {
      for (const features of [1, 2, 3, 4, 8, 16]) {
        const field: Field = { inputs, outputs: 2, encoding: smallGrid(kind, features, inputs), depth: 2, width: 12, activation: { kind: 'sine', omega0: 2, omegaHidden: 3 } };
        const asked = gradientFit(field);
        const { moment1 } = await trained(2, asked, 1);
        const { gradient } = referenceGradient(asked, asked.state!.parameters, 0);
        const { tables, tableLength, length } = parameterLayout(field);
        for (const table of tables) expect(relativeError(moment1, gradient, table.offset, table.offset + table.length)).toBeLessThan(1e-5);
        expect(zeros(moment1, tableLength)).toEqual(zeros(gradient, tableLength));
        expect(relativeError(moment1, gradient, tableLength, length)).toBeLessThan(1e-5);
      }
    });

    it(`follows the reference for 20 steps, ${inputs} inputs`, async () => {
      for (const features of [1, 2, 3, 8]) {
        const field: Field = { inputs, outputs: 3, encoding: smallGrid(kind, features, inputs), depth: 1, width: 16, activation: { kind: 'relu' } };
        const asked = { ...noiseFit(field), state: largeTables(field) };
        const reference = referenceTrainer(asked);
        await reference.run(new Float32Array(20).fill(1e-2));
        const expected = await reference.checkpoint();
        const actual = await trained(2, asked, 20);
        expect(relativeError(actual.parameters, expected.parameters)).toBeLessThan(1e-3);
        const engine = await engineWith(2);
        const size = [9, 8, 3, 2].slice(0, inputs);
        expect(relativeError(await engine.evaluate(field, expected.parameters, size), await reference.reconstruct(size))).toBeLessThan(1e-5);
      }
    });
  }
});

describe('tables on the cpu engine', () => {
  const field: Field = { inputs: 2, outputs: 3, encoding: { kind: 'hash-grid', levels: 5, features: 2, coarsest: 4, finest: 128, tableLog2: 9 }, depth: 2, width: 20, activation: { kind: 'relu' } };

  it('get the same bits on 1, 2, 3 and 11 threads, and again', async () => {
    const asked = noiseFit(field, { batch: 3001 });
    const one = await trained(1, asked, 12);
    for (const threads of [1, 2, 3, 11]) expect(await trained(threads, asked, 12)).toEqual(one);
    const single = noiseFit({ ...field, encoding: { ...field.encoding, levels: 1, coarsest: 64 } as Encoding }, { batch: 3001 });
    expect(await trained(3, single, 12)).toEqual(await trained(1, single, 12));
  });

  it('go on from a checkpoint as if they had never stopped', async () => {
    const asked = noiseFit(field);
    const whole = await trained(2, asked, 15);
    expect(await trained(2, { ...asked, state: await trained(1, asked, 6) }, 9)).toEqual(whole);
  });

  it('keep every bit of the vectors that no sample touched, their moments too', async () => {
    const sparse: Field = { ...field, encoding: { kind: 'dense-grid', levels: 2, features: 4, coarsest: 90, finest: 150 } };
    const start = largeTables(sparse);
    start.moment1.fill(0.25);
    start.moment2.fill(0.5);
    const asked = { ...noiseFit(sparse, { batch: 64 }), state: start };
    const state = await trained(2, asked, 1);
    const { gradient } = referenceGradient(asked, start.parameters, 0);
    const { tableLength } = parameterLayout(sparse);
    const still = Array.from({ length: tableLength }, (_, i) => i).filter((i) => state.parameters[i] === start.parameters[i] && state.moment1[i] === 0.25 && state.moment2[i] === 0.5);
    expect(still).toEqual(zeros(gradient, tableLength));
    expect(still.length).toBeGreaterThan(tableLength / 2);
  });

  it('are clipped with the norm of the whole gradient, and averaged where no sample touched them too', async () => {
    const state = largeTables(field);
    const { gradient } = referenceGradient(noiseFit(field), state.parameters, 0);
    const clip = 0.5 * Math.hypot(...gradient);
    const { moment1 } = await trained(2, gradientFit(field, { clip }), 1);
    expect(relativeError(moment1, gradient.map((g) => 0.5 * g))).toBeLessThan(1e-5);

    const asked = { ...noiseFit(field, { clip, average: 0.9 }), state: { ...state, average: state.parameters.map((value) => value + 1) } };
    const reference = referenceTrainer(asked);
    await reference.run(new Float32Array(5).fill(1e-2));
    const expected = await reference.checkpoint();
    const actual = await trained(3, asked, 5);
    for (const vector of ['parameters', 'average'] as const) expect(relativeError(actual[vector]!, expected[vector]!)).toBeLessThan(1e-3);
    expect(await trained(1, asked, 5)).toEqual(actual);
  });

  it('learn from points that are drawn in every way, the same bits for every number of threads', async () => {
    const samplings = [{ kind: 'stratified' }, { kind: 'full' }, { kind: 'error', refresh: 3, uniform: 0.4 }] as const;
    for (const sampling of samplings) {
      const asked = { ...noiseFit(field, { sampling }), state: largeTables(field) };
      const actual = await trained(1, asked, 8);
      expect(await trained(3, asked, 8)).toEqual(actual);
      if (sampling.kind === 'error') continue;
      const reference = referenceTrainer(asked);
      await reference.run(new Float32Array(8).fill(1e-2));
      expect(relativeError(actual.parameters, (await reference.checkpoint()).parameters)).toBeLessThan(1e-3);
    }
  });

  it('take batches whose vectors exceed the memory of a round in several rounds', async () => {
    const wide: Field = { ...field, inputs: 1, encoding: { kind: 'hash-grid', levels: 16, features: 16, coarsest: 2, finest: 90, tableLog2: 6 }, depth: 1, width: 4 };
    const batch = 32768;
    const plan = planTables(new Arena(), wide, parameterLayout(wide), 128)!;
    expect(roundSamples(plan, wide, 32, batch / 32)).toBeLessThan(batch / 32);
    const asked = gradientFit(wide, { batch });
    const { gradient } = referenceGradient(asked, asked.state!.parameters, 0);
    expect(relativeError((await trained(2, asked, 1)).moment1, gradient)).toBeLessThan(1e-5);
  });

  it('hold 16 levels of 2^19 pairs', async () => {
    const large: Field = { ...field, encoding: { kind: 'hash-grid', levels: 16, features: 2, coarsest: 512, finest: 8192, tableLog2: 19 }, depth: 1, width: 8 };
    expect(parameterLayout(large).tableLength).toBeGreaterThan(15e6);
    const trainer = await (await engineWith(2)).createTrainer(noiseFit(large, { batch: 256 }));
    const rates = new Float32Array(8).fill(1e-2);
    const first = await trainer.run(rates);
    await trainer.run(rates);
    const last = await trainer.run(rates);
    expect(last.loss).toBeLessThan(first.loss);
    trainer.dispose();
  });
});
