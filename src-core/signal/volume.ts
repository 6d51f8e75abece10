/**
 * Volumes: voxels of any number type on a regular grid that lies somewhere in space.
 *
 * A network learns, and a decoder writes, 8- or 16-bit codes (SampleType); a voxel is an affine function of its code:
 *
 *     voxel = lowest + code * (highest - lowest) / largest code,    rounded for integer types
 *
 * in float64, in this order of operations, so that it is the same everywhere. For uint8 the code is the voxel, for int8 the voxel + 128;
 * every other type has 16-bit codes over the range of its data. Integers that span no more than 65535 come back exactly; what spans more, and
 * floating-point voxels, come back to 1/131070 of the range at worst (107 dB).
 */
import { StudioError } from '../errors';
import { pointCount, type SampleType } from './signal';

export const VOXEL_TYPES = ['uint8', 'int8', 'uint16', 'int16', 'uint32', 'int32', 'float32', 'float64'] as const;
export type VoxelType = (typeof VOXEL_TYPES)[number];

export type VoxelArray = Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array | Float32Array | Float64Array;

const ARRAYS = {
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  uint32: Uint32Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;

/** Bytes of one voxel and channel. */
export function voxelBytes(type: VoxelType): number {
  return ARRAYS[type].BYTES_PER_ELEMENT;
}

/** `length` zeros of that type. */
export function newVoxels(type: VoxelType, length: number): VoxelArray {
  return new ARRAYS[type](length);
}

/** Voxels of that type over a whole buffer, in the byte order of this machine (little-endian). */
export function voxelsOver(type: VoxelType, buffer: ArrayBuffer, byteOffset: number, length: number): VoxelArray {
  return new ARRAYS[type](buffer, byteOffset, length);
}

/** Which way the axes of space point: to the patient's right, anterior and superior (NIfTI), left, posterior and superior (DICOM), or unknown. */
export const SPACES = ['unknown', 'RAS', 'LPS'] as const;
export const LENGTH_UNITS = ['none', 'nm', 'um', 'mm', 'cm', 'm', 'km'] as const;

/** Where a grid lies: the centre of voxel (i, j, k) is origin + i s_x d_x + j s_y d_y + k s_z d_z. */
export interface VolumeGeometry {
  /** Distance of neighbours along the axes of the grid, x first; positive. */
  readonly spacing: readonly [number, number, number];
  /** Centre of the first voxel. */
  readonly origin: readonly [number, number, number];
  /** Unit vectors d_x, d_y, d_z one after the other: nine numbers. */
  readonly directions: readonly number[];
  readonly space: (typeof SPACES)[number];
  readonly unit: (typeof LENGTH_UNITS)[number];
}

export const PLAIN_GEOMETRY: VolumeGeometry = { spacing: [1, 1, 1], origin: [0, 0, 0], directions: [1, 0, 0, 0, 1, 0, 0, 0, 1], space: 'unknown', unit: 'none' };

/** What must survive a fit beside the voxels. */
export interface VolumeMetadata {
  /** Type of the voxels as they were stored; ratios and exports go by it. */
  readonly voxelType: VoxelType;
  /** Voxels of the lowest and of the highest code. */
  readonly range: readonly [number, number];
  readonly geometry: VolumeGeometry;
}

export interface VolumeSignal {
  readonly kind: 'volume';
  /** Voxels along x, y, z; x is the fastest in memory. */
  readonly size: readonly number[];
  readonly channels: number;
  /** Type of the codes. */
  readonly type: SampleType;
  /** Codes, interleaved, x fastest: what networks are fitted to. */
  readonly samples: Uint8Array | Uint16Array;
  /** The voxels themselves, in the same order: what quality is measured against. Same array as the codes of uint8. */
  readonly voxels: VoxelArray;
  readonly metadata: VolumeMetadata;
}

/** Lowest and highest voxel; [0, 0] of none. Voxels must be finite. */
export function voxelRange(voxels: VoxelArray): [number, number] {
  if (voxels.length === 0) return [0, 0];
  let lowest = Infinity;
  let highest = -Infinity;
  for (const voxel of voxels) {
    if (voxel < lowest) lowest = voxel;
    if (voxel > highest) highest = voxel;
  }
  return [lowest, highest];
}

/** Replaces NaN by the lowest finite voxel and infinities by the ends of the finite range, in place. Returns how many there were. */
export function repairVoxels(voxels: VoxelArray): number {
  if (!(voxels instanceof Float32Array || voxels instanceof Float64Array)) return 0;
  let lowest = Infinity;
  let highest = -Infinity;
  let wrong = 0;
  for (const voxel of voxels) {
    if (!Number.isFinite(voxel)) wrong++;
    else {
      if (voxel < lowest) lowest = voxel;
      if (voxel > highest) highest = voxel;
    }
  }
  if (wrong === 0) return 0;
  if (lowest > highest) [lowest, highest] = [0, 0];
  for (let i = 0; i < voxels.length; i++) {
    if (!Number.isFinite(voxels[i]!)) voxels[i] = voxels[i] === Infinity ? highest : lowest;
  }
  return wrong;
}

/** Type of the codes of voxels. */
export function codeType(type: VoxelType): SampleType {
  return type === 'uint8' || type === 'int8' ? 'uint8' : 'uint16';
}

/**
 * A volume of finite voxels, with its codes. `voxels` is kept, not copied. Throws StudioError 'input'/'input.range' where highest - lowest is
 * beyond a float64.
 */
export function volumeSignal(voxels: VoxelArray, facts: { readonly size: readonly number[]; readonly channels: number; readonly voxelType: VoxelType; readonly geometry: VolumeGeometry }): VolumeSignal {
  const { size, channels, voxelType, geometry } = facts;
  const type = codeType(voxelType);
  const common = { kind: 'volume', size, channels, type, voxels } as const;
  if (voxels instanceof Uint8Array) return { ...common, samples: voxels, metadata: { voxelType, range: [0, 255], geometry } };
  if (voxels instanceof Int8Array) return { ...common, samples: Uint8Array.from(voxels, (voxel) => voxel + 128), metadata: { voxelType, range: [-128, 127], geometry } };
  const range = voxelRange(voxels);
  const [lowest, highest] = range;
  const samples = new Uint16Array(voxels.length);
  const span = highest - lowest;
  if (!Number.isFinite(span)) throw new StudioError('input', 'input.range', `The values go from ${lowest} to ${highest}, which is too wide. Scale or clip them first.`);
  for (let i = 0; i < voxels.length; i++) samples[i] = span > 0 ? Math.round(((voxels[i]! - lowest) / span) * 65535) : 0;
  return { ...common, samples, metadata: { voxelType, range, geometry } };
}

/** Voxels of codes, as the formula on top says. uint8 codes of uint8 voxels come back as they are, not copied. */
export function voxelsOf(codes: Uint8Array | Uint16Array, metadata: VolumeMetadata): VoxelArray {
  const { voxelType, range } = metadata;
  const [lowest, highest] = range;
  if (voxelType === 'uint8' && codes instanceof Uint8Array) return codes;
  const largest = codeType(voxelType) === 'uint8' ? 255 : 65535;
  const whole = voxelType !== 'float32' && voxelType !== 'float64';
  const table = Float64Array.from({ length: largest + 1 }, (_, code) => {
    const voxel = lowest + (code * (highest - lowest)) / largest;
    return whole ? Math.round(voxel) : voxel;
  });
  const voxels = newVoxels(voxelType, codes.length);
  for (let i = 0; i < codes.length; i++) voxels[i] = table[codes[i]!]!;
  return voxels;
}

/** Bytes of the voxels as they were stored. */
export function voxelDataBytes({ size, channels, metadata }: Pick<VolumeSignal, 'size' | 'channels' | 'metadata'>): number {
  return pointCount(size) * channels * voxelBytes(metadata.voxelType);
}
