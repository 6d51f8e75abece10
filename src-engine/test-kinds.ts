/** Data, states and plans for tests that hold engines against each other and against the reference; the kinds themselves are core's. */
import type { Field } from '#core/field/field';
import { initialParameters } from '#core/field/init';
import { parameterLayout } from '#core/field/layout';
import { PLAN_DEFAULTS, type FitPlan } from '#core/fit/config';
import { uniform } from '#core/fit/random';
import { OPTIMIZERS } from '#core/fit/test-kinds';
import type { TrainingSet, TrainState } from './engine';
import { pointCoordinates } from './reference';

export * from '#core/fit/test-kinds';

export const PLAIN_PLAN: FitPlan = { ...PLAN_DEFAULTS, steps: 50, batch: 64, optimizer: OPTIMIZERS[0]!, schedule: { kind: 'constant' } };

/** Data without a pattern that a network could learn at once. */
export function testData(size: readonly number[], channels: number, type: 'uint8' | 'uint16' = 'uint8'): TrainingSet {
  const length = size.reduce((a, b) => a * b, channels);
  const samples = type === 'uint8' ? new Uint8Array(length) : new Uint16Array(length);
  for (let i = 0; i < length; i++) samples[i] = uniform(17, channels, i) * (type === 'uint8' ? 256 : 65536);
  return { size, channels, type, samples };
}

/** A list of points without a pattern, on both sides of the border too, in float32's own numbers: no grid has them. */
export function testList(count: number, inputs: number, channels: number, type: 'uint8' | 'uint16' = 'uint8', salt = 0): TrainingSet {
  const coordinates = Float32Array.from({ length: count * inputs }, (_, i) => 2 * uniform(23 + salt, inputs, i) - 1);
  [1, -1, 1.00005, -1.00005].forEach((border, i) => (coordinates[(i * 7 + 3) % coordinates.length] = border));
  return { ...testData([count], channels, type), coordinates };
}

/** The same points and samples as a list. */
export function asList(data: TrainingSet): TrainingSet {
  const count = data.size.reduce((a, b) => a * b, 1);
  return { ...data, size: [count], coordinates: Float32Array.from(Array.from({ length: count }, (_, i) => pointCoordinates(data.size, i)).flat()) };
}

/** A start at which everything matters: tables begin near zero, where nothing would depend on them, and so do biases. */
export function testState(field: Field, seed: number): TrainState {
  const parameters = initialParameters(field, seed).map((value, i) => value + 0.02 * (uniform(seed, 1, i) - 0.5));
  for (const { offset, length } of parameterLayout(field).tables) {
    for (let i = offset; i < offset + length; i++) parameters[i] = 2 * uniform(seed, 2, i) - 1;
  }
  return { step: 0, parameters, moment1: new Float32Array(parameters.length), moment2: new Float32Array(parameters.length) };
}

/** Root of the squared differences over that of the squares, of numbers [from, to). Throws where there are not as many of both. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>, from = 0, to = expected.length): number {
  if (actual.length !== expected.length) throw new Error(`${actual.length} numbers are compared with ${expected.length}.`);
  let difference = 0;
  let norm = 0;
  for (let i = from; i < to; i++) {
    difference += (actual[i]! - expected[i]!) ** 2;
    norm += expected[i]! ** 2;
  }
  return Math.sqrt(difference / norm);
}
