/**
 * The declarations of the HEAD and FELD chunks. Both the writer and the reader are made of them; docs/FORMAT.md repeats them
 * as tables. The order of fields and of choices is the format: append, never reorder.
 */
import { FIELD_LIMITS, type Activation, type Encoding, type Network } from '../field/field';
import type { ImageMetadata, SampleType } from '../signal/signal';
import { choice, flag, float32, hexBytes, integer, list, record, variant, type Codec } from './codec';

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

const encodingCodec: Codec<Encoding> = variant<Encoding>('the encoding', {
  identity: record({}),
  octaves: record({ octaves: integer('the octaves', FIELD_LIMITS.octaves), includeInput: flag('includeInput') }),
  fourier: record({
    features: integer('the Fourier features', FIELD_LIMITS.features),
    sigma: float32('sigma', FIELD_LIMITS.sigma),
    seed: integer('the seed of the Fourier features', [0, 0xffffffff]),
  }),
});

const activationCodec: Codec<Activation> = variant<Activation>('the activation', {
  sine: record({ omega0: float32('omega0', FIELD_LIMITS.omega), omegaHidden: float32('omegaHidden', FIELD_LIMITS.omega) }),
  relu: record({}),
});

/** The FELD chunk: the network. Its inputs and outputs are those of the grid in HEAD. */
export const fieldCodec: Codec<Network> = record<Network>({
  encoding: encodingCodec,
  depth: integer('the depth', FIELD_LIMITS.depth),
  width: integer('the width', FIELD_LIMITS.width, 4),
  activation: activationCodec,
});
