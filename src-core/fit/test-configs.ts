/** Arbitrary valid configurations for property tests: every kind, numbers from all of their ranges. */
import fc from 'fast-check';
import { FIELD_LIMITS } from '../field/field';
import { gridFault } from '../field/grid';
import { RESIDUAL_RANGE, type FitConfig } from './config';
import { HEADS } from './test-kinds';

const between = ([min, max]: readonly [number, number]): fc.Arbitrary<number> => fc.double({ min, max, noNaN: true });
const whole = ([min, max]: readonly [number, number]): fc.Arbitrary<number> => fc.integer({ min, max });
const word = fc.integer({ min: 0, max: 0xffffffff });
const kind = <Kind extends string, Numbers extends object>(name: Kind, numbers: { [Key in keyof Numbers]: fc.Arbitrary<Numbers[Key]> }) =>
  fc.record({ kind: fc.constant(name), ...numbers }) as unknown as fc.Arbitrary<{ kind: Kind } & Numbers>;

const omega = { omega0: between(FIELD_LIMITS.omega), omegaHidden: between(FIELD_LIMITS.omega) };
const grid = { levels: whole(FIELD_LIMITS.levels), features: whole(FIELD_LIMITS.gridFeatures), coarsest: whole(FIELD_LIMITS.resolution), finest: whole(FIELD_LIMITS.resolution) };
const adam = {
  learningRate: between([1e-8, 1]),
  beta1: between([0, 0.9999]),
  beta2: between([0, 0.999999]),
  epsilon: between([1e-15, 1]),
  weightDecay: fc.oneof(fc.constant(0), between([0, 1])),
};

const anyFit = fc.record({
  version: fc.constant(1 as const),
  network: fc.record(
    {
      encoding: fc.oneof(
        kind('identity', {}),
        kind('octaves', { octaves: whole(FIELD_LIMITS.octaves), includeInput: fc.boolean() }),
        kind('fourier', { features: whole(FIELD_LIMITS.features), sigma: between(FIELD_LIMITS.sigma), seed: fc.oneof(fc.constant(1), word) }),
        kind('dense-grid', grid).filter((shape) => gridFault(shape) === null),
        kind('hash-grid', { ...grid, tableLog2: whole(FIELD_LIMITS.tableLog2) }).filter((shape) => gridFault(shape) === null),
      ),
      depth: whole(FIELD_LIMITS.depth),
      width: whole([1, 64]).map((quads) => 4 * quads),
      activation: fc.oneof(
        kind('sine', omega),
        kind('relu', {}),
        kind('gelu', {}),
        kind('finer', { ...omega, biasRange: between(FIELD_LIMITS.biasRange) }),
        kind('gabor', { ...omega, scale: between(FIELD_LIMITS.gaborScale) }),
        kind('gaussian', { sigma: between(FIELD_LIMITS.gaussianSigma) }),
        kind('snake-alt', {}),
      ),
      residual: fc.boolean(),
      head: fc.constantFrom(...HEADS),
    },
    { requiredKeys: ['encoding', 'depth', 'width', 'activation'] },
  ),
  plan: fc.record({
    steps: whole([1, 10_000_000]),
    batch: whole([64, 1_048_576]),
    sampling: fc.oneof(kind('uniform', {}), kind('stratified', {}), kind('full', {}), kind('error', { refresh: whole([1, 100_000]), uniform: between([0.01, 1]) })),
    loss: fc.oneof(kind('l2', {}), kind('l1', {}), kind('relative-l2', { epsilon: between([1e-6, 1]) }), kind('huber', { delta: between([1e-6, 1]) }), kind('mape', { epsilon: between([1e-6, 1]) })),
    optimizer: fc.oneof(kind('adam', adam), kind('muon', { ...adam, muonLearningRate: between([1e-8, 1]), momentum: between([0, 0.9999]) })),
    schedule: fc.oneof(kind('constant', {}), kind('cosine', { final: between([0, 1]) }), kind('step', { interval: between([0.001, 1]), factor: between([0.001, 1]) })),
    clip: fc.option(between([1e-6, 1e6])),
    average: fc.option(between([0, 0.99999])),
  }),
  coding: fc.record({ bits: whole([3, 16]), residual: fc.record({ step: between(RESIDUAL_RANGE) }) }, { requiredKeys: ['bits'] }),
  surface: fc.option(
    fc.record({
      truncation: between([0.001, 2]),
      points: whole([4096, 16_777_216]),
      near: between([0, 1]),
      spread: between([1e-5, 1]),
      mode: fc.constantFrom('auto', 'signed', 'thickness'),
      thickness: between([0.001, 0.5]),
    }),
    { nil: undefined },
  ),
  seed: fc.oneof(fc.constant(1), word),
});

/** Without the part for surfaces. */
export const anySampledConfig: fc.Arbitrary<FitConfig> = anyFit.map(({ surface: _surface, ...config }) => config);

export const anyConfig: fc.Arbitrary<FitConfig> = anyFit.map(({ surface, ...config }) => (surface ? { ...config, surface } : config));

/** `config` with what no option says as `base` has it: Adam's betas, the octaves' coordinates, the features' seed, the part for surfaces. */
export function withinOptions(config: FitConfig, base: FitConfig): FitConfig {
  const { encoding } = config.network;
  const { beta1, beta2 } = base.plan.optimizer;
  const sayable = encoding.kind === 'octaves' ? { ...encoding, includeInput: true } : encoding.kind === 'fourier' ? { ...encoding, seed: config.seed } : encoding;
  const surface = config.surface ?? base.surface;
  return { ...config, ...(surface && { surface }), network: { ...config.network, encoding: sayable }, plan: { ...config.plan, optimizer: { ...config.plan.optimizer, beta1, beta2 } } };
}
