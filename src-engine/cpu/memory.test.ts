import { afterAll, describe, expect, it } from 'vitest';
import { StudioError } from '#core/errors';
import type { Field } from '#core/field/field';
import { initialParameters } from '#core/field/init';
import { PLAN_DEFAULTS, type FitPlan } from '#core/fit/config';
import type { TrainerRequest, TrainState } from '../engine';
import { referenceGradient } from '../reference';
import { relativeError } from '../test-kinds';
import { allocateShared } from './memory';
import { WorkerPool } from './pool';
import { createCpuTrainer } from './trainer';

const ADAM = { kind: 'adam', learningRate: 1e-3, beta1: 0, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 } as const;
const PLAN: FitPlan = { ...PLAN_DEFAULTS, steps: 10, batch: 4096, optimizer: ADAM, schedule: { kind: 'constant' } };
const IMAGE: Field = { inputs: 2, outputs: 3, encoding: { kind: 'identity' }, depth: 3, width: 64, activation: { kind: 'sine', omega0: 30, omegaHidden: 30 } };

const pools = [1, 2, 3].map((threads) => new WorkerPool(threads));
afterAll(() => Promise.all(pools.map((pool) => pool.dispose())));

describe('a machine with little memory', () => {
  const samples = Uint8Array.from({ length: 40 * 30 * 3 }, (_, i) => (i * 37 + (i % 11) * 19) & 255);
  const asked: TrainerRequest = { field: IMAGE, plan: PLAN, data: { size: [40, 30], channels: 3, type: 'uint8', samples }, seed: 5 };
  /** Gives memory after so many refusals. */
  const stingy = (refusals: number, seen: number[] = []) => (wanted: number, way: string): WebAssembly.Memory => {
    seen.push(wanted);
    if (seen.length <= refusals) throw new StudioError('failed', 'memory', `No. ${way}`);
    return allocateShared(wanted, way);
  };
  async function trained(pool: WorkerPool, refusals: number): Promise<TrainState & { notes: readonly string[] }> {
    const trainer = await createCpuTrainer(pool, asked, stingy(refusals));
    await trainer.run(new Float32Array(5).fill(1e-3));
    const state = await trainer.checkpoint();
    trainer.dispose();
    return { ...state, notes: trainer.notes! };
  }

  it('gets its fits cut smaller, is told so, and gets the same bits for any number of threads', async () => {
    const seen: number[] = [];
    await expect(createCpuTrainer(pools[1]!, asked, stingy(Infinity, seen))).rejects.toMatchObject({ kind: 'failed', code: 'memory' });
    expect(seen.length).toBeGreaterThan(1);
    expect([...seen].sort((a, b) => b - a)).toEqual(seen);
    const usual = await trained(pools[1]!, 0);
    expect(usual.notes).toEqual([]);
    for (let refusals = 1; refusals < seen.length; refusals++) {
      const tight = await trained(pools[1]!, refusals);
      expect(tight.notes).toHaveLength(1);
      expect(tight.notes[0]).toMatch(/^Memory was short: .* \d+ parts instead of 32/);
      expect(relativeError(tight.parameters, usual.parameters)).toBeLessThan(1e-4);
      expect(await trained(pools[2]!, refusals)).toEqual(tight);
    }
  });
});

describe('large signals', () => {
  /** Noise without a loop over every sample: a block of it, doubled until it fills. */
  function noise(length: number): Uint8Array {
    const values = new Uint8Array(length);
    for (let i = 0; i < 65521; i++) values[i] = Math.imul(i, 2654435761) >>> 13;
    for (let done = 65521; done < length; done *= 2) values.copyWithin(done, 0, Math.min(done, length - done));
    return values;
  }

  it.each([
    ['4096 x 4096 RGB', { ...IMAGE, depth: 2, width: 16 }, [4096, 4096], 3],
    ['512 x 512 x 512', { ...IMAGE, inputs: 3, outputs: 1, depth: 2, width: 16 }, [512, 512, 512], 1],
  ] as const)('%s: the gradient is that of the reference, and steps run', async (_name, field, size, channels) => {
    const samples = noise(size.reduce((a, b) => a * b, 1) * channels);
    for (const sampling of [{ kind: 'uniform' }, { kind: 'stratified' }, { kind: 'error', refresh: 50, uniform: 1 }] as const) {
      const small: TrainerRequest = { field, plan: { ...PLAN, batch: 256, sampling }, data: { size, channels, type: 'uint8', samples }, seed: 5 };
      const trainer = await createCpuTrainer(pools[1]!, small);
      const { loss } = await trainer.run(Float32Array.of(1e-3));
      if (sampling.kind !== 'error') {
        const expected = referenceGradient(small, initialParameters(field, 5), 0);
        expect(loss / expected.loss).toBeCloseTo(1, 5);
        expect(relativeError((await trainer.checkpoint()).moment1, expected.gradient)).toBeLessThan(1e-5);
      }
      expect(trainer.notes).toEqual([]);
      expect((await trainer.run(new Float32Array(4).fill(1e-3))).step).toBe(5);
      trainer.dispose();
    }
  });
});
