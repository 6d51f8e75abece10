import { afterAll, describe, expect, it } from 'vitest';
import type { Field } from '#core/field/field';
import { parameterLayout } from '#core/field/layout';
import { LARGEST_FULL_BATCH } from '#core/fit/sampling';
import { commonSwarmRefusal } from './checks';
import { createCpuEngine } from './cpu/engine';
import type { Engine, TrainerRequest, TrainState } from './engine';
import { PLAIN_PLAN, testData, testState } from './test-kinds';
import { createTfjsEngine } from './tfjs/engine';

const field: Field = { inputs: 2, outputs: 3, encoding: { kind: 'identity' }, depth: 2, width: 8, activation: { kind: 'relu' } };
const request: TrainerRequest = { field, plan: PLAIN_PLAN, data: testData([7, 5], 3), seed: 1 };
const engines: readonly [string, Engine][] = [
  ['cpu', await createCpuEngine({ threads: 2 })],
  ['tfjs', await createTfjsEngine()],
];
afterAll(() => Promise.all(engines.map(([, engine]) => engine.dispose())));

describe.each(engines)('the %s engine', (_name, engine) => {
  const refused = async (change: Partial<TrainerRequest>): Promise<unknown> => engine.createTrainer({ ...request, ...change }).then((trainer) => (trainer.dispose(), 'taken'), (error: unknown) => error);

  it('refuses data that is not of the shape of the field', async () => {
    const { data } = request;
    const wrong = [
      testData([7, 5], 2),
      testData([7, 5, 1], 3),
      { ...data, size: [7, 6] },
      { ...data, samples: data.samples.subarray(1) },
      { ...data, type: 'uint16' as const },
    ];
    for (const each of wrong) expect(await refused({ data: each })).toMatchObject({ kind: 'usage', code: 'engine.mismatch' });
    expect(await refused({ data: { ...data, size: [7, 6] } })).toMatchObject({ message: expect.stringContaining('126 samples, but 105') as string });
  });

  it('refuses the state of another network, whichever of its vectors is it', async () => {
    const state: TrainState = { ...testState(field, 1), average: testState(field, 2).parameters };
    const plan = { ...PLAIN_PLAN, average: 0.9 };
    for (const key of ['parameters', 'moment1', 'moment2', 'average'] as const) {
      expect(await refused({ plan, state: { ...state, [key]: state.parameters.subarray(1) } }), key).toMatchObject({ kind: 'usage', code: 'engine.mismatch' });
    }
    (await engine.createTrainer({ ...request, plan, state })).dispose();
  });

  it('refuses a table of draws that is none of this signal, where draws follow one', async () => {
    const state = testState(field, 1);
    const plan = { ...PLAIN_PLAN, sampling: { kind: 'error', refresh: 5, uniform: 0.5 } } as const;
    const limits = Uint32Array.from({ length: 35 }, (_, cell) => (cell === 34 ? 0xffffffff : cell * 1e8));
    const wrong = [limits.subarray(1), limits.map((limit) => limit >>> 1), limits.with(3, 0)];
    for (const drawLimits of wrong) {
      expect(await refused({ plan, state: { ...state, drawLimits } })).toMatchObject({ kind: 'usage', code: 'engine.mismatch' });
      expect(await refused({ state: { ...state, drawLimits } })).toBe('taken');
    }
    const trainer = await engine.createTrainer({ ...request, plan, state: { ...state, drawLimits: limits } });
    expect((await trainer.checkpoint()).drawLimits).toEqual(limits);
    trainer.dispose();
  });

  it('refuses a full batch of more points than a step may see', async () => {
    const small: Field = { ...field, outputs: 1 };
    const data = { size: [LARGEST_FULL_BATCH / 2048 + 1, 2048], channels: 1, type: 'uint8', samples: new Uint8Array(LARGEST_FULL_BATCH + 2048) } as const;
    expect(await refused({ field: small, data, plan: { ...PLAIN_PLAN, sampling: { kind: 'full' } } })).toMatchObject({ kind: 'usage', code: 'engine.plan' });
  });

  it('refuses learning rates that are none, before any step, and goes on', async () => {
    const trainer = await engine.createTrainer(request);
    for (const rate of [Number.NaN, Infinity, -1e-3]) await expect(trainer.run(Float32Array.of(1e-3, rate))).rejects.toMatchObject({ kind: 'usage', code: 'engine.rate' });
    expect((await trainer.checkpoint()).step).toBe(0);
    expect((await trainer.run(Float32Array.of(1e-3, 0))).step).toBe(2);
    trainer.dispose();
  });

  it('evaluates neither parameters of another network nor on grids that are none', async () => {
    const { length } = parameterLayout(field);
    for (const other of [length - 1, length + 1, 0]) await expect(engine.evaluate(field, new Float32Array(other), [3, 3])).rejects.toMatchObject({ kind: 'usage', code: 'engine.mismatch' });
    for (const size of [[3], [3, 3, 3], [0, 3], [2.5, 2]]) await expect(engine.evaluate(field, new Float32Array(length), size)).rejects.toMatchObject({ kind: 'usage', code: 'engine.grid' });
    await expect(engine.evaluate(field, new Float32Array(length), [2 ** 20, 2 ** 20])).rejects.toMatchObject({ kind: 'failed', code: 'memory' });
    expect(await engine.evaluate(field, new Float32Array(length), [2, 2])).toEqual(new Float32Array(12).fill(0.5));
  });

  it('lets calls wait for one another, and ends those that wait when it is closed', async () => {
    const alone = await engine.createTrainer(request);
    await alone.run(new Float32Array(30).fill(1e-3));
    const expected = await alone.checkpoint();
    const trainer = await engine.createTrainer(request);
    const rates = new Float32Array(30).fill(1e-3);
    const calls = [trainer.run(rates), trainer.checkpoint(), trainer.run(rates)] as const;
    rates.fill(0.5);
    expect(await calls[1]).toEqual(expected);
    expect((await calls[2]).step).toBe(60);
    const waiting = [trainer.run(rates), trainer.checkpoint(), trainer.reconstruct([3, 3])];
    trainer.dispose();
    for (const call of waiting) await expect(call).rejects.toMatchObject({ kind: 'cancelled' });
    await expect(trainer.run(rates)).rejects.toMatchObject({ kind: 'cancelled' });
    alone.dispose();
  });
});

describe('swarms', () => {
  it('are refused for grids, and for batches that only one fit can draw', () => {
    expect(commonSwarmRefusal(field, PLAIN_PLAN)).toBeNull();
    expect(commonSwarmRefusal({ ...field, encoding: { kind: 'dense-grid', levels: 1, features: 2, coarsest: 4, finest: 4 } }, PLAIN_PLAN)).toMatch(/grids/);
    for (const sampling of [{ kind: 'full' }, { kind: 'error', refresh: 5, uniform: 0.5 }] as const) expect(commonSwarmRefusal(field, { ...PLAIN_PLAN, sampling })).toContain(`not ${sampling.kind} ones`);
  });
});
