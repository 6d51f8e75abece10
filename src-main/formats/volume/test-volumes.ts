/** Volumes for tests: small, of any type, with places that no two axes share. */
import { volumeSignal, type VolumeGeometry, type VoxelArray, type VoxelType, newVoxels } from '#core/signal/volume';
import type { VolumeContent } from './types';

export const PLACES: Readonly<Record<string, VolumeGeometry>> = {
  plain: { spacing: [1, 1, 1], origin: [0, 0, 0], directions: [1, 0, 0, 0, 1, 0, 0, 0, 1], space: 'unknown', unit: 'none' },
  spaced: { spacing: [0.7, 0.9, 2.5], origin: [0, 0, 0], directions: [1, 0, 0, 0, 1, 0, 0, 0, 1], space: 'unknown', unit: 'um' },
  // A turn about (1, 2, 3) with the third axis reversed: left-handed and oblique.
  oblique: { spacing: [0.5, 1.25, 3], origin: [-12.5, 30.25, 101], directions: oblique(-1), space: 'LPS', unit: 'mm' },
  rotated: { spacing: [1.1, 1.2, 1.3], origin: [5, -6, 7.5], directions: oblique(1), space: 'RAS', unit: 'm' },
  permuted: { spacing: [2, 3, 4], origin: [1, 2, 3], directions: [0, 0, 1, -1, 0, 0, 0, 1, 0], space: 'RAS', unit: 'mm' },
  // x leans towards y: no quaternion says that.
  sheared: { spacing: [1, 2, 3], origin: [9, 8, 7], directions: [0.8, 0.6, 0, 0, 1, 0, 0, 0, 1], space: 'LPS', unit: 'mm' },
};

/** Rodrigues' formula by 50 degrees. */
function oblique(third: number): number[] {
  const [x, y, z] = [1, 2, 3].map((part) => part / Math.sqrt(14)) as [number, number, number];
  const [c, s] = [Math.cos((50 * Math.PI) / 180), Math.sin((50 * Math.PI) / 180)];
  const t = 1 - c;
  return [t * x * x + c, t * x * y + s * z, t * x * z - s * y, t * x * y - s * z, t * y * y + c, t * y * z + s * x, third * (t * x * z + s * y), third * (t * y * z - s * x), third * (t * z * z + c)];
}

/** Voxels that no permutation of the axes leaves alone, with both ends of the type. */
export function someVoxels(type: VoxelType, length: number): VoxelArray {
  const voxels = newVoxels(type, length);
  const real = type.startsWith('float');
  for (let i = 0; i < length; i++) voxels[i] = real ? Math.sin(i * 1.7) * 1e3 + i / 3 : (i * 2654435761) % 4294967296;
  if (type === 'int8') [voxels[0], voxels[1]] = [-128, 127];
  if (type === 'int32') [voxels[0], voxels[1]] = [-(2 ** 31), 2 ** 31 - 1];
  return voxels;
}

export function someVolume(type: VoxelType, geometry: VolumeGeometry, size: readonly [number, number, number] = [5, 3, 2], channels = 1): VolumeContent {
  const voxels = someVoxels(type, size[0] * size[1] * size[2] * channels);
  return volumeSignal(voxels, { size, channels, voxelType: type, geometry });
}

/** Where the centre of a voxel lies, in RAS (or in the unknown space). */
export function pointOf({ spacing, origin, directions, space }: VolumeGeometry, index: readonly number[]): number[] {
  return [0, 1, 2].map((part) => {
    const coordinate = origin[part]! + [0, 1, 2].reduce((sum, axis) => sum + index[axis]! * spacing[axis]! * directions[3 * axis + part]!, 0);
    return space === 'LPS' && part < 2 ? -coordinate : coordinate;
  });
}

export const text = (content: string): Buffer => Buffer.from(content, 'latin1');
