/**
 * Stored samples become voxels. Invariants:
 * - the grid is judged before anything is allocated: extents of 1 to 2^23 - 1, 1 to 16 channels, at most 2^31 - 1 bytes;
 * - voxels keep their stored type where a VoxelType can hold it; 64-bit integers and half floats are converted with a note;
 * - the result is in memory of its own, in the byte order of this machine (little-endian).
 */
import { LARGEST_EXTENT } from '#core/coding/header';
import { FIELD_LIMITS } from '#core/field/field';
import { newVoxels, voxelBytes, voxelsOver, type VoxelArray, type VoxelType } from '#core/signal/volume';
import type { Reading, StoredType } from './types';
import { inPieces, unpack, type Packed } from './unpack';

/** Most bytes of the samples of one volume. */
export const MAX_BYTES = 2 ** 31 - 1;

/** A grid of samples as a file declares it. */
export interface StoredGrid {
  /** Voxels along x, y, z. */
  readonly size: readonly [number, number, number];
  readonly channels: number;
  readonly type: StoredType;
}

export function storedBytes(type: StoredType): number {
  return type === 'int64' || type === 'uint64' ? 8 : type === 'float16' ? 2 : voxelBytes(type);
}

/** Number of samples of a grid. Throws StudioError input.size where it is empty, broken or beyond the limits. */
export function checkGrid({ size, channels, type }: StoredGrid, reading: Reading): number {
  const shape = size.join(' x ');
  if (size.some((extent) => !Number.isInteger(extent) || extent < 1)) throw reading.fault('size', `a size of ${shape} holds no voxels. Write the file again from its source.`);
  if (!Number.isInteger(channels) || channels < 1) throw reading.fault('size', `${channels} values a voxel are none. Write the file again from its source.`);
  const [, mostChannels] = FIELD_LIMITS.outputs;
  if (channels > mostChannels!) throw reading.fault('unsupported', `${channels} values a voxel are more than the ${mostChannels} that can be read here. Take some of them out.`);
  if (size.some((extent) => extent > LARGEST_EXTENT)) throw reading.fault('size', `an axis of ${Math.max(...size)} voxels is longer than the ${LARGEST_EXTENT} that can be read here. Cut the volume into parts.`);
  const count = size[0] * size[1] * size[2] * channels;
  if (count * storedBytes(type) > MAX_BYTES) {
    throw reading.fault('size', `${shape} voxels of ${channels} x ${type} take ${count * storedBytes(type)} bytes; at most ${MAX_BYTES} can be read here. Scale the volume down or cut it into parts.`);
  }
  return count;
}

/** Reads `count` samples. Throws what unpack() throws. */
export async function readSamples(packed: Packed, layout: { readonly count: number; readonly type: StoredType; readonly little: boolean }, reading: Reading, rest?: 'ignore' | 'note' | 'refuse'): Promise<VoxelArray> {
  const bytes = await unpack(packed, layout.count * storedBytes(layout.type), reading, rest);
  return voxelsOfBytes(bytes, layout.type, layout.little, reading);
}

/** Voxels of stored bytes, which begin their buffer and may be overwritten. */
export async function voxelsOfBytes(bytes: Uint8Array, type: StoredType, little: boolean, reading: Reading): Promise<VoxelArray> {
  const width = storedBytes(type);
  if (!little && width > 1) {
    await inPieces(bytes.length, (from, to) => {
      const piece = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from);
      if (width === 2) piece.swap16();
      else if (width === 4) piece.swap32();
      else piece.swap64();
    });
  }
  const buffer = bytes.buffer as ArrayBuffer;
  const count = bytes.length / width;
  if (type === 'int64' || type === 'uint64') return wholeNumbers(new Uint32Array(buffer, bytes.byteOffset, 2 * count), type === 'int64', reading);
  if (type === 'float16') {
    const halves = new Uint16Array(buffer, bytes.byteOffset, count);
    const table = Float32Array.from({ length: 65536 }, (_, half) => halfValue(half));
    const voxels = new Float32Array(count);
    await inPieces(count, (from, to) => {
      for (let i = from; i < to; i++) voxels[i] = table[halves[i]!]!;
    });
    reading.notes.push('half floats read as float32');
    return voxels;
  }
  return voxelsOver(type, buffer, bytes.byteOffset, count);
}

/** 64-bit integers of pairs of low and high words. */
async function wholeNumbers(words: Uint32Array, signed: boolean, reading: Reading): Promise<VoxelArray> {
  const values = new Float64Array(words.length / 2);
  await inPieces(values.length, (from, to) => {
    for (let i = from; i < to; i++) {
      const high = words[2 * i + 1]!;
      values[i] = (signed ? high | 0 : high) * 2 ** 32 + words[2 * i]!;
    }
  });
  return narrowed(values, reading);
}

