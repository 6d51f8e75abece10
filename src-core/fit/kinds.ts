/**
 * What a kind (of encoding, activation, loss, optimizer, schedule, sampling) starts from when it is chosen by its name alone: on the
 * command line and in the app alike. Numbers of papers are theirs; what was measured for pictures stands in the presets.
 */
import type { Activation, Encoding } from '../field/field';
import type { Loss, Optimizer, Sampling, Schedule } from './config';

type ByKind<Variant extends { readonly kind: string }> = { readonly [Kind in Variant['kind']]: Extract<Variant, { readonly kind: Kind }> };

const GRID = { features: 2, coarsest: 16 } as const;

const encoding: ByKind<Encoding> = {
  identity: { kind: 'identity' },
  octaves: { kind: 'octaves', octaves: 8, includeInput: true },
  fourier: { kind: 'fourier', features: 96, sigma: 20, seed: 1 },
  'dense-grid': { kind: 'dense-grid', levels: 4, ...GRID, finest: 64 },
  'hash-grid': { kind: 'hash-grid', levels: 8, ...GRID, finest: 256, tableLog2: 12 },
};

const activation: ByKind<Activation> = {
  sine: { kind: 'sine', omega0: 30, omegaHidden: 30 },
  relu: { kind: 'relu' },
  gelu: { kind: 'gelu' },
  finer: { kind: 'finer', omega0: 30, omegaHidden: 30, biasRange: 1 },
  gabor: { kind: 'gabor', omega0: 10, omegaHidden: 10, scale: 5 },
  gaussian: { kind: 'gaussian', sigma: 0.1 },
  'snake-alt': { kind: 'snake-alt' },
};

const loss: ByKind<Loss> = {
  l2: { kind: 'l2' },
  l1: { kind: 'l1' },
  'relative-l2': { kind: 'relative-l2', epsilon: 0.01 },
  huber: { kind: 'huber', delta: 0.1 },
  mape: { kind: 'mape', epsilon: 0.01 },
};

const ADAM = { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 } as const;

const optimizer: ByKind<Optimizer> = {
  adam: { kind: 'adam', ...ADAM },
  muon: { kind: 'muon', ...ADAM, muonLearningRate: 0.002, momentum: 0.95 },
};

const schedule: ByKind<Schedule> = {
  constant: { kind: 'constant' },
  cosine: { kind: 'cosine', final: 0.01 },
  step: { kind: 'step', interval: 0.2, factor: 0.5 },
};

const sampling: ByKind<Sampling> = {
  uniform: { kind: 'uniform' },
  stratified: { kind: 'stratified' },
  full: { kind: 'full' },
  error: { kind: 'error', refresh: 100, uniform: 0.25 },
};

interface Variants {
  'network.encoding': Encoding;
  'network.activation': Activation;
  'plan.loss': Loss;
  'plan.optimizer': Optimizer;
  'plan.schedule': Schedule;
  'plan.sampling': Sampling;
}
export type KindPlace = keyof Variants;

/** Places of a configuration that hold a variant, and the kinds that each may be. */
export const KIND_DEFAULTS = {
  'network.encoding': encoding,
  'network.activation': activation,
  'plan.loss': loss,
  'plan.optimizer': optimizer,
  'plan.schedule': schedule,
  'plan.sampling': sampling,
} as const satisfies { readonly [Place in KindPlace]: ByKind<Variants[Place]> };

export function isKindPlace(path: string): path is KindPlace {
  return Object.hasOwn(KIND_DEFAULTS, path);
}

/**
 * `current` where it is of that kind already, else the kind's own numbers. Optimizers share Adam's numbers and grids their shape: these are
 * kept. Throws RangeError for a kind that there is not.
 */
export function ofKind<Place extends KindPlace>(place: Place, kind: string, current: Variants[Place]): Variants[Place] {
  const defaults: Readonly<Record<string, object>> = KIND_DEFAULTS[place];
  const fresh = defaults[kind];
  if (!fresh) throw new RangeError(`No kind "${kind}" at ${place}.`);
  if (current.kind === kind) return current;
  const shared = place === 'plan.optimizer' || ('levels' in current && 'levels' in fresh);
  const now = current as unknown as Readonly<Record<string, unknown>>;
  const kept = Object.entries(fresh).map(([key, value]) => [key, shared && key !== 'kind' ? (now[key] ?? value) : value]);
  return Object.fromEntries(kept) as Variants[Place];
}
