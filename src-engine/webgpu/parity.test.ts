import { afterAll, describe, expect, it } from 'vitest';
import type { Encoding, Field } from '#core/field/field';
import type { FitPlan } from '#core/fit/config';
import type { TrainerRequest } from '../engine';
import { ADAM, PLAIN_PLAN, relativeError, testData } from '../test-kinds';
import { createTfjsEngine } from '../tfjs/engine';
import { createWebGpuEngine } from './engine';
import { testGpu } from './test-adapter';

/** The engines must agree to this after 50 steps (engine.ts). */
const TOLERANCE = 1e-3;
const STEPS = 50;

const PLAN: FitPlan = { ...PLAIN_PLAN, steps: STEPS, batch: 96, optimizer: { ...ADAM, beta2: 0.999 } };
const SINE = { kind: 'sine', omega0: 30, omegaHidden: 30 } as const;
const RELU = { kind: 'relu' } as const;
const ENCODINGS: readonly Encoding[] = [
  { kind: 'identity' },
  { kind: 'octaves', octaves: 5, includeInput: true },
  { kind: 'octaves', octaves: 3, includeInput: false },
  { kind: 'fourier', features: 12, sigma: 4, seed: 9 },
];
const FIELD: Field = { inputs: 2, outputs: 3, encoding: ENCODINGS[0], depth: 2, width: 20, activation: SINE };

describe('webgpu and tfjs agree', async () => {
  const engine = await createWebGpuEngine({ gpu: await testGpu() });
  const sliced = await createWebGpuEngine({ gpu: await testGpu(), maximumSlice: 128 });
  const reference = await createTfjsEngine();
  afterAll(async () => {
    await engine.dispose();
    await sliced.dispose();
    await reference.dispose();
  });

  async function compare(request: TrainerRequest, tested = engine): Promise<void> {
    const rates = Float32Array.from({ length: STEPS }, (_, step) => 1e-3 * (1 - step / 100));
    const trainer = await tested.createTrainer(request);
    const twin = await reference.createTrainer(request);
    const report = await trainer.run(rates);
    const expected = await twin.run(rates);
    expect(report.step).toBe(STEPS);
    expect(Math.abs(report.loss - expected.loss)).toBeLessThan(1e-4 * expected.loss + 1e-7);
    const state = await trainer.checkpoint();
    const wanted = await twin.checkpoint();
    expect(relativeError(state.parameters, wanted.parameters)).toBeLessThan(TOLERANCE);
    // Far below the tolerance in truth: a slip in one kernel must not hide in it.
    expect(relativeError(state.moment1, wanted.moment1)).toBeLessThan(TOLERANCE);
    const size = request.data.size.map((extent) => Math.min(extent, 9));
    expect(relativeError(await trainer.reconstruct(size), await twin.reconstruct(size))).toBeLessThan(2e-3);
    const evaluated = await tested.evaluate(request.field, wanted.parameters, size);
    expect(relativeError(evaluated, await reference.evaluate(request.field, wanted.parameters, size))).toBeLessThan(1e-5);
    trainer.dispose();
    twin.dispose();
  }

  for (const encoding of ENCODINGS) {
    for (const activation of [SINE, RELU]) {
      const name = encoding.kind === 'octaves' ? `octaves ${encoding.includeInput ? 'with' : 'without'} input` : encoding.kind;
      it(`${name}, ${activation.kind}`, () => compare({ field: { ...FIELD, encoding, activation }, plan: PLAN, data: testData([17, 11], 3), seed: 7 }));
    }
  }

  it('one coordinate, one channel, 16 bits, an odd number of samples', () =>
    compare({ field: { ...FIELD, inputs: 1, outputs: 1, width: 12, depth: 1 }, plan: PLAN, data: testData([101], 1, 'uint16'), seed: 1 }));

  it('three coordinates, four channels', () =>
    compare({ field: { ...FIELD, inputs: 3, outputs: 4, depth: 3, encoding: ENCODINGS[1] }, plan: PLAN, data: testData([7, 6, 5], 4), seed: 2 }));

  it('four coordinates, sixteen channels, 16 bits', () =>
    compare({ field: { ...FIELD, inputs: 4, outputs: 16, activation: RELU }, plan: PLAN, data: testData([4, 3, 3, 2], 16, 'uint16'), seed: 3 }));

  it('layers wider than a tile', () =>
    compare({ field: { ...FIELD, width: 68, depth: 2 }, plan: { ...PLAN, batch: 64 }, data: testData([32, 32], 3), seed: 4 }));

  it('a batch that is no multiple of anything, one channel of two', () =>
    compare({ field: { ...FIELD, outputs: 2, depth: 2 }, plan: { ...PLAN, batch: 299 }, data: testData([32, 32], 2), seed: 5 }));

  it('a batch cut into several slices', () =>
    compare({ field: FIELD, plan: { ...PLAN, batch: 300 }, data: testData([64, 64], 3), seed: 6 }, sliced));
});
