/**
 * The golden files: each encoding, activation, head and kind of block is in one at least, and what else a header can say. They pin
 * the format: a decoder that reads all of them to the samples in expected.json follows docs/FORMAT.md.
 *
 * Made once by `UPDATE_GOLDEN=1 npx vitest run test/golden`. A change of an existing file is a change of the format.
 */
import { packFile } from '#core/coding/pack';
import { synthesize } from '#core/coding/synthesis';
import type { Header } from '#core/coding/types';
import type { Activation, Encoding, Field } from '#core/field/field';
import { initialParameters } from '#core/field/init';
import { parameterLayout } from '#core/field/layout';
import { pcg3d } from '#core/fit/random';
import { pointCount, sampleMaximum } from '#core/signal/signal';
import { PLAIN_GEOMETRY } from '#core/signal/volume';

export interface GoldenCase {
  readonly name: string;
  readonly header: Header;
  readonly field: Field;
  readonly bits: number;
  /** The head is scaled up from its initialisation, so that samples cover and leave the range. Default: 24 for sine, else 1.5. */
  readonly gain?: number;
  readonly provenance?: { readonly generator: string };
  /** Step of a residual that leads to a bright ball in noise, as a share of the full scale. */
  readonly residual?: number;
}

const encodings: readonly (readonly [string, Encoding])[] = [
  ['identity', { kind: 'identity' }],
  ['octaves', { kind: 'octaves', octaves: 5, includeInput: true }],
  ['fourier', { kind: 'fourier', features: 10, sigma: 2.5, seed: 20240229 }],
];
const activations: readonly (readonly [string, Activation])[] = [
  ['sine', { kind: 'sine', omega0: 30, omegaHidden: 30 }],
  ['relu', { kind: 'relu' }],
];

const hashed: Encoding = { kind: 'hash-grid', levels: 4, features: 3, coarsest: 2, finest: 17, tableLog2: 5 };
const finer: Activation = { kind: 'finer', omega0: 11.1, omegaHidden: 7, biasRange: 0.75 };
const gabor: Activation = { kind: 'gabor', omega0: 9.5, omegaHidden: 5.5, scale: 3.3 };

const plain = { colorSpace: 'srgb', alpha: false } as const;

