import { afterAll, describe, expect, it } from 'vitest';
import type { Field } from '#core/field/field';
import { parameterLayout } from '#core/field/layout';
import type { TrainerRequest, TrainState } from '../engine';
import { gradientFit, largeTables, noiseFit, smallGrid, zeros } from '../grid-cases';
import { referenceGradient, referenceTrainer } from '../reference';
import { relativeError } from '../test-kinds';
import { createWebGpuEngine, type WebGpuEngine } from './engine';
import { largestTableSlice, tableRefusal } from './tables';
import { testGpu } from './test-adapter';

/** Every number of inputs, kind and number of features, with 16 features in all but once: the kernels of the dense layers compile slowly on a software adapter. */
const CASES = [
  ['dense-grid', 1, 1],
  ['hash-grid', 2, 2],
  ['hash-grid', 3, 3],
  ['dense-grid', 4, 4],
  ['hash-grid', 1, 16],
  ['dense-grid', 2, 8],
  ['dense-grid', 3, 2],
  ['hash-grid', 4, 1],
] as const;

/** `found`: numbers of the tables that stood still: those whose gradient is 0, and at most such as are below the unit of the sums. */
function expectZeros(found: readonly number[], gradient: Float64Array, tableLength: number): void {
  const expected = new Set(zeros(gradient, tableLength));
  const largest = gradient.subarray(0, tableLength).reduce((most, g) => Math.max(most, Math.abs(g)), 0);
  expect(found.filter((i) => expected.has(i)).length).toBe(expected.size);
  for (const i of found) expect(Math.abs(gradient[i]!)).toBeLessThan(2 ** -19 * largest);
}

const SINE = { kind: 'sine', omega0: 2, omegaHidden: 3 } as const;

