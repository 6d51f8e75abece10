/**
 * NIfTI-1 and -2, in one file (.nii, .nii.gz) or in two (.hdr and .img), of either byte order. See nifti-header.ts for the place.
 *
 * Values are stored * scl_slope + scl_inter where the slope is neither 0 nor 1 with 0: float32 of 8- and 16-bit integers and of float32,
 * float64 of wider types, which float32 would round. Values of a voxel that are stored volume after volume (the fifth dimension) become
 * channels; of a series (the fourth) one volume is taken.
 *
 * Written is NIfTI-1, and NIfTI-2 where an axis is longer than 32767: sform always, qform where the directions are at right angles.
 */
import { gzip } from 'node:zlib';
import { promisify } from 'node:util';
import { newVoxels, type VoxelArray } from '#core/signal/volume';
import { bytesOf } from './bytes';
import { finish } from './finish';
import { DATATYPES, HEADER_BYTES, niftiFields, niftiGeometry, niftiVersion, quaternionOf, type NiftiFields } from './nifti-header';
import { checkGrid, gather, MAX_BYTES, readSamples, storedBytes, typeOf } from './samples';
import { dot, inSpace, isUpright, stepsOf } from './geometry';
import type { Reading, ReadVolume, StoredType, VolumeContent, WrittenVolume } from './types';
import { gunzipStart, inPieces, isGzip } from './unpack';

/** Throws StudioError 'input': damaged, size, truncated, unsupported, companion. */
export async function readNifti(bytes: Uint8Array, reading: Reading): Promise<ReadVolume> {
  const packed = isGzip(bytes);
  const start = packed ? await gunzipStart(bytes, HEADER_BYTES[2], reading) : bytes;
  const version = niftiVersion(start);
  if (!version) throw reading.fault('truncated', 'the NIfTI header is damaged or ends too early. Copy or download the file again.');
  const fields = niftiFields(start, version);
  const grid = gridOf(fields, reading);
  const { size, channels, type, planes, volumes } = grid;
  checkGrid({ size, channels, type }, reading);
  const frame = reading.frame(volumes);
  const plane = size[0] * size[1] * size[2];
  // Channels that are stored one after the other stand behind all volumes of the series.
  const count = planes > 1 ? plane * (planes - 1) * volumes + plane : plane * channels;
  if (count * storedBytes(type) > MAX_BYTES) throw reading.fault('size', `the volumes take ${count * storedBytes(type)} bytes together; at most ${MAX_BYTES} can be read here. Take one volume out first.`);
  const file = version.single ? bytes : await reading.companion(reading.name.replace(/^.*[/\\]/, '').replace(/\.hdr(\.gz)?$/i, '.img$1'));
  const offset = voxelOffset(fields, reading) + frame * plane * (planes > 1 ? 1 : channels) * storedBytes(type);
  const stored = await readSamples({ bytes: file, packing: isGzip(file) ? 'gzip' : 'none', skip: offset }, { count, type, little: fields.little }, reading, volumes > 1 ? 'ignore' : 'note');
  const ordered = planes > 1 ? await gather(stored, size, [1, size[0], size[0] * size[1]], planes, plane * volumes) : stored;
  const voxels = channels > 1 && planes === 1 ? ordered : await scaled(ordered, fields, reading);
  return finish(reading, `NIfTI-${version.version}`, { voxels, size, channels, geometry: niftiGeometry(fields, reading.notes) });
}

interface NiftiGrid {
  readonly size: [number, number, number];
  readonly channels: number;
  readonly type: StoredType;
  /** Volumes that are the channels of one (the fifth dimension). */
  readonly planes: number;
  /** Volumes of a series (the fourth). */
  readonly volumes: number;
}

function gridOf({ dim, datatype }: NiftiFields, reading: Reading): NiftiGrid {
  const dimensions = dim[0]!;
  if (!(dimensions >= 1 && dimensions <= 7)) throw reading.fault('damaged', `the header gives ${dimensions} dimensions. NIfTI files have 1 to 7: write it again.`);
  const extents = [1, 2, 3, 4, 5, 6, 7].map((axis) => (axis <= dimensions ? dim[axis]! : 1));
  const [width, height, depth, volumes, planes, ...others] = extents as [number, number, number, number, number, number, number];
  // Unused dimensions are often written as 0.
  const series = Math.max(1, volumes);
  const vector = Math.max(1, planes);
  if (others.some((extent) => extent > 1)) throw reading.fault('unsupported', `${extents.join(' x ')} has more than five dimensions. Take one volume out first.`);
  const stored = DATATYPES[datatype];
  if (!stored) throw reading.fault('unsupported', `the voxels are of NIfTI data type ${datatype}, which cannot be read here (complex numbers, bits or 128-bit floats). Convert them to float32 first.`);
  if (stored.channels > 1 && vector > 1) throw reading.fault('unsupported', `${vector} values of colours a voxel cannot be read here. Take one of them out first.`);
  return { size: [width, height, depth], channels: stored.channels * vector, type: stored.type, planes: vector, volumes: series };
}

function voxelOffset({ voxOffset, single, version }: NiftiFields, reading: Reading): number {
  const least = single ? HEADER_BYTES[version] : 0;
  if (Number.isInteger(voxOffset) && voxOffset >= least && voxOffset <= Number.MAX_SAFE_INTEGER) return voxOffset;
  const usual = single ? HEADER_BYTES[version] + 4 : 0;
  if (voxOffset !== 0) reading.notes.push(`offset of the voxels of ${voxOffset} replaced by ${usual}`);
  return usual;
}

