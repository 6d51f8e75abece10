import { afterAll, expect, it } from 'vitest';
import { StudioError } from '#core/errors';
import type { FitPlan } from '#core/fit/config';
import type { Field } from '#core/field/field';
import { DeviceLostError, type TrainerRequest, type TrainingSet } from '../engine';
import { PLAIN_PLAN } from '../test-kinds';
import { CANDIDATES, candidatesFor, fastestTuning, measureTuning, memoryTunings, tuningKey } from './autotune';
import { GpuContext } from './context';
import { createWebGpuTrainer } from './trainer';
import { testDevice } from './test-adapter';

const PLAN = PLAIN_PLAN;
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

/** What fails with `faults`, one a candidate; null: it takes a millisecond. */
const failing = (faults: readonly (Error | null)[]) => (name: string): Promise<number> => {
  const fault = faults[CANDIDATES.findIndex((each) => each === name)];
  return fault ? Promise.reject(fault) : Promise.resolve(1);
};
const refused = (code: string): StudioError => new StudioError('device', code, 'refused');

it('passes over what a driver refuses or has no memory for', async () => {
  const store = memoryTunings();
  expect(await fastestTuning(store, 'key', failing([refused('device.validation'), refused('device.memory'), refused('device.operation'), null, refused('device.memory')]), CANDIDATES)).toBe(CANDIDATES[3]);
  expect(store.get('key')).toBe(CANDIDATES[3]);
});

it('leaves the choice to the rule where nothing can be measured, and hides no other fault', async () => {
  const never = { get: () => null, set: () => expect.unreachable() };
  expect(await fastestTuning(never, 'key', failing(CANDIDATES.map(() => refused('device.memory'))), CANDIDATES)).toBeNull();
  for (const fault of [new DeviceLostError('lost'), new TypeError('a slip')]) {
    await expect(fastestTuning(never, 'key', failing([null, fault]), CANDIDATES)).rejects.toBe(fault);
  }
});

it('keeps choices apart by adapter and by whatever makes other kernels, not by seeds, rates and pictures', () => {
  const context = new GpuContext(device);
  const keyOf = (change: { field?: Partial<Field>; plan?: Partial<FitPlan>; data?: Partial<TrainingSet>; seed?: number }): string =>
    tuningKey(context, INFO, { field: { ...FIELD, ...change.field }, plan: { ...PLAN, ...change.plan }, data: { ...REQUEST.data, ...change.data }, seed: change.seed ?? 1 });
  const key = keyOf({});
  const samples = Uint8Array.from({ length: 60 }, (_, i) => i);
  const { optimizer } = PLAN;
  for (const same of [{ seed: 2 }, { data: { size: [60], samples } }, { plan: { optimizer: { ...optimizer, learningRate: 0.1 } } }]) expect(keyOf(same)).toBe(key);
  const grid = { kind: 'dense-grid', levels: 1, features: 1, coarsest: 4, finest: 4 } as const;
  const keys = [
    key,
    ...([{ width: 12 }, { depth: 2 }, { residual: true }, { head: 'sigmoid' }, { activation: { kind: 'gelu' } }, { encoding: grid }, { encoding: { ...grid, coarsest: 5, finest: 5 } }] satisfies Partial<Field>[]).map((field) => keyOf({ field })),
    ...([{ batch: 65 }, { loss: { kind: 'l1' } }, { sampling: { kind: 'stratified' } }, { sampling: { kind: 'full' } }, { clip: 1 }, { average: 0.9 }, { optimizer: { ...optimizer, kind: 'muon', muonLearningRate: 0.01, momentum: 0.9 } }] satisfies Partial<FitPlan>[]).map((plan) => keyOf({ plan })),
    keyOf({ data: { type: 'uint16', samples: new Uint16Array(50) } }),
    keyOf({ field: { outputs: 2 }, data: { channels: 2, samples: new Uint8Array(100) } }),
    keyOf({ field: { inputs: 2 }, data: { size: [10, 5] } }),
    tuningKey(new GpuContext(device, { software: false, maximumSlice: 64 }), INFO, { ...REQUEST, plan: { ...PLAN, batch: 128 } }),
    keyOf({ plan: { batch: 128 } }),
    tuningKey(new GpuContext(device, { software: false, maximumBinding: 48 }), INFO, REQUEST),
    tuningKey(context, { ...INFO, architecture: 'e' } as GPUAdapterInfo, REQUEST),
  ];
  expect(new Set(keys).size).toBe(keys.length);
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
