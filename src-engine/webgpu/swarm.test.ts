import { afterAll, describe, expect, it } from 'vitest';
import type { Field } from '#core/field/field';
import { parameterLayout } from '#core/field/layout';
import type { FitPlan } from '#core/fit/config';
import { memberSeed, modelParameters, type SwarmRequest, type TrainingSet } from '../engine';
import { referenceTrainer } from '../reference';
import { ADAM, PLAIN_PLAN, relativeError } from '../test-kinds';
import { createWebGpuEngine, type WebGpuEngine } from './engine';
import { paddedLayout } from './swarm';
import { testGpu } from './test-adapter';

const PLAN: FitPlan = { ...PLAIN_PLAN, batch: 70 };
const TINY: Field = { inputs: 2, outputs: 3, encoding: { kind: 'identity' }, depth: 2, width: 12, activation: { kind: 'sine', omega0: 15, omegaHidden: 12 } };

/** Members of different sizes, each with its own texture. */
function members(count: number, field: Field): TrainingSet[] {
  return Array.from({ length: count }, (_, k) => {
    const size = [9 + (k % 4), 7 + (k % 3), 5].slice(0, field.inputs);
    const length = size.reduce((a, b) => a * b, field.outputs);
    const samples = Uint16Array.from({ length }, (__, i) => memberSeed(k, i) & 0xffff);
    return { size, channels: field.outputs, type: 'uint16', samples };
  });
}

const rates = (steps: number): Float32Array => new Float32Array(steps).fill(1e-3);

async function fitted(engine: WebGpuEngine, request: SwarmRequest, calls: readonly number[]) {
  const swarm = await engine.createSwarm!(request);
  let report = await swarm.run(rates(0));
  for (const steps of calls) report = await swarm.run(rates(steps));
  const parameters = await swarm.parameters();
  expect(swarm.members).toBe(request.members.length);
  swarm.dispose();
  return { parameters, report };
}

describe('a swarm on the webgpu engine', async () => {
  const engine = await createWebGpuEngine({ gpu: await testGpu() });
  // Room for the intermediate results of two members of TINY.
  const narrow = await createWebGpuEngine({ gpu: await testGpu(), maximumBinding: 8.5 * paddedLayout(TINY).scratch });
  afterAll(() => Promise.all([engine.dispose(), narrow.dispose()]));

  const KINDS: readonly [string, Partial<Field>, Partial<FitPlan>][] = [
    ['sine layers, a batch of a tile and a rest', {}, {}],
    ['one input, one output, one layer of 4 units', { inputs: 1, outputs: 1, depth: 1, width: 4 }, { batch: 64 }],
    ['a residual network, stratified batches, clipping, an average', { residual: true, depth: 5, width: 8, activation: { kind: 'gelu' } }, { sampling: { kind: 'stratified' }, clip: 0.1, average: 0.9 }],
    ['decay, octaves, a head, many channels', { inputs: 3, outputs: 6, depth: 3, head: 'sigmoid', encoding: { kind: 'octaves', octaves: 2, includeInput: true } }, { batch: 150, optimizer: { ...ADAM, weightDecay: 0.1 }, loss: { kind: 'huber', delta: 0.1 } }],
    ['Fourier features, two phases of FINER', { encoding: { kind: 'fourier', features: 5, sigma: 1, seed: 3 }, width: 20, activation: { kind: 'finer', omega0: 9, omegaHidden: 5, biasRange: 0.3 } }, {}],
  ];
  it.each(KINDS)('fits each member as the float64 reference does with its seed: %s', async (_name, field, plan) => {
    const whole = { ...TINY, ...field };
    const request: SwarmRequest = { field: whole, plan: { ...PLAN, ...plan }, members: members(3, whole), seed: 9 };
    expect(engine.swarmRefusal!(request.field, request.plan)).toBeNull();
    const { parameters, report } = await fitted(engine, request, [4, 6]);
    expect(report.step).toBe(10);
    const { length } = parameterLayout(whole);
    for (const [k, data] of request.members.entries()) {
      const twin = referenceTrainer({ field: whole, plan: request.plan, data, seed: memberSeed(9, k) });
      await twin.run(rates(4));
      const { loss } = await twin.run(rates(6));
      expect(relativeError(parameters.subarray(k * length, (k + 1) * length), modelParameters(await twin.checkpoint()))).toBeLessThan(1e-4);
      expect(Math.abs(report.losses[k] - loss)).toBeLessThan(1e-4 * loss);
    }
  });

  it('has the same bits twice, whatever the calls, and when not all members have room at the same time', async () => {
    const request: SwarmRequest = { field: TINY, plan: PLAN, members: members(5, TINY), seed: 2 };
    const whole = await fitted(engine, request, [30]);
    expect((await fitted(engine, request, [11, 19])).parameters).toEqual(whole.parameters);
    expect((await fitted(narrow, request, [30])).parameters).toEqual(whole.parameters);
    expect([...whole.report.losses].every((loss) => loss > 0 && loss < 0.2)).toBe(true);
  });

  it('refuses what it cannot do, in words, and members that do not fit', async () => {
    expect(engine.swarmRefusal!({ ...TINY, width: 68 }, PLAN)).toMatch(/64 units/);
    expect(engine.swarmRefusal!({ ...TINY, encoding: { kind: 'dense-grid', levels: 2, features: 2, coarsest: 4, finest: 8 } }, PLAN)).toMatch(/grids/);
    expect(engine.swarmRefusal!(TINY, { ...PLAN, sampling: { kind: 'full' } })).toMatch(/uniform or stratified/);
    expect(engine.swarmRefusal!(TINY, { ...PLAN, optimizer: { ...ADAM, kind: 'muon', muonLearningRate: 0.01, momentum: 0.9 } })).toMatch(/Muon/);
    await expect(engine.createSwarm!({ field: TINY, plan: PLAN, members: members(2, { ...TINY, outputs: 1 }), seed: 1 })).rejects.toMatchObject({ code: 'engine.mismatch' });
    await expect(engine.createSwarm!({ field: { ...TINY, width: 68 }, plan: PLAN, members: [], seed: 1 })).rejects.toMatchObject({ code: 'engine.plan' });
    const swarm = await engine.createSwarm!({ field: TINY, plan: PLAN, members: members(1, TINY), seed: 1 });
    swarm.dispose();
    await expect(swarm.run(rates(1))).rejects.toMatchObject({ code: 'engine.disposed' });
  });
});