async function scaled(stored: VoxelArray, { slope, intercept }: NiftiFields, reading: Reading): Promise<VoxelArray> {
  if (slope === 0 || !Number.isFinite(slope) || !Number.isFinite(intercept) || (slope === 1 && intercept === 0)) return stored;
  const wide = stored instanceof Float64Array || stored instanceof Int32Array || stored instanceof Uint32Array;
  const voxels = newVoxels(wide ? 'float64' : 'float32', stored.length);
  await inPieces(stored.length, (from, to) => {
    for (let i = from; i < to; i++) voxels[i] = stored[i]! * slope + intercept;
  });
  reading.notes.push(`values scaled by ${slope} and moved by ${intercept}, as the header says`);
  return voxels;
}

const CODES = { uint8: 2, int16: 4, int32: 8, float32: 16, float64: 64, int8: 256, uint16: 512, uint32: 768 } as const;
const INTENT_VECTOR = 1007;

/** What NIfTI has no code for: the factor to the next unit that it has. */
const UNIT_CODES = { none: [0, 1, 'none'], m: [1, 1, 'm'], mm: [2, 1, 'mm'], um: [3, 1, 'um'], nm: [3, 1e-3, 'um'], cm: [2, 10, 'mm'], km: [1, 1000, 'm'] } as const;

export async function writeNifti(volume: VolumeContent, base: string, packed: boolean): Promise<WrittenVolume> {
  const { size, channels, metadata } = volume;
  const notes: string[] = [];
  const type = typeOf(volume.voxels);
  const coloured = type === 'uint8' && (channels === 3 || channels === 4);
  const planes = coloured ? 1 : channels;
  const points = size[0]! * size[1]! * size[2]!;
  const voxels = planes > 1 ? await planar(volume.voxels, points, channels) : volume.voxels;

  const first = size.every((extent) => extent <= 32767);
  const header = new Uint8Array((first ? HEADER_BYTES[1] : HEADER_BYTES[2]) + 4);
  const view = new DataView(header.buffer);
  const int16 = (at: number, value: number) => view.setInt16(at, value, true);
  const int32 = (at: number, value: number) => view.setInt32(at, value, true);
  const whole = (at1: number, at2: number, value: number) => (first ? int16(at1, value) : int32(at2, value));
  const reals = (at1: number, at2: number, values: readonly number[]) => values.forEach((value, i) => (first ? view.setFloat32(at1 + 4 * i, value, true) : view.setFloat64(at2 + 8 * i, value, true)));
  const dim = planes > 1 ? [5, ...size, 1, planes, 1, 1] : [3, ...size, 1, 1, 1, 1];
  const bits = storedBytes(type) * 8 * (coloured ? channels : 1);

  int32(0, header.length - 4);
  dim.forEach((extent, i) => (first ? int16(40 + 2 * i, extent) : view.setBigInt64(16 + 8 * i, BigInt(extent), true)));
  whole(68, 504, planes > 1 ? INTENT_VECTOR : 0);
  int16(first ? 70 : 12, coloured ? (channels === 3 ? 128 : 2304) : CODES[type]);
  int16(first ? 72 : 14, bits);
  if (first) view.setFloat32(108, header.length, true);
  else view.setBigInt64(168, BigInt(header.length), true);
  reals(112, 176, [1, 0]);

  const [unitCode, factor, unit] = UNIT_CODES[metadata.geometry.unit];
  if (factor !== 1) notes.push(`lengths converted from ${metadata.geometry.unit} to ${unit}, as NIfTI has no code for ${metadata.geometry.unit}`);
  if (first) view.setUint8(123, unitCode);
  else int32(500, unitCode);
  if (first) header.set([0x6e, 0x2b, 0x31, 0], 344);
  else header.set([0x6e, 0x2b, 0x32, 0, 0x0d, 0x0a, 0x1a, 0x0a], 4);

  const { geometry } = metadata;
  const spacing = geometry.spacing.map((part) => part * factor);
  const placed = geometry.space !== 'unknown' || !isUpright(geometry);
  let qfac = 1;
  if (placed) {
    if (geometry.space === 'unknown') notes.push('the space of the directions is unknown; written as RAS, the only one of NIfTI');
    const ras = inSpace(geometry, 'RAS');
    const steps = stepsOf(ras).map((part) => part * factor);
    const origin = ras.origin.map((part) => part * factor);
    whole(254, 348, 2);
    reals(280, 400, [0, 1, 2].flatMap((row) => [steps[row]!, steps[3 + row]!, steps[6 + row]!, origin[row]!]));
    if (atRightAngles(ras.directions)) {
      const { quaternion, mirrored } = quaternionOf(ras.directions);
      if (mirrored) qfac = -1;
      whole(252, 344, 2);
      reals(256, 352, quaternion);
      reals(268, 376, origin);
    }
  }
  reals(76, 104, [qfac, ...spacing, 1, 1, 1, 1]);

  const all = Buffer.concat([header, bytesOf(voxels)]);
  const file = packed ? { name: `${base}.nii.gz`, bytes: await promisify(gzip)(all) } : { name: `${base}.nii`, bytes: all };
  return { files: [file], notes };
}

function atRightAngles(directions: readonly number[]): boolean {
  const [x, y, z] = [0, 3, 6].map((at) => directions.slice(at, at + 3)) as [number[], number[], number[]];
  return Math.max(Math.abs(dot(x, y)), Math.abs(dot(y, z)), Math.abs(dot(z, x))) < 1e-6;
}

async function planar(voxels: VoxelArray, points: number, channels: number): Promise<VoxelArray> {
  const result = newVoxels(typeOf(voxels), voxels.length);
  await inPieces(points, (from, to) => {
    for (let channel = 0; channel < channels; channel++) for (let i = from; i < to; i++) result[channel * points + i] = voxels[i * channels + channel]!;
  }, 2 ** 22);
  return result;
}