export const GOLDEN_CASES: readonly GoldenCase[] = [
  ...encodings.flatMap(([encodingName, encoding]) =>
    activations.map(
      ([activationName, activation]): GoldenCase => ({
        name: `${encodingName}-${activationName}`,
        header: { kind: 'grid', size: [37, 23], channels: 3, type: 'uint8', metadata: plain },
        field: { inputs: 2, outputs: 3, encoding, depth: 2, width: 12, activation },
        bits: 7,
      }),
    ),
  ),
  {
    name: 'volume-uint16-octaves-without-input',
    header: { kind: 'grid', size: [9, 7, 5], channels: 1, type: 'uint16', metadata: { colorSpace: 'linear', alpha: false } },
    field: { inputs: 3, outputs: 1, encoding: { kind: 'octaves', octaves: 2, includeInput: false }, depth: 3, width: 8, activation: { kind: 'sine', omega0: 12.5, omegaHidden: 20.1 } },
    bits: 16,
  },
  {
    name: 'volume-int16-oblique',
    header: {
      kind: 'volume',
      size: [11, 9, 7],
      channels: 1,
      type: 'uint16',
      metadata: {
        voxelType: 'int16',
        range: [-1024, 3071],
        geometry: { spacing: [0.5, 0.75, 2.5], origin: [-12.5, 40, 7.25], directions: [0.6, 0.8, 0, -0.8, 0.6, 0, 0, 0, 1], space: 'LPS', unit: 'mm' },
      },
    },
    field: { inputs: 3, outputs: 1, encoding: { kind: 'dense-grid', levels: 2, features: 2, coarsest: 3, finest: 6 }, depth: 1, width: 8, activation: { kind: 'relu' } },
    bits: 8,
  },
  {
    name: 'surface-sine',
    header: {
      kind: 'surface',
      size: [12, 12, 12],
      channels: 1,
      type: 'uint16',
      metadata: { domain: { center: [10.5, -3, 0.125], halfExtent: 42 }, mode: 'thickness', thickness: 0.02, truncation: 0.1, vertices: 35947, triangles: 69451 },
    },
    field: { inputs: 3, outputs: 1, encoding: { kind: 'identity' }, depth: 2, width: 12, activation: { kind: 'sine', omega0: 20, omegaHidden: 30 } },
    bits: 9,
  },
  {
    name: 'line-1d-coarse',
    header: { kind: 'grid', size: [300], channels: 1, type: 'uint8', metadata: plain },
    field: { inputs: 1, outputs: 1, encoding: { kind: 'identity' }, depth: 1, width: 4, activation: { kind: 'sine', omega0: 100, omegaHidden: 30 } },
    bits: 3,
  },
  {
    name: 'alpha-icc-provenance',
    header: { kind: 'grid', size: [16, 16], channels: 4, type: 'uint8', metadata: { colorSpace: 'icc', icc: Uint8Array.from({ length: 64 }, (_, i) => i), alpha: true } },
    field: { inputs: 2, outputs: 4, encoding: { kind: 'identity' }, depth: 2, width: 8, activation: { kind: 'sine', omega0: 30, omegaHidden: 30 } },
    bits: 10,
    provenance: { generator: 'golden' },
  },
  {
    name: 'dense-grid-relu',
    header: { kind: 'grid', size: [37, 23], channels: 3, type: 'uint8', metadata: plain },
    field: { inputs: 2, outputs: 3, encoding: { kind: 'dense-grid', levels: 3, features: 2, coarsest: 3, finest: 9 }, depth: 2, width: 12, activation: { kind: 'relu' } },
    bits: 7,
    gain: 3,
  },
  {
    name: 'dense-grid-one-level-1d-gaussian',
    header: { kind: 'grid', size: [300], channels: 1, type: 'uint16', metadata: plain },
    field: { inputs: 1, outputs: 1, encoding: { kind: 'dense-grid', levels: 1, features: 16, coarsest: 12, finest: 2 }, depth: 1, width: 8, activation: { kind: 'gaussian', sigma: 0.3 } },
    bits: 9,
    gain: 2,
  },
  {
    name: 'hash-grid-volume-gelu',
    header: { kind: 'grid', size: [9, 7, 5], channels: 2, type: 'uint16', metadata: plain },
    field: { inputs: 3, outputs: 2, encoding: hashed, depth: 2, width: 8, activation: { kind: 'gelu' } },
    bits: 8,
    gain: 4,
  },
  {
    name: 'hash-grid-4d-relu-tanh',
    header: { kind: 'grid', size: [5, 4, 3, 6], channels: 1, type: 'uint8', metadata: plain },
    field: { inputs: 4, outputs: 1, encoding: { kind: 'hash-grid', levels: 2, features: 5, coarsest: 2, finest: 9, tableLog2: 4 }, depth: 1, width: 8, activation: { kind: 'relu' }, head: 'tanh' },
    bits: 6,
    gain: 5,
  },
  {
    name: 'finer-residual',
    header: { kind: 'grid', size: [19, 31], channels: 1, type: 'uint16', metadata: plain },
    field: { inputs: 2, outputs: 1, encoding: { kind: 'identity' }, depth: 5, width: 8, activation: finer, residual: true },
    bits: 10,
    gain: 12,
  },
  {
    name: 'gabor-fourier-sigmoid',
    header: { kind: 'grid', size: [19, 31], channels: 2, type: 'uint16', metadata: plain },
    field: { inputs: 2, outputs: 2, encoding: { kind: 'fourier', features: 4, sigma: 1.25, seed: 0xffffffff }, depth: 2, width: 12, activation: gabor, head: 'sigmoid' },
    bits: 9,
    gain: 30,
  },
  {
    name: 'snake-alt-sigmoid-residual',
    header: { kind: 'grid', size: [25, 17], channels: 1, type: 'uint16', metadata: plain },
    field: { inputs: 2, outputs: 1, encoding: { kind: 'octaves', octaves: 3, includeInput: true }, depth: 4, width: 8, activation: { kind: 'snake-alt' }, residual: true, head: 'sigmoid' },
    bits: 8,
    gain: 2,
  },
  {
    name: 'gaussian-tanh-residual',
    header: { kind: 'grid', size: [25, 17], channels: 1, type: 'uint8', metadata: plain },
    field: { inputs: 2, outputs: 1, encoding: { kind: 'octaves', octaves: 2, includeInput: false }, depth: 3, width: 8, activation: { kind: 'gaussian', sigma: 0.45 }, residual: true, head: 'tanh' },
    bits: 8,
    gain: 8,
  },
  {
    name: 'volume-residual',
    header: { kind: 'volume', size: [39, 26, 19], channels: 1, type: 'uint8', metadata: { voxelType: 'uint8', range: [0, 255], geometry: PLAIN_GEOMETRY } },
    field: { inputs: 3, outputs: 1, encoding: { kind: 'dense-grid', levels: 1, features: 2, coarsest: 3, finest: 3 }, depth: 1, width: 8, activation: { kind: 'relu' } },
    bits: 8,
    residual: 0.06,
  },
  {
    name: 'volume-residual-two-channels-fine',
    header: { kind: 'volume', size: [21, 8, 13], channels: 2, type: 'uint16', metadata: { voxelType: 'float32', range: [-1, 1], geometry: PLAIN_GEOMETRY } },
    field: { inputs: 3, outputs: 2, encoding: { kind: 'identity' }, depth: 1, width: 4, activation: { kind: 'sine', omega0: 20, omegaHidden: 30 } },
    bits: 9,
    residual: 0.0004,
  },
  {
    name: 'volume-residual-two-bricks',
    header: { kind: 'volume', size: [9, 3, 259], channels: 1, type: 'uint8', metadata: { voxelType: 'int8', range: [-128, 127], geometry: PLAIN_GEOMETRY } },
    field: { inputs: 3, outputs: 1, encoding: { kind: 'identity' }, depth: 1, width: 4, activation: { kind: 'relu' } },
    bits: 5,
    residual: 0.15,
  },
];

