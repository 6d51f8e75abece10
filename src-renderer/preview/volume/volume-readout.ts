/**
 * What is known of the voxel under the pointer, from the arrays and never from the screen: the voxel is the affine function of its code that
 * signal/volume.ts defines, in the voxel's own units. A smaller preview is read at the voxel that covers the centre of the original's.
 */
import { codeType, type VolumeMetadata } from '#core/signal/volume';
import { coveringIndex } from '../readout';
import { voxelAt, worldOf, type Vector } from './frame';
import type { VolumePicture } from './volume-view';

export interface VoxelReadout {
  /** Indices in the original, else in the reconstruction. */
  readonly voxel: Vector;
  /** Centre of the voxel in the file's space. */
  readonly world: Vector;
  readonly unit: string;
  /** One value a channel; null where there is no such volume. */
  readonly original: readonly number[] | null;
  readonly reconstruction: readonly number[] | null;
  /** reconstruction - original. */
  readonly difference: readonly number[] | null;
}

/** The voxel of a code, as voxelsOf makes it. */
export function voxelOfCode(code: number, { voxelType, range: [lowest, highest] }: VolumeMetadata): number {
  const largest = codeType(voxelType) === 'uint8' ? 255 : 65535;
  const voxel = lowest + (code * (highest - lowest)) / largest;
  if (voxelType === 'float64') return voxel;
  return voxelType === 'float32' ? Math.fround(voxel) : Math.round(voxel);
}

/** The value at a fraction of the range of codes, not rounded: for scales and sliders. */
export function valueAt(fraction: number, { range: [lowest, highest] }: Pick<VolumeMetadata, 'range'>): number {
  return lowest + fraction * (highest - lowest);
}

/** A value in at most `digits` significant digits (whole numbers stay whole), with a true minus sign. */
export function valueText(value: number, digits = 4): string {
  const rounded = Number.isInteger(value) && Math.abs(value) < 1e7 ? value : Number(value.toPrecision(digits));
  return String(rounded === 0 ? 0 : rounded).replace('-', '−');
}

/** The voxels of one place, one a channel. */
export function voxelsAt(picture: VolumePicture, voxel: Vector): number[] {
  const [width = 1, height = 1] = picture.size;
  const at = ((voxel[2] * height + voxel[1]) * width + voxel[0]) * picture.channels;
  return Array.from(picture.samples.subarray(at, at + picture.channels), (code) => voxelOfCode(code, picture.metadata));
}

/** Everything known at a fraction of the box; null outside of it, or where there is nothing. */
export function voxelReadout(original: VolumePicture | null, reconstruction: VolumePicture | null, fraction: Vector): VoxelReadout | null {
  const main = original ?? reconstruction;
  if (!main || fraction.some((value) => !(value >= 0 && value < 1))) return null;
  const voxel = voxelAt(main.size, fraction);
  const covering = (picture: VolumePicture): Vector => voxel.map((index, axis) => coveringIndex(index, main.size[axis] ?? 1, picture.size[axis] ?? 1)) as unknown as Vector;
  const first = original && voxelsAt(original, voxel);
  const second = reconstruction && voxelsAt(reconstruction, covering(reconstruction));
  const { geometry } = main.metadata;
  return {
    voxel,
    world: worldOf(geometry, voxel),
    unit: geometry.unit === 'none' ? '' : geometry.unit === 'um' ? 'µm' : geometry.unit,
    original: first,
    reconstruction: second,
    difference: first && second && first.map((value, channel) => (second[channel] ?? 0) - value),
  };
}
