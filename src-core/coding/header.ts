/**
 * The declarations of the HEAD and FELD chunks. Both the writer and the reader are made of them; docs/FORMAT.md repeats them
 * as tables. The order of fields and of choices is the format: append, never reorder.
 */
import { StudioError } from '../errors';
import { FIELD_LIMITS, headOf, type Activation, type Encoding, type Head, type Network } from '../field/field';
import { gridFault } from '../field/grid';
import type { ImageMetadata, SampleType } from '../signal/signal';
import { choice, flag, float32, hexBytes, integer, list, record, suited, variant, type Codec } from './codec';

/** Longest extent along an axis: below it the numerators of grid coordinates are exact in float32. */
export const LARGEST_EXTENT = 2 ** 23 - 1;

/** The HEAD chunk: the grid that is reconstructed. */
export interface HeadRecord {
  readonly kind: 'grid';
  readonly size: readonly number[];
  readonly channels: number;
  readonly type: SampleType;
  readonly colorSpace: ImageMetadata['colorSpace'];
  readonly alpha: boolean;
  readonly sha256: string;
}

export const headCodec: Codec<HeadRecord> = record<HeadRecord>({
  kind: choice('the kind of signal', ['grid']),
  size: list('axes', FIELD_LIMITS.inputs, integer('an extent', [1, LARGEST_EXTENT])),
  channels: integer('the channels', FIELD_LIMITS.outputs),
  type: choice('the sample type', ['uint8', 'uint16']),
  colorSpace: choice('the colour space', ['srgb', 'icc', 'linear']),
  alpha: flag('alpha'),
  sha256: hexBytes('the SHA-256 of the decoded samples', 32),
});

const gridShape = {
  levels: integer('the levels', FIELD_LIMITS.levels),
  features: integer('the features of a level', FIELD_LIMITS.gridFeatures),
  coarsest: integer('the coarsest resolution', FIELD_LIMITS.resolution),
  finest: integer('the finest resolution', FIELD_LIMITS.resolution),
};

const encodingCodec: Codec<Encoding> = variant<Encoding>('the encoding', {
  identity: record({}),
  octaves: record({ octaves: integer('the octaves', FIELD_LIMITS.octaves), includeInput: flag('includeInput') }),
  fourier: record({
    features: integer('the Fourier features', FIELD_LIMITS.features),
    sigma: float32('sigma', FIELD_LIMITS.sigma),
    seed: integer('the seed of the Fourier features', [0, 0xffffffff]),
  }),
  'dense-grid': suited(record(gridShape), gridFault),
  'hash-grid': suited(record({ ...gridShape, tableLog2: integer('the logarithm of the table size', FIELD_LIMITS.tableLog2) }), gridFault),
});

const activationCodec: Codec<Activation> = variant<Activation>('the activation', {
  sine: record({ omega0: float32('omega0', FIELD_LIMITS.omega), omegaHidden: float32('omegaHidden', FIELD_LIMITS.omega) }),
  relu: record({}),
  gelu: record({}),
  finer: record({ omega0: float32('omega0', FIELD_LIMITS.omega), omegaHidden: float32('omegaHidden', FIELD_LIMITS.omega), biasRange: float32('the bias range', FIELD_LIMITS.biasRange) }),
  gabor: record({ omega0: float32('omega0', FIELD_LIMITS.omega), omegaHidden: float32('omegaHidden', FIELD_LIMITS.omega), scale: float32('the scale', FIELD_LIMITS.gaborScale) }),
  gaussian: record({ sigma: float32('sigma', FIELD_LIMITS.gaussianSigma) }),
  'snake-alt': record({}),
});

const plainCodec = record<Required<Pick<Network, 'encoding' | 'depth' | 'width' | 'activation'>>>({
  encoding: encodingCodec,
  depth: integer('the depth', FIELD_LIMITS.depth),
  width: integer('the width', FIELD_LIMITS.width, 4),
  activation: activationCodec,
});

/** 1 ... 5: the head, 0 linear, 1 sigmoid, 2 tanh, plus 3 for residual blocks. The plain 0 is left out. */
const variationCodec = choice('head and blocks', ['', 'sigmoid', 'tanh', 'linear residual', 'sigmoid residual', 'tanh residual']);

/** The FELD chunk: the network. Its inputs and outputs are those of the grid in HEAD. */
export const fieldCodec: Codec<Network> = {
  write(writer, network) {
    plainCodec.write(writer, network);
    const head = headOf(network);
    if (network.residual === true) variationCodec.write(writer, `${head} residual`);
    else if (head !== 'linear') variationCodec.write(writer, head);
  },
  read(reader) {
    const plain = plainCodec.read(reader);
    if (reader.ended) return plain;
    const variation = variationCodec.read(reader);
    if (variation === '') throw new StudioError('container', 'container.field', 'The field description names its plain head and blocks, which it must leave out.');
    const [head, residual] = variation.split(' ') as [Head, string?];
    return { ...plain, ...(residual ? { residual: true } : {}), ...(head === 'linear' ? {} : { head }) };
  },
};