/** A bright ball in noise. */
function ballIn({ size, channels, type }: Header): Uint8Array | Uint16Array {
  const codes = new (type === 'uint8' ? Uint8Array : Uint16Array)(pointCount(size) * channels);
  const [width = 1, height = 1, depth = 1] = size;
  return codes.map((_, i) => {
    const point = Math.floor(i / channels);
    const [x, y, z] = [(point % width) / width, (Math.floor(point / width) % height) / height, Math.floor(point / width / height) / depth];
    const bright = (x - 0.4) ** 2 + (y - 0.5) ** 2 + (z - 0.6) ** 2 < 0.09;
    return Math.round(sampleMaximum(type) * ((bright ? 0.8 : 0.1) + (0.08 * pcg3d(3, i, 0)) / 2 ** 32));
  });
}

/** Bytes and sample hash of a case. Tables, which begin near 0, are scaled up to [-1, 1]. */
export async function makeGolden({ header, field, bits, gain = field.activation.kind === 'sine' ? 24 : 1.5, provenance, residual }: GoldenCase): Promise<{ readonly bytes: Uint8Array; readonly sha256: string }> {
  const parameters = initialParameters(field, 1234);
  const { layers, tables } = parameterLayout(field);
  for (const { offset, length } of tables) for (let i = offset; i < offset + length; i++) parameters[i]! *= 1e4;
  const head = layers[field.depth]!;
  for (let i = 0; i < head.fanIn * head.fanOut; i++) parameters[head.weightOffset + i]! *= gain;
  return packFile({ header, field, parameters, bits, provenance, synthesize, ...(residual !== undefined && { residual: { original: ballIn(header), step: residual } }) });
}
