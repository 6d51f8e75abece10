import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { gridOf, type Field } from '#core/field/field';
import { parameterLayout } from '#core/field/layout';
import type { TrainerRequest } from '../engine';
import { pointCoordinates, referenceSample, referenceTrainer } from '../reference';
import { ACTIVATIONS, ENCODINGS, HEADS, LOSSES, OPTIMIZERS, PLAIN_PLAN, relativeError, SAMPLINGS, testData, testState } from '../test-kinds';
import { createTfjsEngine } from './engine';
import { evaluationChunk } from './memory';
import { bytesPerSample } from './model';

/** Odd extents: with even ones some octaves are 0 at all points but for rounding, and Adam makes whole steps of rounding. */
const SIZES = [[61], [9, 7], [5, 7, 3], [3, 5, 3, 3]];

/** Any mixture of kinds. Muon needs hidden matrices, so networks have two hidden layers at least. */
const requests = fc
  .record({
    inputs: fc.integer({ min: 1, max: 4 }),
    outputs: fc.integer({ min: 1, max: 5 }),
    encoding: fc.constantFrom(...ENCODINGS),
    depth: fc.integer({ min: 2, max: 5 }),
    width: fc.constantFrom(4, 8, 12),
    activation: fc.constantFrom(...ACTIVATIONS),
    residual: fc.boolean(),
    head: fc.constantFrom(...HEADS),
    loss: fc.constantFrom(...LOSSES),
    optimizer: fc.constantFrom(...OPTIMIZERS),
    // Tables of error-driven sampling are the engines' own: the reference has none.
    sampling: fc.constantFrom(...SAMPLINGS.filter(({ kind }) => kind !== 'error')),
    clip: fc.constantFrom(null, 0.01),
    average: fc.constantFrom(null, 0.6),
    type: fc.constantFrom('uint8', 'uint16'),
    seed: fc.integer({ min: 0, max: 0xffffffff }),
  })
  .map(({ inputs, outputs, encoding, depth, width, activation, residual, head, type, seed, ...plan }): TrainerRequest => {
    const field: Field = { inputs, outputs, encoding, depth, width, activation, residual, head };
    return { field, plan: { ...PLAIN_PLAN, ...plan }, data: testData(SIZES[inputs - 1]!, outputs, type), seed, state: testState(field, seed) };
  });

