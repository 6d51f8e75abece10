import * as tf from '@tensorflow/tfjs';
import { afterAll, describe, expect, it } from 'vitest';
import type { Encoding, Field } from '#core/field/field';
import { referenceTrainer } from '../reference';
import type { TrainState } from '../engine';
import { PLAIN_PLAN, relativeError, testData } from '../test-kinds';
import { createTfjsEngine } from './engine';

const rates = (steps: number) => new Float32Array(steps).fill(1e-3);

const ENCODINGS: readonly Encoding[] = [
  { kind: 'identity' },
  { kind: 'octaves', octaves: 4, includeInput: true },
  { kind: 'fourier', features: 8, sigma: 3, seed: 5 },
];
const FIELD: Field = { inputs: 2, outputs: 3, encoding: ENCODINGS[0], depth: 2, width: 16, activation: { kind: 'sine', omega0: 30, omegaHidden: 30 } };

describe('tfjs engine', async () => {
  const engine = await createTfjsEngine();
  afterAll(() => engine.dispose());

  it('says what it is', () => {
    expect(engine.facts).toMatchObject({ engine: 'tfjs', software: true });
    expect(engine.facts.name).toMatch(/^tfjs \d+\.\d+ (wasm|cpu)$/);
  });

  for (const encoding of ENCODINGS) {
    for (const activation of [FIELD.activation, { kind: 'relu' } as const]) {
      it(`agrees with the float64 twin: ${encoding.kind}, ${activation.kind}`, async () => {
        const request = { field: { ...FIELD, encoding, activation }, plan: PLAIN_PLAN, data: testData([13, 9], 3), seed: 7 };
        const trainer = await engine.createTrainer(request);
        const twin = referenceTrainer(request);
        const report = await trainer.run(rates(50));
        const expected = await twin.run(rates(50));
        expect(relativeError((await trainer.checkpoint()).parameters, (await twin.checkpoint()).parameters)).toBeLessThan(1e-3);
        expect(report.loss).toBeCloseTo(expected.loss, 4);
        const shown = await trainer.reconstruct([7, 5]);
        expect(relativeError(shown, await twin.reconstruct([7, 5]))).toBeLessThan(1e-3);
        expect(relativeError(await engine.evaluate(request.field, (await trainer.checkpoint()).parameters, [7, 5]), shown)).toBeLessThan(1e-6);
        trainer.dispose();
      });
    }
  }

  it('goes on from a checkpoint as if it had not stopped', async () => {
    const request = { field: FIELD, plan: PLAIN_PLAN, data: testData([13, 9], 3), seed: 3 };
    const straight = await engine.createTrainer(request);
    await straight.run(rates(20));
    const first = await engine.createTrainer(request);
    await first.run(rates(8));
    const state: TrainState = await first.checkpoint();
    expect(state.step).toBe(8);
    const second = await engine.createTrainer({ ...request, state });
    expect((await second.run(rates(12))).step).toBe(20);
    expect((await second.checkpoint()).parameters).toEqual((await straight.checkpoint()).parameters);
    for (const trainer of [straight, first, second]) trainer.dispose();
  });

  it('keeps no tensors: none while it trains, none after dispose', async () => {
    const before = tf.memory().numTensors;
    const trainer = await engine.createTrainer({ field: FIELD, plan: PLAIN_PLAN, data: testData([13, 9], 3), seed: 3 });
    const held = tf.memory().numTensors;
    await trainer.run(rates(5));
    await trainer.checkpoint();
    await trainer.reconstruct([8, 8]);
    expect(tf.memory().numTensors).toBe(held);
    trainer.dispose();
    await engine.evaluate(FIELD, new Float32Array(16 * 3 + 16 * 17 + 3 * 17), [4, 4]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('runs on the pure JavaScript backend, beside the other one', async () => {
    const plain = await createTfjsEngine({ backend: 'cpu' });
    expect(plain.facts.name).toContain('cpu');
    const request = { field: FIELD, plan: PLAIN_PLAN, data: testData([6, 5, 4], 1, 'uint16'), seed: 1 };
    request.field = { ...FIELD, inputs: 3, outputs: 1 };
    const one = await plain.createTrainer(request);
    const other = await engine.createTrainer(request);
    await one.run(rates(10));
    await other.run(rates(10));
    expect(relativeError((await one.checkpoint()).parameters, (await other.checkpoint()).parameters)).toBeLessThan(1e-4);
    one.dispose();
    other.dispose();
  });

  it('refuses what cannot work, in words', async () => {
    await expect(createTfjsEngine({ backend: 'webgl' })).rejects.toMatchObject({ kind: 'device', code: 'device.tfjs' });
    await expect(engine.createTrainer({ field: FIELD, plan: PLAIN_PLAN, data: testData([6, 5], 1), seed: 1 })).rejects.toMatchObject({ code: 'engine.mismatch' });
    expect(engine.refusal(FIELD, PLAIN_PLAN)).toBeNull();
    expect(engine.refusal({ ...FIELD, width: 256, depth: 12 }, { ...PLAIN_PLAN, batch: 1_048_576 })).toMatch(/batch of \d+/);
  });
});
