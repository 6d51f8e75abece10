import { afterAll, describe, expect, it } from 'vitest';
import type { FitPlan } from '#core/fit/config';
import type { Field } from '#core/field/field';
import { memberSeed, type TrainerRequest } from '../engine';
import { gradientFit } from '../grid-cases';
import { referenceGradient } from '../reference';
import { relativeError } from '../test-kinds';
import { createWebGpuEngine } from './engine';
import { sweepShape } from './sweep';
import { testGpu } from './test-adapter';

const SINE = { kind: 'sine', omega0: 20, omegaHidden: 15 } as const;

/** A fit whose first moments after a step are its gradient. */
function request(field: Partial<Field> & { width: number }, plan: Partial<FitPlan>): TrainerRequest {
  return gradientFit({ inputs: 2, outputs: 3, encoding: { kind: 'identity' }, depth: 2, activation: SINE, ...field }, plan);
}

const FITS: readonly (readonly [name: string, request: TrainerRequest])[] = [
  ['width 8, one layer, 1 output, a batch that fills no tile', request({ width: 8, depth: 1, outputs: 1 }, { batch: 65 })],
  ['width 20, 16 outputs, sigmoid head, Huber loss', request({ width: 20, outputs: 16, inputs: 3, depth: 3, head: 'sigmoid' }, { batch: 131, loss: { kind: 'huber', delta: 0.2 } })],
  ['width 64, three layers, stratified', request({ width: 64, depth: 3 }, { batch: 300, sampling: { kind: 'stratified' } })],
  ['width 12 after 26 features, two phases of FINER', request({ width: 12, encoding: { kind: 'fourier', features: 13, sigma: 1, seed: 4 }, activation: { kind: 'finer', omega0: 9, omegaHidden: 5, biasRange: 0.2 } }, { batch: 77 })],
  ['width 100', request({ width: 100, activation: { kind: 'relu' } }, { batch: 70 })],
  ['a grid', request({ width: 16, encoding: { kind: 'dense-grid', levels: 2, features: 2, coarsest: 3, finest: 8 } }, { batch: 90 })],
];

describe('a sweep', async () => {
  const engine = await createWebGpuEngine({ gpu: await testGpu(), tuning: 'one sweep, mixed blocks' });
  const sliced = await createWebGpuEngine({ gpu: await testGpu(), tuning: 'one sweep, mixed blocks', maximumSlice: 64 });
  afterAll(() => Promise.all([engine.dispose(), sliced.dispose()]));

  it.each(FITS)('gives the gradient and the loss of the float64 reference, twice to the bit: %s', async (_, asked) => {
    const { field, plan, state } = asked;
    expect(sweepShape(field, plan.batch, 16384)).not.toBeNull();
    const trainers = [await engine.createTrainer(asked), await engine.createTrainer(asked)];
    if (field.depth === 3) trainers.push(await sliced.createTrainer(asked));
    const { loss, squaredError, gradient } = referenceGradient(asked, state!.parameters, 0);
    const states = [];
    for (const trainer of trainers) {
      const report = await trainer.run(Float32Array.of(1e-3));
      expect(Math.abs(report.loss - loss)).toBeLessThan(1e-5 * loss);
      expect(Math.abs(report.squaredError - squaredError)).toBeLessThan(1e-5 * squaredError);
      states.push(await trainer.checkpoint());
      trainer.dispose();
    }
    for (const { moment1 } of states) expect(relativeError(moment1, gradient)).toBeLessThan(2e-5);
    expect(states[1]).toEqual(states[0]);
  });

  it('draws by error, and streams a signal that is too large, as single layers do', async () => {
    const small = request({ width: 8, depth: 1 }, { batch: 90, sampling: { kind: 'error', refresh: 1, uniform: 0.3 } });
    const samples = Uint16Array.from({ length: 200 * 120 * 3 }, (_, i) => memberSeed(79, i) & 0xffff);
    const asked: TrainerRequest = { ...small, data: { ...small.data, size: [200, 120], type: 'uint16', samples } };
    const plain = await createWebGpuEngine({ gpu: await testGpu(), tuning: 'mixed blocks' });
    const streaming = await createWebGpuEngine({ gpu: await testGpu(), tuning: 'one sweep, mixed blocks', maximumBinding: samples.byteLength - 4 });
    const states = [];
    for (const one of [plain, engine, streaming]) {
      const trainer = await one.createTrainer(asked);
      await trainer.run(new Float32Array(3).fill(1e-3));
      states.push(await trainer.checkpoint());
      if (one === streaming) expect(trainer.notes?.join()).toContain('sends the samples');
      trainer.dispose();
    }
    expect(relativeError(states[1].parameters, states[0].parameters)).toBeLessThan(1e-5);
    expect(relativeError(states[2].parameters, states[0].parameters)).toBeLessThan(1e-5);
    await plain.dispose();
    await streaming.dispose();
  });

  it('is for networks that fit', () => {
    const field = request({ width: 64 }, {}).field;
    expect(sweepShape(field, 16384, 16384)).toEqual({ samples: 32, blockSamples: 4, blockUnits: 8 });
    expect(sweepShape(field, 16384, 32768)).toEqual({ samples: 64, blockSamples: 8, blockUnits: 8 });
    expect(sweepShape({ ...field, width: 128 }, 16384, 32768)).toEqual({ samples: 32, blockSamples: 4, blockUnits: 8 });
    for (const other of [{ width: 132 }, { width: 4 }, { residual: true }, { width: 8, outputs: 9 }]) expect(sweepShape({ ...field, ...other }, 16384, 49152)).toBeNull();
    expect(sweepShape(field, 2 ** 24, 49152)).toBeNull();
  });
});
