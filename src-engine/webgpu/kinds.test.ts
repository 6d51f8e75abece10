/**
 * Every kind of layer, head, loss and optimizer against the float64 reference, with networks that are small and odd, twice with the
 * same bits, and on a device that allows no more than every device of WebGPU must.
 */
import { afterAll, describe, expect, it } from 'vitest';
import type { Field } from '#core/field/field';
import type { FitPlan } from '#core/fit/config';
import type { TrainerRequest } from '../engine';
import { referenceTrainer } from '../reference';
import { ACTIVATIONS, ADAM, HEADS, LOSSES, PLAIN_PLAN, relativeError, testData } from '../test-kinds';
import { createWebGpuEngine } from './engine';
import { testDevice, testGpu } from './test-adapter';

const STEPS = 6;
const RATES = Float32Array.from({ length: STEPS }, (_, step) => 1e-3 * (1 - step / 20));

const PLAN: FitPlan = { ...PLAIN_PLAN, batch: 76, optimizer: { ...ADAM, epsilon: 1e-6 } };
const FIELD: Field = { inputs: 2, outputs: 3, encoding: { kind: 'octaves', octaves: 2, includeInput: true }, depth: 3, width: 12, activation: ACTIVATIONS[0] };

const DATA = testData([19, 13], 3);

const LIMITS = { maxStorageBuffersPerShaderStage: 8, maxComputeWorkgroupStorageSize: 16384, maxComputeInvocationsPerWorkgroup: 256, maxStorageBufferBindingSize: 2 ** 27 };

describe('webgpu and the reference agree', async () => {
  const device = await testDevice(LIMITS);
  const engine = await createWebGpuEngine({ gpu: await testGpu(), device });
  /** Multiplies as real GPUs do. */
  const tiling = await createWebGpuEngine({ gpu: await testGpu(), device, tuning: 'mixed blocks' });
  afterAll(() => device.destroy());

  it('within the smallest limits', () => expect(device.limits).toMatchObject(LIMITS));

  /** The first step's gradient to 1e-5 and all numbers after STEPS steps to 2e-4, the losses to 1e-5. */
  async function compare(request: TrainerRequest, tested = engine): Promise<void> {
    expect(tested.refusal(request.field, request.plan)).toBeNull();
    const trainer = await tested.createTrainer(request);
    const again = await tested.createTrainer(request);
    const twin = referenceTrainer(request);
    for (const [rates, tolerance] of [[RATES.subarray(0, 1), 1e-5], [RATES.subarray(1), 2e-4]] as const) {
      const report = await trainer.run(rates);
      const expected = await twin.run(rates);
      expect(report.step).toBe(expected.step);
      expect(Math.abs(report.loss - expected.loss)).toBeLessThan(1e-5 * expected.loss);
      expect(Math.abs(report.squaredError - expected.squaredError)).toBeLessThan(1e-5 * expected.squaredError);
      const state = await trainer.checkpoint();
      const wanted = await twin.checkpoint();
      expect(relativeError(state.moment1, wanted.moment1)).toBeLessThan(tolerance);
      expect(relativeError(state.moment2, wanted.moment2)).toBeLessThan(2 * tolerance);
      expect(relativeError(state.parameters, wanted.parameters)).toBeLessThan(tolerance);
      await again.run(rates);
      expect(await again.checkpoint()).toEqual(state);
      expect(state.average === undefined).toBe(request.plan.average === null);
      if (wanted.average) expect(relativeError(state.average!, wanted.average)).toBeLessThan(tolerance);
    }
    const size = request.data.size.map((extent) => Math.min(extent, 7) + 1);
    expect(relativeError(await trainer.reconstruct(size), await twin.reconstruct(size))).toBeLessThan(2e-4);
    trainer.dispose();
    again.dispose();
  }

  for (const activation of ACTIVATIONS) {
    it(`${activation.kind} layers`, () => compare({ field: { ...FIELD, activation }, plan: PLAN, data: DATA, seed: 3 }));
  }

  for (const activation of ACTIVATIONS) {
    it(`${activation.kind} layers in a residual network`, () => compare({ field: { ...FIELD, residual: true, activation }, plan: PLAN, data: DATA, seed: 6 }));
  }

  it('residual networks of several depths, ending in a block or not', async () => {
    for (const depth of [2, 5, 6]) await compare({ field: { ...FIELD, residual: true, depth }, plan: PLAN, data: DATA, seed: depth });
  });

  for (const head of HEADS.filter((each) => each !== 'linear')) {
    it(`the ${head} head`, () => compare({ field: { ...FIELD, head }, plan: PLAN, data: DATA, seed: 4 }));
  }

  for (const loss of LOSSES.filter(({ kind }) => kind !== 'l2')) {
    it(`the ${loss.kind} loss`, () => compare({ field: FIELD, plan: { ...PLAN, loss }, data: DATA, seed: 5 }));
  }

  const { optimizer } = PLAN;
  const muon = { ...optimizer, kind: 'muon', muonLearningRate: 0.02, momentum: 0.95 } as const;
  const plans: Readonly<Record<string, Partial<FitPlan>>> = {
    'weight decay': { optimizer: { ...optimizer, weightDecay: 0.7 } },
    'a clipped gradient': { clip: 0.01 },
    'a gradient that is short enough': { clip: 1e5 },
    'a parameter average': { average: 0.9 },
    'decay, clipping and average together': { optimizer: { ...optimizer, weightDecay: 0.3 }, clip: 0.02, average: 0.99 },
    Muon: { optimizer: muon },
    'Muon with decay, clipping and average': { optimizer: { ...muon, weightDecay: 0.4 }, clip: 0.01, average: 0.5 },
  };
  for (const [name, change] of Object.entries(plans)) {
    it(name, () => compare({ field: FIELD, plan: { ...PLAN, ...change }, data: DATA, seed: 8 }));
  }

  it('Muon without a hidden matrix, and with several', async () => {
    for (const [depth, width] of [[1, 12], [5, 20]] as const) {
      await compare({ field: { ...FIELD, depth, width }, plan: { ...PLAN, optimizer: { ...muon, weightDecay: 0.1 }, batch: 64 }, data: DATA, seed: 9 });
    }
  });

  it('residual networks under Muon in tiles, also where matrices take several of them', async () => {
    const plan: FitPlan = { ...PLAN, optimizer: { ...muon, weightDecay: 0.1 }, clip: 0.05, average: 0.9 };
    for (const [depth, width] of [[3, 12], [2, 68]] as const) {
      await compare({ field: { ...FIELD, residual: true, depth, width, activation: ACTIVATIONS[1] }, plan, data: DATA, seed: 11 }, tiling);
    }
  });

  it('a fit goes on from its checkpoint to the bit, with its average', async () => {
    const request: TrainerRequest = { field: FIELD, plan: { ...PLAN, optimizer: { ...muon, weightDecay: 0.1 }, clip: 0.05, average: 0.9 }, data: DATA, seed: 10 };
    const straight = await engine.createTrainer(request);
    await straight.run(RATES);
    const first = await engine.createTrainer(request);
    await first.run(RATES.subarray(0, 2));
    const second = await engine.createTrainer({ ...request, state: await first.checkpoint() });
    await second.run(RATES.subarray(2));
    const state = await straight.checkpoint();
    expect(await second.checkpoint()).toEqual(state);
    expect(await second.reconstruct([5, 4])).toEqual(await engine.evaluate(FIELD, state.average!, [5, 4]));
    for (const trainer of [straight, first, second]) trainer.dispose();
  });
});
