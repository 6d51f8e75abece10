/**
 * Volumes as 3D textures of one channel: bytes for 8-bit codes, half floats for 16-bit ones (11 significant bits; slices and readouts keep
 * all of them). Volumes beyond the device's 3D limit or MAXIMUM_BYTES are reduced by a whole factor along every axis, each texel being the
 * mean of its block.
 *
 * With them go cells: the lowest and highest texel in blocks of CELL^3, one texel of apron included, since interpolation reaches over. What
 * the ray marcher skips follows from them (cellContents).
 *
 * Work is done in slices, so that the window answers meanwhile.
 */
import { sampleMaximum } from '#core/signal/signal';
import { coveringIndex } from '../readout';
import { halfBits } from '../texels';
import { drawnChannel, type Technique, type VolumePicture } from './volume-view';
import { TABLE_ENTRIES } from './transfer';

export const CELL = 8;
const MAXIMUM_BYTES = 1 << 28;
/** Voxels read between two pauses: about 10 ms of work. */
const SLICE_VOXELS = 1 << 21;

export interface VolumeTexels {
  readonly size: readonly [number, number, number];
  readonly kind: 'byte' | 'half';
  readonly data: Uint8Array | Uint16Array;
  /** Voxels averaged along an edge of a texel. */
  readonly reduction: number;
  /** The part of the texture that the box covers along each axis: 1 unless the last block is cut. */
  readonly cover: readonly [number, number, number];
}

export interface Cells {
  readonly size: readonly [number, number, number];
  /** Lowest and highest value of each cell, in [0, 1] of 255 steps, rounded outwards. */
  readonly low: Uint8Array;
  readonly high: Uint8Array;
}

/** The smallest whole factor that brings a volume into the limits of the device. */
export function volumeReduction(size: readonly number[], bytes: number, maximumExtent: number, maximumBytes = MAXIMUM_BYTES): number {
  let factor = Math.max(1, Math.ceil(Math.max(...size) / maximumExtent));
  while (size.reduce((product, extent) => product * Math.ceil(extent / factor), bytes) > maximumBytes) factor++;
  return factor;
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

/** What a texel is the mean of: the value of the voxel at (x, y, z) in [0, 1]. */
type Value = (x: number, y: number, z: number) => number;

async function fill(size: readonly number[], kind: 'byte' | 'half', maximumExtent: number, value: Value, abandoned: () => boolean): Promise<VolumeTexels | null> {
  const [width = 1, height = 1, depth = 1] = size;
  const reduction = volumeReduction([width, height, depth], kind === 'half' ? 2 : 1, maximumExtent);
  const extent = (of: number): number => Math.ceil(of / reduction);
  const [columns, rows, slices] = [extent(width), extent(height), extent(depth)];
  const data = kind === 'half' ? new Uint16Array(columns * rows * slices) : new Uint8Array(columns * rows * slices);
  let done = 0;
  for (let z = 0, at = 0; z < slices; z++) {
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++, at++) {
        let sum = 0;
        let count = 0;
        for (let k = z * reduction; k < Math.min(depth, (z + 1) * reduction); k++) {
          for (let j = y * reduction; j < Math.min(height, (y + 1) * reduction); j++) {
            for (let i = x * reduction; i < Math.min(width, (x + 1) * reduction); i++) {
              sum += value(i, j, k);
              count++;
            }
          }
        }
        data[at] = kind === 'half' ? halfBits(sum / count) : Math.round((255 * sum) / count);
      }
    }
    done += width * height * reduction;
    if (done > SLICE_VOXELS) {
      done = 0;
      await pause();
      if (abandoned()) return null;
    }
  }
  const cover = [width / (columns * reduction), height / (rows * reduction), depth / (slices * reduction)] as const;
  return { size: [columns, rows, slices], kind, data, reduction, cover };
}

/** Texels of one channel (or the mean of three) of a volume; null when `abandoned`. Bytes that fit as they are are not copied. */
export async function volumeTexels(picture: VolumePicture, channel: number | 'rgb', maximumExtent: number, abandoned: () => boolean): Promise<VolumeTexels | null> {
  const { samples, channels, type } = picture;
  const [width = 1, height = 1, depth = 1] = picture.size;
  const drawn = drawnChannel(channel, channels);
  if (samples instanceof Uint8Array && channels === 1 && volumeReduction([width, height, depth], 1, maximumExtent) === 1) {
    return { size: [width, height, depth], kind: 'byte', data: samples, reduction: 1, cover: [1, 1, 1] };
  }
  const unit = 1 / sampleMaximum(type);
  const value: Value = (x, y, z) => {
    const at = ((z * height + y) * width + x) * channels;
    return drawn >= 0 ? samples[at + drawn]! * unit : ((samples[at]! + samples[at + 1]! + samples[at + 2]!) * unit) / 3;
  };
  return fill([width, height, depth], type === 'uint16' ? 'half' : 'byte', maximumExtent, value, abandoned);
}

