import { afterAll, expect, it } from 'vitest';
import { StudioError } from '#core/errors';
import { PLAN_DEFAULTS, type FitPlan } from '#core/fit/config';
import type { Field } from '#core/field/field';
import type { TrainerRequest } from '../engine';
import { CANDIDATES, candidatesFor, fastestTuning, measureTuning, tuningKey } from './autotune';
import { GpuContext } from './context';
import { createWebGpuTrainer } from './trainer';
import { testDevice } from './test-adapter';

const PLAN: FitPlan = {
  steps: 10,
  batch: 64,
  ...PLAN_DEFAULTS,
  optimizer: { kind: 'adam', learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
  schedule: { kind: 'constant' },
};
const FIELD: Field = { inputs: 1, outputs: 1, encoding: { kind: 'identity' }, depth: 1, width: 8, activation: { kind: 'relu' } };
const REQUEST: TrainerRequest = { field: FIELD, plan: PLAN, data: { size: [50], channels: 1, type: 'uint8', samples: Uint8Array.from({ length: 50 }, (_, i) => 5 * i) }, seed: 1 };
const INFO = { vendor: 'a', architecture: 'b', device: 'c', description: 'd' } as GPUAdapterInfo;

const device = await testDevice();
afterAll(() => device.destroy());

it('takes the fastest candidate, keeps it, and measures no second time', async () => {
  const store = new Map<string, string>();
  const kept = { get: (key: string) => store.get(key) ?? null, set: (key: string, choice: string) => void store.set(key, choice) };
  const asked: string[] = [];
  const measure = (name: string): Promise<number> => {
    asked.push(name);
    return Promise.resolve(name === CANDIDATES[1] ? 1 : 2);
  };
  expect(await fastestTuning(kept, 'key', measure, CANDIDATES)).toBe(CANDIDATES[1]);
  expect(asked).toEqual(CANDIDATES);
  expect(await fastestTuning(kept, 'key', measure, CANDIDATES)).toBe(CANDIDATES[1]);
  expect(asked).toEqual(CANDIDATES);
  // What is no candidate, any more, is measured anew.
  store.set('key', 'no such kernels');
  expect(await fastestTuning(kept, 'key', measure, CANDIDATES)).toBe(CANDIDATES[1]);
  expect(asked).toEqual([...CANDIDATES, ...CANDIDATES]);
});

it('leaves the choice to the rule where memory is too short to try, and hides no other fault', async () => {
  const never = { get: () => null, set: () => expect.unreachable() };
  expect(await fastestTuning(never, 'key', () => Promise.reject(new StudioError('device', 'device.memory', 'full')), CANDIDATES)).toBeNull();
  await expect(fastestTuning(never, 'key', () => Promise.reject(new StudioError('device', 'device.validation', 'wrong')), CANDIDATES)).rejects.toMatchObject({ code: 'device.validation' });
});

it('keeps choices apart by adapter and shape, not by data and seed', () => {
  const key = tuningKey(INFO, REQUEST);
  expect(tuningKey(INFO, { ...REQUEST, seed: 2 })).toBe(key);
  expect(tuningKey({ ...INFO, architecture: 'e' } as GPUAdapterInfo, REQUEST)).not.toBe(key);
  expect(tuningKey(INFO, { ...REQUEST, field: { ...FIELD, width: 12 } })).not.toBe(key);
  expect(tuningKey(INFO, { ...REQUEST, plan: { ...PLAN, batch: 65 } })).not.toBe(key);
});

it('tries a sweep only where there is one', () => {
  const context = new GpuContext(device);
  const tried = (field: Field): readonly string[] => candidatesFor(context, { ...REQUEST, field });
  expect(tried(FIELD)).toEqual(CANDIDATES);
  expect(tried({ ...FIELD, residual: true })).toEqual(CANDIDATES.filter((name) => !name.includes('sweep')));
});

it('measures a fit without touching it, and a fit says what it was given', async () => {
  const context = new GpuContext(device);
  expect(await measureTuning(context, REQUEST, 'small blocks')).toBeGreaterThan(0);
  const plain = await createWebGpuTrainer(context, REQUEST);
  const tuned = await createWebGpuTrainer(context, REQUEST, () => Promise.resolve('small blocks'));
  expect(plain.notes).toEqual([]);
  expect(tuned.notes).toEqual([expect.stringContaining('small blocks')]);
  const rates = new Float32Array(3).fill(1e-3);
  expect((await tuned.run(rates)).loss).toBeCloseTo((await plain.run(rates)).loss, 6);
  plain.dispose();
  tuned.dispose();
});
