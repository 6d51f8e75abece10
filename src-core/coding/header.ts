/**
 * The declarations of the HEAD and FELD chunks. Both the writer and the reader are made of them; docs/FORMAT.md repeats them
 * as tables. The order of fields and of choices is the format: append, never reorder.
 */
import { StudioError } from '../errors';
import { FIELD_LIMITS, headOf, type Activation, type Encoding, type Head, type Network } from '../field/field';
import { gridFault } from '../field/grid';
import type { ImageMetadata, SampleType } from '../signal/signal';
import { SURFACE_MODES, type SurfaceMetadata } from '../signal/surface';
import { codeType, LENGTH_UNITS, SPACES, VOXEL_TYPES, type VolumeGeometry, type VolumeMetadata } from '../signal/volume';
import { choice, flag, float32, float64, hexBytes, integer, list, record, suited, tuple, variant, type Codec } from './codec';

/** Longest extent along an axis: below it the numerators of grid coordinates are exact in float32. */
export const LARGEST_EXTENT = 2 ** 23 - 1;

const LENGTHS = [Number.MIN_VALUE, Number.MAX_VALUE] as const;

/** Largest count of vertices or triangles that a header tells. */
const COUNT = [0, 0xffffffff] as const;

const sha256 = hexBytes('the SHA-256 of the decoded samples', 32);

const samples = {
  size: list('axes', FIELD_LIMITS.inputs, integer('an extent', [1, LARGEST_EXTENT])),
  channels: integer('the channels', FIELD_LIMITS.outputs),
  type: choice('the sample type', ['uint8', 'uint16']),
} as const;

interface SampleRecord {
  readonly size: readonly number[];
  readonly channels: number;
  readonly type: SampleType;
  readonly sha256: string;
}

interface GridRecord extends SampleRecord {
  readonly kind: 'grid';
  readonly colorSpace: ImageMetadata['colorSpace'];
  readonly alpha: boolean;
}

interface VolumeRecord extends SampleRecord {
  readonly kind: 'volume';
  readonly metadata: VolumeMetadata;
}

interface SurfaceRecord extends SampleRecord {
  readonly kind: 'surface';
  readonly metadata: SurfaceMetadata;
}

/** The HEAD chunk: what is reconstructed. */
export type HeadRecord = GridRecord | VolumeRecord | SurfaceRecord;

const point = tuple<number, readonly [number, number, number]>(3, float64('a coordinate'));

const volumeCodec = record<VolumeMetadata>({
  voxelType: choice('the type of the voxels', VOXEL_TYPES),
  range: tuple<number, readonly [number, number]>(2, float64('an end of the range')),
  geometry: record<VolumeGeometry>({
    spacing: tuple<number, readonly [number, number, number]>(3, float64('a spacing', LENGTHS)),
    origin: point,
    directions: tuple<number, readonly number[]>(9, float64('a direction', [-1, 1])),
    space: choice('the space', SPACES),
    unit: choice('the unit of length', LENGTH_UNITS),
  }),
});

/** What a volume must fulfil beyond the range of each field. */
function volumeFault({ size, type, metadata }: Omit<VolumeRecord, 'kind'>): string | null {
  if (size.length !== 3) return 'a volume has three axes';
  if (type !== codeType(metadata.voxelType)) return `${metadata.voxelType} voxels have ${codeType(metadata.voxelType)} samples`;
  if (metadata.range[0] > metadata.range[1]) return 'the range of the voxels ends before it begins';
  if (!Number.isFinite(metadata.range[1] - metadata.range[0])) return 'the range of the voxels is too wide';
  return null;
}

const surfaceCodec = record<SurfaceMetadata>({
  domain: record<SurfaceMetadata['domain']>({ center: point, halfExtent: float64('the half extent', LENGTHS) }),
  mode: choice('the mode of the surface', SURFACE_MODES),
  thickness: float64('the thickness', [0, 2]),
  truncation: float64('the truncation', [1e-6, 4]),
  vertices: integer('the number of vertices', COUNT),
  triangles: integer('the number of triangles', COUNT),
});

function surfaceFault({ size, channels, type, metadata }: Omit<SurfaceRecord, 'kind'>): string | null {
  if (size.length !== 3 || channels !== 1 || type !== 'uint16') return 'a surface has three axes and one channel of uint16';
  if ((metadata.mode === 'signed') !== (metadata.thickness === 0)) return 'a thickness belongs to sheets, and only to them';
  return null;
}

export const headCodec: Codec<HeadRecord> = variant<HeadRecord>('the kind of signal', {
  grid: record<Omit<GridRecord, 'kind'>>({
    ...samples,
    colorSpace: choice('the colour space', ['srgb', 'icc', 'linear']),
    alpha: flag('alpha'),
    sha256,
  }),
  volume: suited(record<Omit<VolumeRecord, 'kind'>>({ ...samples, metadata: volumeCodec, sha256 }), volumeFault),
  surface: suited(record<Omit<SurfaceRecord, 'kind'>>({ ...samples, metadata: surfaceCodec, sha256 }), surfaceFault),
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
