import type { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, it, vi } from 'vitest';
import type { Field } from '#core/field/field';
import { parameterLayout } from '#core/field/layout';
import { PLAN_DEFAULTS, type FitPlan } from '#core/fit/config';
import { DeviceLostError, memberSeed, modelParameters, type Engine, type SwarmRequest, type TrainingSet } from '../engine';
import { createCpuEngine } from './engine';
import { WorkerPool } from './pool';

const ADAM = { kind: 'adam', learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 } as const;
const PLAN: FitPlan = { ...PLAN_DEFAULTS, steps: 100, batch: 70, optimizer: ADAM, schedule: { kind: 'constant' } };
const TINY: Field = { inputs: 2, outputs: 3, encoding: { kind: 'identity' }, depth: 2, width: 12, activation: { kind: 'sine', omega0: 15, omegaHidden: 15 } };

/** Members of different sizes, each with its own texture. */
function members(count: number, outputs = 3): TrainingSet[] {
  return Array.from({ length: count }, (_, k) => {
    const size = [9 + (k % 4), 7 + (k % 3)];
    const samples = Uint16Array.from({ length: size[0]! * size[1]! * outputs }, (_, i) => (i * (311 + 64 * k)) & 0xffff);
    return { size, channels: outputs, type: 'uint16', samples };
  });
}

describe('a swarm on the cpu engine', async () => {
  const engine = await createCpuEngine({ threads: 2 });
  const wide = await createCpuEngine({ threads: 3 });
  afterAll(() => Promise.all([engine.dispose(), wide.dispose()]));

  async function fitted(request: SwarmRequest, calls: readonly number[], on: Engine = engine) {
    const swarm = await on.createSwarm!(request);
    let report;
    for (const steps of calls) report = await swarm.run(new Float32Array(steps).fill(1e-3));
    const parameters = await swarm.parameters();
    expect(swarm.members).toBe(request.members.length);
    swarm.dispose();
    return { parameters, report: report! };
  }

  const KINDS: readonly [string, Partial<Field>, Partial<FitPlan>][] = [
    ['sine layers', {}, {}],
    ['a residual network, stratified batches, clipping, an average', { residual: true, depth: 3, activation: { kind: 'gelu' } }, { sampling: { kind: 'stratified' }, clip: 0.1, average: 0.9 }],
    ['Muon and decay, features, a head', { depth: 3, head: 'sigmoid', encoding: { kind: 'octaves', octaves: 3, includeInput: true } }, { optimizer: { ...ADAM, kind: 'muon', muonLearningRate: 0.01, momentum: 0.9, weightDecay: 0.1 }, loss: { kind: 'l1' } }],
  ];
  it.each(KINDS)('fits each member to the bits of a trainer with its seed: %s', async (_name, field, plan) => {
    const request: SwarmRequest = { field: { ...TINY, ...field }, plan: { ...PLAN, ...plan }, members: members(5), seed: 9 };
    const { parameters, report } = await fitted(request, [4, 6]);
    expect(report.step).toBe(10);
    const { length } = parameterLayout(request.field);
    for (const [k, data] of request.members.entries()) {
      const trainer = await engine.createTrainer({ field: request.field, plan: request.plan, data, seed: memberSeed(9, k) });
      await trainer.run(new Float32Array(4).fill(1e-3));
      const { loss } = await trainer.run(new Float32Array(6).fill(1e-3));
      expect(parameters.slice(k * length, (k + 1) * length)).toEqual(modelParameters(await trainer.checkpoint()));
      expect(report.losses[k]).toBe(Math.fround(loss));
      trainer.dispose();
    }
  });

  it('has the same bits on any number of threads, and whatever the calls', async () => {
    const request: SwarmRequest = { field: TINY, plan: PLAN, members: members(7), seed: 2 };
    const whole = await fitted(request, [1500]);
    expect((await fitted(request, [700, 800], wide)).parameters).toEqual(whole.parameters);
    expect([...whole.report.losses].every((loss) => loss > 0 && loss < 0.2)).toBe(true);
  });

  it('may have fewer members than there are threads', async () => {
    const request: SwarmRequest = { field: TINY, plan: PLAN, members: members(1), seed: 2 };
    expect((await fitted(request, [3], wide)).parameters).toEqual((await fitted(request, [3])).parameters);
  });

  it('ends when it is disposed of, and the engine goes on', async () => {
    const swarm = await engine.createSwarm!({ field: TINY, plan: { ...PLAN, batch: 4096 }, members: members(40), seed: 2 });
    const failure = expect(swarm.run(new Float32Array(1000).fill(1e-3))).rejects.toMatchObject({ kind: 'cancelled' });
    await new Promise((resolve) => setTimeout(resolve, 50));
    swarm.dispose();
    await failure;
    await expect(swarm.parameters()).rejects.toMatchObject({ kind: 'cancelled' });
    expect((await fitted({ field: TINY, plan: PLAN, members: members(2), seed: 2 }, [1])).report.step).toBe(1);
  });

  it('rejects with DeviceLostError when a thread dies', async () => {
    const pool = new WorkerPool(2);
    const own = await createCpuEngine({ pool });
    const swarm = await own.createSwarm!({ field: TINY, plan: { ...PLAN, batch: 4096 }, members: members(40), seed: 2 });
    const failure = expect(swarm.run(new Float32Array(1000).fill(1e-3))).rejects.toBeInstanceOf(DeviceLostError);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await (pool as unknown as { workers: Worker[] }).workers[1]!.terminate();
    await failure;
    await expect(swarm.parameters()).rejects.toBeInstanceOf(DeviceLostError);
    swarm.dispose();
    await pool.dispose();
  });

  it('refuses what it cannot do, in words, and members that do not fit', async () => {
    expect(engine.swarmRefusal!(TINY, PLAN)).toBeNull();
    expect(engine.swarmRefusal!({ ...TINY, encoding: { kind: 'dense-grid', levels: 2, features: 2, coarsest: 4, finest: 8 } }, PLAN)).toMatch(/grids/);
    expect(engine.swarmRefusal!(TINY, { ...PLAN, sampling: { kind: 'full' } })).toMatch(/uniform or stratified/);
    await expect(engine.createSwarm!({ field: TINY, plan: PLAN, members: members(2, 1), seed: 1 })).rejects.toMatchObject({ kind: 'usage', code: 'engine.mismatch' });
    const mixed = [...members(2), { ...members(1)[0]!, type: 'uint8' as const, samples: Uint8Array.from(members(1)[0]!.samples) }];
    await expect(engine.createSwarm!({ field: TINY, plan: PLAN, members: mixed, seed: 1 })).rejects.toThrow('all of 8 bits or all of 16');
    const full: FitPlan = { ...PLAN, sampling: { kind: 'full' } };
    await expect(engine.createSwarm!({ field: TINY, plan: full, members: members(2), seed: 1 })).rejects.toMatchObject({ kind: 'usage', code: 'fit.refused' });
  });

  it('refuses memories that the machine could hold one by one, but not all of them', async () => {
    const tile: TrainingSet = { size: [600, 600], channels: 3, type: 'uint16', samples: new Uint16Array(600 * 600 * 3) };
    const machine = vi.spyOn(process, 'constrainedMemory').mockReturnValue(6e6);
    try {
      (await wide.createSwarm!({ field: TINY, plan: PLAN, members: [tile], seed: 1 })).dispose();
      await expect(wide.createSwarm!({ field: TINY, plan: PLAN, members: [tile, tile, tile], seed: 1 })).rejects.toMatchObject({ kind: 'failed', code: 'memory' });
    } finally {
      machine.mockRestore();
    }
  });
});
