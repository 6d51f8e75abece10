import { afterAll, describe, expect, it } from 'vitest';
import type { Encoding, Field } from '#core/field/field';
import type { FitPlan } from '#core/fit/config';
import { PLAN_DEFAULTS } from '#core/fit/config';
import type { TrainerRequest, TrainingSet } from '../engine';
import { createTfjsEngine } from '../tfjs/engine';
import { createWebGpuEngine } from './engine';
import { testGpu } from './test-adapter';

/** The engines must agree to this after 50 steps (engine.ts). */
const TOLERANCE = 1e-3;
const STEPS = 50;

const PLAN: FitPlan = {
  steps: STEPS,
  batch: 96,
  ...PLAN_DEFAULTS,
  optimizer: { kind: 'adam', learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
  schedule: { kind: 'constant' },
};
const SINE = { kind: 'sine', omega0: 30, omegaHidden: 30 } as const;
const RELU = { kind: 'relu' } as const;
const ENCODINGS: readonly Encoding[] = [
  { kind: 'identity' },
  { kind: 'octaves', octaves: 5, includeInput: true },
  { kind: 'octaves', octaves: 3, includeInput: false },
  { kind: 'fourier', features: 12, sigma: 4, seed: 9 },
];
const FIELD: Field = { inputs: 2, outputs: 3, encoding: ENCODINGS[0], depth: 2, width: 20, activation: SINE };

function grid(size: readonly number[], channels: number, type: 'uint8' | 'uint16' = 'uint8'): TrainingSet {
  const length = size.reduce((a, b) => a * b, channels);
  const samples = type === 'uint8' ? new Uint8Array(length) : new Uint16Array(length);
  for (let i = 0; i < length; i++) samples[i] = (Math.sin(i * 0.37) * 0.3 + Math.cos(i * 0.011) * 0.2 + 0.5) * (type === 'uint8' ? 255 : 65535);
  return { size, channels, type, samples };
}

function relativeError(actual: Float32Array, expected: Float32Array): number {
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < expected.length; i++) {
    difference += (actual[i] - expected[i]) ** 2;
    norm += expected[i] ** 2;
  }
  return Math.sqrt(difference / norm);
}

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
      it(`${name}, ${activation.kind}`, () => compare({ field: { ...FIELD, encoding, activation }, plan: PLAN, data: grid([17, 11], 3), seed: 7 }));
    }
  }

  it('one coordinate, one channel, 16 bits, an odd number of samples', () =>
    compare({ field: { ...FIELD, inputs: 1, outputs: 1, width: 12, depth: 1 }, plan: PLAN, data: grid([101], 1, 'uint16'), seed: 1 }));

  it('three coordinates, four channels', () =>
    compare({ field: { ...FIELD, inputs: 3, outputs: 4, depth: 3, encoding: ENCODINGS[1] }, plan: PLAN, data: grid([7, 6, 5], 4), seed: 2 }));

  it('four coordinates, sixteen channels, 16 bits', () =>
    compare({ field: { ...FIELD, inputs: 4, outputs: 16, activation: RELU }, plan: PLAN, data: grid([4, 3, 3, 2], 16, 'uint16'), seed: 3 }));

  it('layers wider than a tile', () =>
    compare({ field: { ...FIELD, width: 68, depth: 2 }, plan: { ...PLAN, batch: 64 }, data: grid([32, 32], 3), seed: 4 }));

  it('a batch that is no multiple of anything, one channel of two', () =>
    compare({ field: { ...FIELD, outputs: 2, depth: 2 }, plan: { ...PLAN, batch: 299 }, data: grid([32, 32], 2), seed: 5 }));

  it('a batch cut into several slices', () =>
    compare({ field: FIELD, plan: { ...PLAN, batch: 300 }, data: grid([64, 64], 3), seed: 6 }, sliced));
});