describe('tables on the webgpu engine', async () => {
  const engine = await createWebGpuEngine({ gpu: await testGpu() });
  const sliced = await createWebGpuEngine({ gpu: await testGpu(), maximumSlice: 64 });
  afterAll(async () => {
    await engine.dispose();
    await sliced.dispose();
  });

  async function trained(on: WebGpuEngine, asked: TrainerRequest, steps: number): Promise<TrainState> {
    const trainer = await on.createTrainer(asked);
    await trainer.run(new Float32Array(steps).fill(asked.plan.optimizer.learningRate));
    const state = await trainer.checkpoint();
    trainer.dispose();
    return state;
  }

  for (const [kind, inputs, features] of CASES) {
    const field: Field = { inputs, outputs: 2, encoding: smallGrid(kind, features, inputs, Math.floor(16 / features)), depth: 1, width: 8, activation: SINE };
    it(`have the gradient of the float64 reference and follow it: ${kind}, ${inputs} inputs, ${features} features`, async () => {
      expect(engine.refusal(field, noiseFit(field).plan)).toBeNull();
      const asked = gradientFit(field);
      const { moment1 } = await trained(engine, asked, 1);
      const { gradient } = referenceGradient(asked, asked.state!.parameters, 0);
      const { tables, tableLength, length } = parameterLayout(field);
      for (const table of tables) expect(relativeError(moment1, gradient, table.offset, table.offset + table.length)).toBeLessThan(1e-5);
      expectZeros(zeros(moment1, tableLength), gradient, tableLength);
      expect(relativeError(moment1, gradient, tableLength, length)).toBeLessThan(1e-5);

      const fit = { ...noiseFit(field), state: largeTables(field) };
      const reference = referenceTrainer(fit);
      await reference.run(new Float32Array(20).fill(1e-2));
      const expected = await reference.checkpoint();
      expect(relativeError((await trained(engine, fit, 20)).parameters, expected.parameters)).toBeLessThan(1e-3);
      if (features !== 2) return;
      const size = [9, 8, 3, 2].slice(0, inputs);
      expect(relativeError(await engine.evaluate(field, expected.parameters, size), await reference.reconstruct(size))).toBeLessThan(1e-5);
    });
  }

  const field: Field = { inputs: 2, outputs: 2, encoding: { kind: 'hash-grid', levels: 8, features: 2, coarsest: 4, finest: 64, tableLog2: 9 }, depth: 1, width: 8, activation: SINE };

  it('give the same bits twice, and from a checkpoint on', async () => {
    const asked = noiseFit(field, { batch: 190 });
    const once = await trained(engine, asked, 12);
    expect(await trained(engine, asked, 12)).toEqual(once);
    expect(await trained(engine, { ...asked, state: await trained(engine, asked, 5) }, 7)).toEqual(once);
  });

  it('fold the sums of several slices, twice to the same bits', async () => {
    const asked = gradientFit(field, { batch: 300 });
    const { gradient } = referenceGradient(asked, asked.state!.parameters, 0);
    const { moment1 } = await trained(sliced, asked, 1);
    expect(relativeError(moment1, gradient)).toBeLessThan(1e-5);
    const { tableLength } = parameterLayout(field);
    expectZeros(zeros(moment1, tableLength), gradient, tableLength);
    expect(await trained(sliced, asked, 6)).toEqual(await trained(sliced, asked, 6));
  });

  it('are clipped with the norm of the whole gradient, and averaged where no sample touched them too', async () => {
    const state = largeTables(field);
    const { gradient } = referenceGradient(noiseFit(field), state.parameters, 0);
    const clip = 0.5 * Math.hypot(...gradient);
    const once = await trained(engine, gradientFit(field, { clip }), 1);
    expect(relativeError(once.moment1, gradient.map((g) => 0.5 * g))).toBeLessThan(1e-5);

    const asked = { ...noiseFit(field, { clip, average: 0.9 }), state: { ...state, average: state.parameters.map((value) => value + 1) } };
    const reference = referenceTrainer(asked);
    await reference.run(new Float32Array(5).fill(1e-3));
    const expected = await reference.checkpoint();
    const trainer = await engine.createTrainer(asked);
    await trainer.run(new Float32Array(5).fill(1e-3));
    const actual = await trainer.checkpoint();
    trainer.dispose();
    expect(relativeError(actual.parameters, expected.parameters)).toBeLessThan(1e-3);
    expect(relativeError(actual.average!, expected.average!)).toBeLessThan(1e-3);
  });

  it('learn from points that are drawn in other ways: stratified as the reference does, by errors twice to the same bits', async () => {
    const asked = gradientFit(field, { sampling: { kind: 'stratified' } });
    const { gradient } = referenceGradient(asked, asked.state!.parameters, 0);
    expect(relativeError((await trained(engine, asked, 1)).moment1, gradient)).toBeLessThan(1e-5);
    const driven = noiseFit(field, { sampling: { kind: 'error', refresh: 2, uniform: 0.3 } });
    expect(await trained(engine, driven, 5)).toEqual(await trained(engine, driven, 5));
  });

  it('keep every bit of the vectors that no sample touched, their moments too', async () => {
    const sparse: Field = { ...field, encoding: { kind: 'dense-grid', levels: 8, features: 2, coarsest: 40, finest: 70 } };
    const start = largeTables(sparse);
    start.moment1.fill(0.25);
    start.moment2.fill(0.5);
    const asked = { ...noiseFit(sparse, { batch: 100 }), state: start };
    const { gradient } = referenceGradient(asked, start.parameters, 0);
    const { tableLength } = parameterLayout(sparse);
    for (const on of [engine, sliced]) {
      const state = await trained(on, asked, 1);
      const still = Array.from({ length: tableLength }, (_, i) => i).filter((i) => state.parameters[i] === start.parameters[i] && state.moment1[i] === 0.25 && state.moment2[i] === 0.5);
      expectZeros(still, gradient, tableLength);
      expect(still.length).toBeGreaterThan(tableLength / 2);
    }
  });

  it('add up a whole slice at one place without loss: every sample at one node, all gradients alike', async () => {
    // One point, in the middle of a grid with a node there: all contributions of a level go to one vector, at the largest size.
    const point: Field = { ...field, outputs: 1, inputs: 1, encoding: { kind: 'dense-grid', levels: 1, features: 1, coarsest: 3, finest: 3 }, depth: 1, width: 4 };
    const batch = largestTableSlice(1);
    const asked = { ...gradientFit(point, { batch }), data: { size: [1], channels: 1, type: 'uint8', samples: Uint8Array.of(200) } as const };
    const { gradient } = referenceGradient({ ...asked, plan: { ...asked.plan, batch: 64 } }, asked.state!.parameters, 0);
    const { moment1 } = await trained(engine, asked, 1);
    expect(gradient[1]).not.toBe(0);
    expect(Math.abs(moment1[1] - gradient[1]!)).toBeLessThan(1e-6 * Math.abs(gradient[1]!));
  });

  it('say what works where their sums are larger than a binding', () => {
    const large: Field = { ...field, encoding: { kind: 'hash-grid', levels: 16, features: 2, coarsest: 1024, finest: 8192, tableLog2: 20 } };
    expect(tableRefusal(large, 2 ** 27)).toContain('16,777,216');
    expect(tableRefusal(large, 2 ** 30)).toBeNull();
  });
});