describe('every kind agrees with the float64 reference', async () => {
  const engine = await createTfjsEngine();
  afterAll(() => engine.dispose());

  async function compare(request: TrainerRequest, steps: number): Promise<void> {
    const before = tf.memory().numTensors;
    const trainer = await engine.createTrainer(request);
    const twin = referenceTrainer(request);
    // After one step the first moment is the clipped gradient times a constant.
    await trainer.run(Float32Array.of(2e-3));
    await twin.run(Float32Array.of(2e-3));
    expect(relativeError((await trainer.checkpoint()).moment1, (await twin.checkpoint()).moment1)).toBeLessThan(2e-4);
    const rates = Float32Array.from({ length: steps }, (_, step) => 2e-3 / (1 + step));
    const report = await trainer.run(rates);
    const wanted = await twin.run(rates);
    expect(Math.abs(report.loss / wanted.loss - 1)).toBeLessThan(1e-3);
    expect(Math.abs(report.squaredError / wanted.squaredError - 1)).toBeLessThan(1e-3);
    const state = await trainer.checkpoint();
    const expected = await twin.checkpoint();
    expect(state.step).toBe(expected.step);
    for (const name of ['parameters', 'moment1', 'moment2', 'average'] as const) {
      expect(state[name] === undefined).toBe(expected[name] === undefined);
      if (expected[name]) expect(relativeError(state[name]!, expected[name])).toBeLessThan(1e-3);
    }
    const size = request.data.size.map((extent) => extent + 2);
    expect(relativeError(await trainer.reconstruct(size), await twin.reconstruct(size))).toBeLessThan(1e-3);
    trainer.dispose();
    expect(tf.memory().numTensors).toBe(before);
  }

  const field: Field = { inputs: 2, outputs: 3, encoding: ENCODINGS[1]!, depth: 3, width: 8, activation: ACTIVATIONS[0]! };
  const request = (changes: Partial<Field>, plan: Partial<TrainerRequest['plan']>): TrainerRequest => {
    const changed = { ...field, ...changes };
    return { field: changed, plan: { ...PLAIN_PLAN, ...plan }, data: testData([9, 7], 3), seed: 5, state: testState(changed, 5) };
  };

  it.each(ACTIVATIONS)('$kind with every loss and optimizer', async (activation) => {
    for (const [i, loss] of LOSSES.entries()) {
      await compare(request({ activation, residual: i % 2 === 1, head: HEADS[i % 3]! }, { loss, optimizer: OPTIMIZERS[i % 4]! }), 3);
    }
  });

  it.each(ENCODINGS)('$kind with every activation', async (encoding) => {
    for (const [i, activation] of ACTIVATIONS.entries()) {
      await compare(request({ encoding, activation }, { optimizer: OPTIMIZERS[i % 4]!, loss: LOSSES[i % 5]! }), 3);
    }
  });

  it('whatever is combined', async () => {
    await fc.assert(
      fc.asyncProperty(requests, (drawn) => compare(drawn, 10)),
      { seed: 3, numRuns: 25 },
    );
  });

  it('leaves vectors of a table alone that no sample touched', async () => {
    const asked = request({ encoding: { kind: 'dense-grid', levels: 1, features: 2, coarsest: 40, finest: 40 } }, { optimizer: OPTIMIZERS[1]! });
    const trainer = await engine.createTrainer(asked);
    await trainer.run(new Float32Array(4).fill(1e-3));
    const { parameters } = await trainer.checkpoint();
    trainer.dispose();
    const [table] = parameterLayout(asked.field).tables;
    const still = asked.state!.parameters.subarray(0, table!.length).filter((value, i) => value === parameters[i]).length;
    expect(still).toBeGreaterThan(table!.length / 2);
    expect(still).toBeLessThan(table!.length);
  });

  it('draws where the error is, the same twice and however the run is cut, stopped and gone on with', async () => {
    const asked = request({ encoding: ENCODINGS[5]! }, { sampling: SAMPLINGS[3]! });
    const finish = async (...cuts: number[]): Promise<Float32Array> => {
      const trainer = await engine.createTrainer(asked);
      for (const count of cuts) await trainer.run(new Float32Array(count).fill(1e-3));
      const { parameters } = await trainer.checkpoint();
      trainer.dispose();
      return parameters;
    };
    const straight = await finish(11);
    expect(await finish(11)).toEqual(straight);
    expect(await finish(3, 1, 7)).toEqual(straight);
    const first = await engine.createTrainer(asked);
    await first.run(new Float32Array(6).fill(1e-3));
    const second = await engine.createTrainer({ ...asked, state: await first.checkpoint() });
    await second.run(new Float32Array(5).fill(1e-3));
    expect((await second.checkpoint()).parameters).toEqual(straight);
    first.dispose();
    second.dispose();
    const plain = await engine.createTrainer({ ...asked, plan: { ...asked.plan, sampling: { kind: 'uniform' } } });
    await plain.run(new Float32Array(11).fill(1e-3));
    expect((await plain.checkpoint()).parameters).not.toEqual(straight);
    plain.dispose();
  });

  it('evaluates wide and deep fields in smaller pieces, to the same samples', async () => {
    const deep: Field = { ...field, inputs: 1, depth: 12, width: 256, activation: { kind: 'gelu' } };
    expect(evaluationChunk(field)).toBe(16384);
    const chunk = evaluationChunk(deep);
    expect(chunk).toBeLessThan(8192);
    expect(chunk * bytesPerSample(deep)).toBeLessThan(3e8);
    const { parameters } = testState(deep, 3);
    const size = [chunk + 3];
    const samples = await engine.evaluate(deep, parameters, size);
    for (const point of [0, chunk - 1, chunk, chunk + 2]) {
      expect(relativeError(samples.subarray(3 * point, 3 * point + 3), referenceSample(deep, parameters, pointCoordinates(size, point)))).toBeLessThan(1e-4);
    }
  });

  it('says before anything is allocated what is too large, and what fits instead', async () => {
    const volume = { ...field, inputs: 3, width: 256, depth: 8 };
    expect(engine.refusal(volume, { ...PLAIN_PLAN, batch: 1 << 20 })).toMatch(/batch of \d+ or fewer/);
    const big = /batch of (\d+)/.exec(engine.refusal(volume, { ...PLAIN_PLAN, batch: 1 << 20 })!)![1];
    expect(engine.refusal(volume, { ...PLAIN_PLAN, batch: Number(big) })).toBeNull();
    const tables: Field = { ...volume, encoding: { kind: 'hash-grid', levels: 16, features: 8, coarsest: 16, finest: 4096, tableLog2: 22 } };
    expect(gridOf(tables.encoding)).not.toBeNull();
    expect(engine.refusal(tables, PLAIN_PLAN)).toMatch(/smaller tables/);
    const full = { field: volume, plan: { ...PLAIN_PLAN, sampling: { kind: 'full' } as const }, data: testData([64, 64, 64], 3), seed: 1 };
    expect(engine.refusal(full.field, full.plan)).toBeNull();
    await expect(engine.createTrainer(full)).rejects.toMatchObject({ kind: 'device', code: 'device.memory' });
  });
});
