import type { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import type { Field } from '#core/field/field';
import { PLAN_DEFAULTS } from '#core/fit/config';
import { initialParameters } from '#core/field/init';
import { DeviceLostError, type TrainerRequest } from '../engine';
import { createCpuEngine } from './engine';
import { createExactSynthesizer } from './exact';
import { WorkerPool } from './pool';

const SMALL: Field = { inputs: 2, outputs: 1, encoding: { kind: 'identity' }, depth: 2, width: 16, activation: { kind: 'sine', omega0: 30, omegaHidden: 30 } };
const LARGE: Field = { ...SMALL, depth: 4, width: 128 };

function request(field: Field, batch: number): TrainerRequest {
  return {
    field,
    data: { size: [32, 32], channels: 1, type: 'uint8', samples: new Uint8Array(1024).map((_, i) => i) },
    plan: { steps: 10, batch, ...PLAN_DEFAULTS,
  optimizer: { kind: 'adam', learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 }, schedule: { kind: 'constant' } },
    seed: 1,
  };
}
const rates = (steps: number): Float32Array => new Float32Array(steps).fill(1e-3);
const soon = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe('the cpu engine', () => {
  it('says what it is and takes every field of the format', async () => {
    const engine = await createCpuEngine({ threads: 2 });
    expect(engine.facts).toMatchObject({ engine: 'cpu', name: '2 threads, WebAssembly SIMD', software: false });
    expect(engine.refusal(LARGE, request(LARGE, 64).plan)).toBeNull();
    await engine.dispose();
    await expect(createCpuEngine({ threads: 0 })).rejects.toMatchObject({ kind: 'usage' });
  });

  it('ends a run that is disposed of, cleanly and at once, and the engine goes on', async () => {
    const engine = await createCpuEngine({ threads: 2 });
    const trainer = await engine.createTrainer(request(LARGE, 4096));
    const running = trainer.run(rates(1000));
    const waiting = trainer.checkpoint();
    const failures = Promise.all([expect(running).rejects.toMatchObject({ kind: 'cancelled' }), expect(waiting).rejects.toMatchObject({ kind: 'cancelled' })]);
    await soon(100);
    trainer.dispose();
    await failures;
    const next = await engine.createTrainer(request(SMALL, 64));
    expect((await next.run(rates(3))).step).toBe(3);
    next.dispose();
    await engine.dispose();
  });

  it('ends runs when the whole engine is disposed of', async () => {
    const engine = await createCpuEngine({ threads: 2 });
    const trainer = await engine.createTrainer(request(LARGE, 4096));
    const failure = expect(trainer.run(rates(1000))).rejects.toThrow();
    await soon(100);
    await engine.dispose();
    await failure;
    const { step, moment1 } = await trainer.checkpoint();
    expect(step).toBeGreaterThan(0);
    expect(moment1.every(Number.isFinite)).toBe(true);
    await expect(trainer.run(rates(1))).rejects.toThrow();
    await expect(engine.createTrainer(request(SMALL, 64))).rejects.toMatchObject({ kind: 'cancelled' });
  });

  it('rejects with DeviceLostError when a thread dies, and starts new threads for the next fit', async () => {
    const pool = new WorkerPool(2);
    const engine = await createCpuEngine({ pool });
    const trainer = await engine.createTrainer(request(LARGE, 4096));
    const failure = expect(trainer.run(rates(1000))).rejects.toBeInstanceOf(DeviceLostError);
    await soon(100);
    await (pool as unknown as { workers: Worker[] }).workers[1]!.terminate();
    await failure;
    await expect(trainer.checkpoint()).rejects.toBeInstanceOf(DeviceLostError);
    trainer.dispose();
    const next = await engine.createTrainer(request(SMALL, 64));
    expect((await next.run(rates(3))).step).toBe(3);
    await pool.dispose();
  });

  it('ends a run whose thread died even when it is disposed of at the same moment', async () => {
    const pool = new WorkerPool(2);
    const engine = await createCpuEngine({ pool });
    // Long steps: the other thread is on its way to the barrier when both happen.
    const trainer = await engine.createTrainer(request(LARGE, 32768));
    const failure = expect(trainer.run(rates(1000))).rejects.toBeInstanceOf(DeviceLostError);
    await soon(100);
    const worker = (pool as unknown as { workers: Worker[] }).workers[1]!;
    // Behind the pool's own listener.
    worker.once('exit', () => trainer.dispose());
    await worker.terminate();
    await failure;
    await pool.dispose();
  });

  it('serves several fits, previews and decodes from one pool', async () => {
    const pool = new WorkerPool(2);
    const engine = await createCpuEngine({ pool });
    const exact = createExactSynthesizer({ pool });
    const trainers = await Promise.all([engine.createTrainer(request(SMALL, 64)), engine.createTrainer(request(LARGE, 64))]);
    const results = await Promise.all([
      ...trainers.map((trainer) => trainer.run(rates(5))),
      ...trainers.map((trainer) => trainer.reconstruct([20, 10])),
      exact.synthesize(SMALL, initialParameters(SMALL, 2), [9, 9], 'uint8'),
    ]);
    expect(results.slice(0, 2)).toMatchObject([{ step: 5 }, { step: 5 }]);
    expect(results.slice(2).map((values) => (values as Float32Array).length)).toEqual([200, 200, 81]);
    await exact.dispose();
    await engine.dispose();
    await pool.dispose();
  });

  it('refuses in words what does not fit into memory', async () => {
    const engine = await createCpuEngine({ threads: 1 });
    const trainer = await engine.createTrainer(request(SMALL, 64));
    await expect(trainer.reconstruct([40000, 40000])).rejects.toMatchObject({ kind: 'failed', code: 'memory' });
    expect(await trainer.reconstruct([4, 4])).toHaveLength(16);
    trainer.dispose();
    await engine.dispose();
  });
});
