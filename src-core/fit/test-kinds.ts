/** One of every kind that field and plan know, with numbers of no preset, for tests that go through them all. */
import type { Activation, Encoding } from '../field/field';
import type { Loss, Optimizer, Sampling } from './config';

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
