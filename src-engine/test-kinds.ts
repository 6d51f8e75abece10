/** One of every kind that the contract knows, for tests that hold engines against each other and against the reference. */
import type { Activation, Encoding, Field } from '#core/field/field';
import { initialParameters } from '#core/field/init';
import { parameterLayout } from '#core/field/layout';
import { PLAN_DEFAULTS, type FitPlan, type Loss, type Optimizer, type Sampling } from '#core/fit/config';
import { uniform } from '#core/fit/random';
import type { TrainingSet, TrainState } from './engine';

export const ENCODINGS: readonly Encoding[] = [
  { kind: 'identity' },
  { kind: 'octaves', octaves: 3, includeInput: true },
  { kind: 'octaves', octaves: 2, includeInput: false },
  { kind: 'fourier', features: 6, sigma: 2, seed: 5 },
  { kind: 'dense-grid', levels: 2, features: 3, coarsest: 3, finest: 6 },
  { kind: 'hash-grid', levels: 3, features: 2, coarsest: 2, finest: 11, tableLog2: 5 },
];

export const ACTIVATIONS: readonly Activation[] = [
  { kind: 'sine', omega0: 20, omegaHidden: 15 },
  { kind: 'relu' },
  { kind: 'gelu' },
  { kind: 'finer', omega0: 12, omegaHidden: 8, biasRange: 1.5 },
  { kind: 'gabor', omega0: 9, omegaHidden: 6, scale: 1.3 },
  { kind: 'gaussian', sigma: 0.3 },
  { kind: 'snake-alt' },
];

export const LOSSES: readonly Loss[] = [
  { kind: 'l2' },
  { kind: 'l1' },
  { kind: 'relative-l2', epsilon: 0.02 },
  { kind: 'huber', delta: 0.15 },
  { kind: 'mape', epsilon: 0.05 },
];

/** Plain Adam. */
export const ADAM = { kind: 'adam', learningRate: 1e-3, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0 } as const;

export const OPTIMIZERS: readonly Optimizer[] = [
  ADAM,
  { ...ADAM, weightDecay: 0.3 },
  { ...ADAM, kind: 'muon', muonLearningRate: 0.01, momentum: 0.9 },
  { ...ADAM, kind: 'muon', muonLearningRate: 0.01, momentum: 0.9, weightDecay: 0.3 },
];

export const SAMPLINGS: readonly Sampling[] = [
  { kind: 'uniform' },
  { kind: 'stratified' },
  { kind: 'full' },
  { kind: 'error', refresh: 4, uniform: 0.3 },
];

export const HEADS = ['linear', 'sigmoid', 'tanh'] as const;

export const PLAIN_PLAN: FitPlan = { ...PLAN_DEFAULTS, steps: 50, batch: 64, optimizer: ADAM, schedule: { kind: 'constant' } };

/** Data without a pattern that a network could learn at once. */
export function testData(size: readonly number[], channels: number, type: 'uint8' | 'uint16' = 'uint8'): TrainingSet {
  const length = size.reduce((a, b) => a * b, channels);
  const samples = type === 'uint8' ? new Uint8Array(length) : new Uint16Array(length);
  for (let i = 0; i < length; i++) samples[i] = uniform(17, channels, i) * (type === 'uint8' ? 256 : 65536);
  return { size, channels, type, samples };
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
