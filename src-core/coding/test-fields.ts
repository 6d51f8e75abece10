/** Arbitrary fields for property tests of file and decoders: every kind, numbers from all of their ranges, small tables. */
import fc from 'fast-check';
import { FIELD_LIMITS, fieldFor, type Activation, type Encoding, type Field } from '../field/field';
import { gridFault } from '../field/grid';
import { HEADS } from '../fit/test-kinds';
import { parameterLayout } from '../field/layout';

const float = ([least, most]: readonly [number, number]): fc.Arbitrary<number> => fc.float({ min: Math.fround(least * 1.001), max: Math.fround(most * 0.999), noNaN: true });
const whole = ([min, max]: readonly [number, number]): fc.Arbitrary<number> => fc.integer({ min, max });
const omegas = { omega0: float(FIELD_LIMITS.omega), omegaHidden: float(FIELD_LIMITS.omega) };
const grid = { levels: whole([1, 6]), features: whole(FIELD_LIMITS.gridFeatures), coarsest: whole([2, 7]), finest: whole([2, 40]) };

const encoding: fc.Arbitrary<Encoding> = fc.oneof(
  fc.constant<Encoding>({ kind: 'identity' }),
  fc.record({ kind: fc.constant('octaves' as const), octaves: whole(FIELD_LIMITS.octaves), includeInput: fc.boolean() }),
  fc.record({ kind: fc.constant('fourier' as const), features: whole([4, 37]), sigma: float(FIELD_LIMITS.sigma), seed: fc.integer({ min: 0, max: 0xffffffff }) }),
  fc.record({ kind: fc.constant('dense-grid' as const), ...grid }).filter((shape) => gridFault(shape) === null),
  fc.record({ kind: fc.constant('hash-grid' as const), ...grid, tableLog2: whole([4, 8]) }).filter((shape) => gridFault(shape) === null),
);

const activation: fc.Arbitrary<Activation> = fc.oneof(
  fc.constantFrom<Activation>({ kind: 'relu' }, { kind: 'gelu' }, { kind: 'snake-alt' }),
  fc.record({ kind: fc.constant('sine' as const), ...omegas }),
  fc.record({ kind: fc.constant('finer' as const), ...omegas, biasRange: fc.oneof(fc.constant(0), float(FIELD_LIMITS.biasRange)) }),
  fc.record({ kind: fc.constant('gabor' as const), ...omegas, scale: float(FIELD_LIMITS.gaborScale) }),
  fc.record({ kind: fc.constant('gaussian' as const), sigma: float(FIELD_LIMITS.gaussianSigma) }),
);

/** Fields of every kind with at most 20,000 parameters; plain heads and blocks are left out, as a decoded field has them. */
export const anyField: fc.Arbitrary<Field> = fc
  .record({
    inputs: whole(FIELD_LIMITS.inputs),
    outputs: whole(FIELD_LIMITS.outputs),
    encoding,
    depth: whole([1, 5]),
    width: whole([1, 10]).map((quads) => 4 * quads),
    activation,
    residual: fc.boolean(),
    head: fc.constantFrom(...HEADS),
  })
  .map(({ inputs, outputs, ...network }) => fieldFor(network, inputs, outputs))
  .filter((field) => parameterLayout(field).length <= 20_000);