/** Texels of the error on its colour scale: 0 to the maximum, or -maximum to maximum around 1/2 where it is signed. */
export async function errorTexels(
  original: VolumePicture,
  reconstruction: VolumePicture,
  scale: { readonly channel: number | 'rgb'; readonly metric: 'absolute' | 'signed'; readonly maximum: number },
  maximumExtent: number,
  abandoned: () => boolean,
): Promise<VolumeTexels | null> {
  const [width = 1, height = 1, depth = 1] = original.size;
  const drawn = drawnChannel(scale.channel, original.channels);
  const channels = drawn >= 0 ? [drawn] : [0, 1, 2];
  const [one, other] = [1 / sampleMaximum(original.type), 1 / sampleMaximum(reconstruction.type)];
  const gain = 1 / Math.max(1e-9, scale.maximum) / channels.length;
  const covering = [width, height, depth].map((extent, axis) => Int32Array.from({ length: extent }, (_, index) => coveringIndex(index, extent, reconstruction.size[axis] ?? 1)));
  const [small, tall] = [reconstruction.size[0] ?? 1, reconstruction.size[1] ?? 1];
  const value: Value = (x, y, z) => {
    const at = ((z * height + y) * width + x) * original.channels;
    const its = ((covering[2]![z]! * tall + covering[1]![y]!) * small + covering[0]![x]!) * reconstruction.channels;
    let error = 0;
    for (const each of channels) {
      const difference = reconstruction.samples[its + each]! * other - original.samples[at + each]! * one;
      error += scale.metric === 'signed' ? difference : Math.abs(difference);
    }
    return Math.min(1, Math.max(0, scale.metric === 'signed' ? 0.5 + 0.5 * error * gain : error * gain));
  };
  return fill([width, height, depth], 'byte', maximumExtent, value, abandoned);
}

/** The number of half float bits, for 0 and positive normal numbers up to 1. */
export function fromHalf(bits: number): number {
  return bits < 1024 ? bits / 2 ** 24 : (1 + (bits & 1023) / 1024) * 2 ** ((bits >> 10) - 15);
}

/** The lowest and highest value of every cell; null when `abandoned`. Bits of half floats grow with their numbers. */
export async function cellsOf(texels: VolumeTexels, abandoned: () => boolean): Promise<Cells | null> {
  const [width, height, depth] = texels.size;
  const { data } = texels;
  const size = texels.size.map((extent) => Math.ceil(extent / CELL)) as [number, number, number];
  const [columns, rows, slices] = size;
  const low = new Uint16Array(columns * rows * slices).fill(65535);
  const high = new Uint16Array(columns * rows * slices);
  const lowRow = new Uint16Array(columns);
  const highRow = new Uint16Array(columns);
  let done = 0;
  for (let z = 0; z < depth; z++) {
    // A plane of texels belongs to its own cell, and as an apron to the neighbour that it touches.
    const cellZ = reach(z, slices);
    for (let y = 0; y < height; y++) {
      const row = (z * height + y) * width;
      for (let cell = 0; cell < columns; cell++) {
        let [least, most] = [65535, 0];
        const end = Math.min(width, (cell + 1) * CELL + 1);
        for (let x = Math.max(0, cell * CELL - 1); x < end; x++) {
          const value = data[row + x]!;
          if (value < least) least = value;
          if (value > most) most = value;
        }
        lowRow[cell] = least;
        highRow[cell] = most;
      }
      const cellY = reach(y, rows);
      for (const k of cellZ) {
        for (const j of cellY) {
          const base = (k * rows + j) * columns;
          for (let cell = 0; cell < columns; cell++) {
            if (lowRow[cell]! < low[base + cell]!) low[base + cell] = lowRow[cell]!;
            if (highRow[cell]! > high[base + cell]!) high[base + cell] = highRow[cell]!;
          }
        }
      }
    }
    done += width * height;
    if (done > SLICE_VOXELS) {
      done = 0;
      await pause();
      if (abandoned()) return null;
    }
  }
  const half = texels.kind === 'half';
  return {
    size,
    low: Uint8Array.from(low, (value) => (half ? Math.floor(255 * fromHalf(value)) : value)),
    high: Uint8Array.from(high, (value) => (half ? Math.ceil(255 * fromHalf(value)) : value)),
  };
}

/** The cells along an axis that the plane of texels at `index` belongs to. */
function reach(index: number, cells: number): number[] {
  const own = Math.floor(index / CELL);
  const rest = index % CELL;
  if (rest === 0 && own > 0) return [own - 1, own];
  return rest === CELL - 1 && own < cells - 1 ? [own, own + 1] : [own];
}

/**
 * What the marcher reads for each cell: 0 where nothing would be drawn. For 'maximum' and 'average' the highest value, which the marcher
 * compares with what it has; else 255 where the table (transferTable) has opacity, or the level is reached.
 */
export function cellContents(cells: Cells, technique: Technique, table: Uint8Array, level: number): Uint8Array {
  switch (technique) {
    case 'maximum':
    case 'average':
      return cells.high;
    case 'surface':
      return cells.high.map((high) => (high / 255 >= level - 1 / 255 ? 255 : 0));
    case 'composite': {
      // Entries with opacity below each: a range has some where the count grows.
      const visible = new Uint16Array(TABLE_ENTRIES + 1);
      for (let index = 0; index < TABLE_ENTRIES; index++) visible[index + 1] = visible[index]! + (table[4 * index + 3]! > 0 ? 1 : 0);
      return cells.high.map((high, index) => {
        const from = Math.max(0, Math.floor((cells.low[index]! / 255) * (TABLE_ENTRIES - 1)) - 1);
        const to = Math.min(TABLE_ENTRIES, Math.ceil((high / 255) * (TABLE_ENTRIES - 1)) + 2);
        return visible[to]! > visible[from]! ? 255 : 0;
      });
    }
    default:
      return technique satisfies never;
  }
}
