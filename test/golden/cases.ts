/**
 * The golden files: one for each encoding and activation, and one each for what else a header can say. They pin the
 * format: a decoder that reads all of them to the samples in expected.json follows docs/FORMAT.md.
 *
 * Made once by `UPDATE_GOLDEN=1 npx vitest run test/golden`. A change of an existing file is a change of the format.
 */
import { packFile } from '#core/coding/pack';
import { synthesize } from '#core/coding/synthesis';
import type { GridHeader } from '#core/coding/types';
import type { Activation, Encoding, Field } from '#core/field/field';
import { initialParameters } from '#core/field/init';
import { parameterLayout } from '#core/field/layout';

export interface GoldenCase {
  readonly name: string;
  readonly header: GridHeader;
  readonly field: Field;
  readonly bits: number;
  readonly provenance?: { readonly generator: string };
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
];

/** Bytes and sample hash of a case. The head is scaled up from its initialisation, so that samples cover and leave the range. */
export async function makeGolden({ header, field, bits, provenance }: GoldenCase): Promise<{ readonly bytes: Uint8Array; readonly sha256: string }> {
  const parameters = initialParameters(field, 1234);
  const head = parameterLayout(field).layers[field.depth]!;
  const gain = field.activation.kind === 'sine' ? 24 : 1.5;
  for (let i = 0; i < head.fanIn * head.fanOut; i++) parameters[head.weightOffset + i]! *= gain;
  return packFile({ header, field, parameters, bits, provenance, synthesize });
}
