/** A signal of any kind, and what is told of it alike whatever it is. */
import type { Header } from '../coding/types';
import { psnr } from '../metric/psnr';
import { pointCount, rawBytes, type GridSignal } from './signal';
import type { SurfaceSignal } from './surface';
import { voxelDataBytes, voxelRange, voxelsOf, type VoxelArray, type VolumeSignal } from './volume';

/** What lies on a grid: its samples are what networks are fitted to. */
export type SampledSignal = GridSignal | VolumeSignal;
export type Signal = SampledSignal | SurfaceSignal;

/** The part of a signal that its file repeats. */
export function headerOf(signal: SampledSignal): Header {
  const { size, channels, type } = signal;
  if (signal.kind === 'volume') return { kind: 'volume', size, channels, type, metadata: signal.metadata };
  return { kind: 'grid', size, channels, type, metadata: signal.metadata };
}

/** What the bits of a file are told per, and how many of them there are. */
export function unitsOf(header: Header): { readonly unit: 'pixel' | 'voxel' | 'vertex'; readonly count: number } {
  switch (header.kind) {
    case 'grid':
      return { unit: 'pixel', count: pointCount(header.size) };
    case 'volume':
      return { unit: 'voxel', count: pointCount(header.size) };
    case 'surface':
      return { unit: 'vertex', count: Math.max(1, header.metadata.vertices) };
    default:
      return header satisfies never;
  }
}

/** Bytes of a vertex (three float32) and of a triangle (three uint32) in the plainest of mesh files. */
const BYTES_OF_THREE = 12;

/** Bytes of what a file stands for, uncompressed: the base of every ratio. */
export function sourceBytes(header: Header): number {
  switch (header.kind) {
    case 'grid':
      return rawBytes(header);
    case 'volume':
      return voxelDataBytes(header);
    case 'surface':
      return BYTES_OF_THREE * (header.metadata.vertices + header.metadata.triangles);
    default:
      return header satisfies never;
  }
}

/** sourceBytes of a signal that has no header yet. */
export function signalBytes(signal: Signal): number {
  if (signal.kind !== 'surface') return sourceBytes(headerOf(signal));
  const { positions, indices } = signal.mesh;
  return (BYTES_OF_THREE * (positions.length + indices.length)) / 3;
}

export interface VoxelQuality {
  /** dB over the range of the reference (highest - lowest voxel); null when identical. */
  readonly psnr: number | null;
  /** Largest absolute difference, in the voxels' own units. */
  readonly maximumError: number;
  /** Root of the mean squared difference, in the same. */
  readonly rootMeanSquare: number;
  /** highest - lowest of the reference. */
  readonly range: number;
}

/** How near decoded voxels are to the reference. A constant reference counts as of range 1. */
export function voxelQuality(reference: VoxelArray, decoded: VoxelArray): VoxelQuality {
  const [lowest, highest] = voxelRange(reference);
  const range = highest > lowest ? highest - lowest : 1;
  // In parts of the range: squares of what float64 holds may not be.
  let sum = 0;
  let largest = 0;
  for (let i = 0; i < reference.length; i++) {
    const difference = Math.abs(decoded[i]! - reference[i]!) / range;
    if (difference > largest) largest = difference;
    sum += difference * difference;
  }
  const meanSquare = reference.length > 0 ? sum / reference.length : 0;
  return { psnr: meanSquare === 0 ? null : -10 * Math.log10(meanSquare), maximumError: largest * range, rootMeanSquare: Math.sqrt(meanSquare) * range, range };
}

/** dB of decoded samples against the signal: of pictures over the full scale of their type, of volumes over the range of the data. Null when identical. */
export function decibelOf(signal: SampledSignal, samples: Uint8Array | Uint16Array): number | null {
  return signal.kind === 'grid' ? psnr(signal.samples, samples, signal.type) : voxelQuality(signal.voxels, voxelsOf(samples, signal.metadata)).psnr;
}