/** Whole numbers as int32 where they all fit, else as they are; either with a note. */
export function narrowed(values: Float64Array, reading: Reading): VoxelArray {
  if (values.every((value) => value === (value | 0))) {
    reading.notes.push('64-bit integers read as int32, which holds them all');
    return Int32Array.from(values);
  }
  reading.notes.push('64-bit integers read as float64');
  return values;
}

function halfValue(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

/**
 * Numbers written as text, separated by white space or commas. Throws StudioError input.truncated where there are fewer than `count`,
 * input.damaged where a word is no number or does not fit into the type.
 */
export async function readText(text: Uint8Array, layout: { readonly count: number; readonly type: StoredType }, reading: Reading): Promise<VoxelArray> {
  const { count, type } = layout;
  const few = (found: number | string) => reading.fault('truncated', `${count} numbers were expected, but the file holds ${found}. Copy it again or correct the sizes in its header.`);
  if (2 * count - 1 > text.length) throw few(`only ${text.length} characters`);
  const target = type === 'int64' || type === 'uint64' ? new Float64Array(count) : newVoxels(type === 'float16' ? 'float32' : type, count);
  const real = target instanceof Float32Array || (target instanceof Float64Array && type === 'float64');
  let carried = '';
  let filled = 0;
  const take = (word: string) => {
    if (word === '' || filled === count) return;
    const value = numberOf(word);
    target[filled] = value;
    if ((Number.isNaN(value) && !/^[+-]?nan/i.test(word)) || (!real && target[filled] !== value)) throw reading.fault('damaged', `"${word.slice(0, 40)}" is no number of type ${type}. Correct the file or its header.`);
    filled++;
  };
  await inPieces(text.length, (from, to) => {
    const words = (carried + Buffer.from(text.buffer, text.byteOffset + from, to - from).toString('latin1')).split(/[\s,]+/);
    carried = words.pop()!;
    if (carried.length > 400) throw reading.fault('damaged', `"${carried.slice(0, 40)}..." is no number of type ${type}. Correct the file or its header.`);
    for (const word of words) take(word);
  }, 2 ** 20);
  take(carried);
  if (filled < count) throw few(filled);
  return type === 'int64' || type === 'uint64' ? narrowed(target as Float64Array, reading) : target;
}

/** The entry of a table for a word out of a file; words such as "constructor" are in no table. */
export function entry<T>(table: Readonly<Record<string, T>>, word: string): T | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined;
}

/** A number as C programs print it. */
export function numberOf(word: string): number {
  const wide = /^([+-]?)inf(inity)?$/i.exec(word);
  return wide ? (wide[1] === '-' ? -Infinity : Infinity) : Number(word);
}

/**
 * Voxels picked out of a larger or differently ordered array: sample c of voxel (x, y, z) is at x strides[0] + y strides[1] + z strides[2] +
 * c channelStride. Grid order stays; channels become interleaved.
 */
export async function gather(voxels: VoxelArray, size: readonly number[], strides: readonly number[], channels: number, channelStride: number): Promise<VoxelArray> {
  const [width, height, depth] = size as [number, number, number];
  const [alongX, alongY, alongZ] = strides as [number, number, number];
  if (alongX === channels && alongY === width * alongX && alongZ === height * alongY && (channelStride === 1 || channels === 1) && voxels.length === depth * alongZ) return voxels;
  const result = newVoxels(typeOf(voxels), width * height * depth * channels);
  const rows = height * depth;
  await inPieces(
    rows,
    (from, to) => {
      for (let row = from; row < to; row++) {
        const start = (row % height) * alongY + Math.floor(row / height) * alongZ;
        let at = row * width * channels;
        for (let x = 0; x < width; x++) for (let channel = 0; channel < channels; channel++) result[at++] = voxels[start + x * alongX + channel * channelStride]!;
      }
    },
    Math.max(1, Math.floor(2 ** 22 / (width * channels))),
  );
  return result;
}

const TYPE_NAMES: Readonly<Record<string, VoxelType>> = {
  Uint8Array: 'uint8', Int8Array: 'int8', Uint16Array: 'uint16', Int16Array: 'int16', Uint32Array: 'uint32', Int32Array: 'int32', Float32Array: 'float32', Float64Array: 'float64',
};

export function typeOf(voxels: VoxelArray): VoxelType {
  return TYPE_NAMES[Object.prototype.toString.call(voxels).slice(8, -1)]!;
}
