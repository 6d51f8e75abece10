import { afterAll, describe, expect, it } from 'vitest';
import type { Activation, Encoding, Field } from '#core/field/field';
import { PLAN_DEFAULTS } from '#core/fit/config';
import type { Engine, TrainerRequest, TrainState } from '../engine';
import { referenceTrainer } from '../reference';
import { relativeError } from '../test-kinds';
import { createCpuEngine } from './engine';

const SINE: Activation = { kind: 'sine', omega0: 12, omegaHidden: 8 };
const RELU: Activation = { kind: 'relu' };
const IDENTITY: Encoding = { kind: 'identity' };
const OCTAVES: Encoding = { kind: 'octaves', octaves: 3, includeInput: true };
const FOURIER: Encoding = { kind: 'fourier', features: 7, sigma: 1.5, seed: 9 };

/** A smooth signal with some texture; deterministic. */
function request(field: Field, options: { batch?: number; type?: 'uint8' | 'uint16'; size?: number[]; learningRate?: number } = {}): TrainerRequest {
  const size = options.size ?? [23, 11, 7, 5].slice(0, field.inputs);
  const type = options.type ?? 'uint8';
  const maximum = type === 'uint8' ? 255 : 65535;
  const count = size.reduce((a, b) => a * b, 1) * field.outputs;
  const values = Array.from({ length: count }, (_, i) => Math.round(maximum * (0.5 + 0.3 * Math.sin(i * 0.05) + 0.2 * Math.sin(i * 1.7))));
  return {
    field,
    data: { size, channels: field.outputs, type, samples: type === 'uint8' ? Uint8Array.from(values) : Uint16Array.from(values) },
    plan: {
      steps: 50,
      batch: options.batch ?? 70,
      ...PLAN_DEFAULTS,
  optimizer: { kind: 'adam', learningRate: options.learningRate ?? 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
      schedule: { kind: 'constant' },
    },
    seed: 77,
  };
}

const engines = new Map<number, Engine>();
async function engineWith(threads: number): Promise<Engine> {
  if (!engines.has(threads)) engines.set(threads, await createCpuEngine({ threads }));
  return engines.get(threads)!;
}
afterAll(async () => {
  for (const engine of engines.values()) await engine.dispose();
});

async function trained(threads: number, asked: TrainerRequest, steps: number): Promise<TrainState & { loss: number }> {
  const trainer = await (await engineWith(threads)).createTrainer(asked);
  const { loss } = await trainer.run(new Float32Array(steps).fill(asked.plan.optimizer.learningRate));
  const state = await trainer.checkpoint();
  trainer.dispose();
  return { ...state, loss };
}

const CASES: [string, Field][] = [IDENTITY, OCTAVES, FOURIER].flatMap((encoding) =>
  [SINE, RELU].map((activation): [string, Field] => [`${encoding.kind}, ${activation.kind}`, { inputs: 2, outputs: 3, encoding, depth: 3, width: 20, activation }]),
);
const SHAPES: [string, Field][] = [
  ['1-d, 1 channel, one layer of 4', { inputs: 1, outputs: 1, encoding: IDENTITY, depth: 1, width: 4, activation: SINE }],
  ['1-d octaves without the input', { inputs: 1, outputs: 2, encoding: { kind: 'octaves', octaves: 5, includeInput: false }, depth: 2, width: 12, activation: RELU }],
  ['3-d, 4 channels', { inputs: 3, outputs: 4, encoding: OCTAVES, depth: 2, width: 16, activation: SINE }],
  ['4-d, 16 channels', { inputs: 4, outputs: 16, encoding: FOURIER, depth: 2, width: 24, activation: RELU }],
  ['4-d, 9 channels, deep', { inputs: 4, outputs: 9, encoding: IDENTITY, depth: 6, width: 8, activation: SINE }],
  ['wide', { inputs: 2, outputs: 1, encoding: IDENTITY, depth: 2, width: 68, activation: SINE }],
];

describe('the cpu trainer', () => {
  it.each([...CASES, ...SHAPES])('follows the float64 reference for 50 steps: %s', async (_name, field) => {
    const asked = request(field, { type: field.outputs % 2 === 0 ? 'uint16' : 'uint8' });
    const reference = referenceTrainer(asked);
    const expected = await reference.run(new Float32Array(50).fill(1e-3));
    const state = await reference.checkpoint();
    const actual = await trained(2, asked, 50);
    expect(relativeError(actual.parameters, state.parameters)).toBeLessThan(1e-3);
    expect(relativeError(actual.moment1, state.moment1)).toBeLessThan(1e-2);
    expect(actual.loss).toBeCloseTo(expected.loss, 5);
    expect(actual.step).toBe(50);
  });

  it('gives the same bits on 1, 2 and 3 threads', async () => {
    const field: Field = { inputs: 2, outputs: 3, encoding: OCTAVES, depth: 3, width: 36, activation: SINE };
    const asked = request(field, { batch: 3001, size: [64, 48] });
    const [one, two, three] = [await trained(1, asked, 20), await trained(2, asked, 20), await trained(3, asked, 20)];
    expect(two).toEqual(one);
    expect(three).toEqual(one);
  });

  it('goes on from a checkpoint as if it had never stopped', async () => {
    const asked = request({ inputs: 3, outputs: 2, encoding: FOURIER, depth: 2, width: 12, activation: RELU }, { batch: 300 });
    const { loss: _whole, ...whole } = await trained(2, asked, 30);
    const { loss: _half, ...half } = await trained(2, asked, 13);
    const { loss: _rest, ...resumed } = await trained(1, { ...asked, state: half }, 17);
    expect(resumed).toEqual(whole);
  });

  it('does not depend on how a run is cut into calls, and cuts very long ones itself', async () => {
    const asked = request({ inputs: 1, outputs: 1, encoding: IDENTITY, depth: 1, width: 4, activation: SINE }, { batch: 64 });
    const { loss: _one, ...whole } = await trained(1, asked, 1500);
    const trainer = await (await engineWith(2)).createTrainer(asked);
    const [first, second] = await Promise.all([trainer.run(new Float32Array(700).fill(1e-3)), trainer.run(new Float32Array(800).fill(1e-3))]);
    expect([first.step, second.step]).toEqual([700, 1500]);
    expect(await trainer.checkpoint()).toEqual(whole);
    trainer.dispose();
  });

  it('learns: the loss falls well below the variance of the signal', async () => {
    const field: Field = { inputs: 2, outputs: 1, encoding: IDENTITY, depth: 3, width: 32, activation: { kind: 'sine', omega0: 20, omegaHidden: 20 } };
    const asked = request(field, { batch: 256, size: [16, 16], learningRate: 2e-3 });
    const early = await trained(2, asked, 5);
    const late = await trained(2, { ...asked, state: await trained(2, asked, 400) }, 5);
    expect(late.loss).toBeLessThan(early.loss / 20);
  });

  it('reconstructs the float model on any grid, as engine.evaluate does', async () => {
    const asked = request({ inputs: 2, outputs: 3, encoding: OCTAVES, depth: 2, width: 16, activation: SINE });
    const engine = await engineWith(2);
    const trainer = await engine.createTrainer(asked);
    const expected = await referenceTrainer(asked).reconstruct([101, 67]);
    const actual = await trainer.reconstruct([101, 67]);
    expect(relativeError(actual, expected)).toBeLessThan(1e-5);
    const { parameters } = await trainer.checkpoint();
    expect(await engine.evaluate(asked.field, parameters, [101, 67])).toEqual(actual);
    trainer.dispose();
  });
});
