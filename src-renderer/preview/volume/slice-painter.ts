/**
 * Slices as pixels, from the codes themselves: a 16-bit volume is windowed with all of its 16 bits, and a voxel shown as a square has exactly
 * the colour of its value. One pixel a voxel; the canvas stretches it to the proportions of the box.
 *
 * A code goes through a table with one colour a code, made once for each window and map.
 */
import { sampleMaximum, type SampleType } from '#core/signal/signal';
import { coveringIndex } from '../readout';
import type { Rgb } from '../colormap';
import type { Vector } from './frame';
import { voxelAt } from './frame';
import type { SlicePlane } from './slices';
import { placeInWindow } from './transfer';
import { drawnChannel, type VolumePicture } from './volume-view';

export interface SlicePixels {
  readonly width: number;
  readonly height: number;
  /** RGBA, rows from the top. */
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}

/** Colours of all codes as 0xAABBGGRR: the bytes R, G, B, A in memory. */
export function codeColours(type: SampleType, map: readonly Rgb[], window: readonly [number, number]): Uint32Array {
  const largest = sampleMaximum(type);
  const last = map.length - 1;
  const packed = map.map(([red, green, blue]) => ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0);
  return Uint32Array.from({ length: largest + 1 }, (_, code) => packed[Math.round(Math.min(1, Math.max(0, placeInWindow(code / largest, window))) * last)]!);
}

/** How a slice is walked through: the first voxel, and steps in samples along rows and columns of the screen. */
function walk(picture: VolumePicture, plane: SlicePlane, fraction: Vector): { width: number; height: number; start: number; right: number; down: number } {
  const { size, channels } = picture;
  const strides = [channels, channels * (size[0] ?? 1), channels * (size[0] ?? 1) * (size[1] ?? 1)];
  const [width, height] = [size[plane.across] ?? 1, size[plane.down] ?? 1];
  const [right, down] = [strides[plane.across]!, strides[plane.down]!];
  let start = voxelAt(size, fraction)[plane.normal]! * strides[plane.normal]!;
  if (plane.flipAcross) start += (width - 1) * right;
  if (plane.flipDown) start += (height - 1) * down;
  return { width, height, start, right: plane.flipAcross ? -right : right, down: plane.flipDown ? -down : down };
}

/** The slice through a point. `colours` of codeColours, for the picture's type; for 'rgb' its red byte is the windowed grey. */
export function paintSlice(picture: VolumePicture, plane: SlicePlane, fraction: Vector, channel: number | 'rgb', colours: Uint32Array): SlicePixels {
  const { width, height, start, right, down } = walk(picture, plane, fraction);
  const pixels = new Uint32Array(width * height);
  const { samples } = picture;
  const drawn = drawnChannel(channel, picture.channels);
  for (let y = 0; y < height; y++) {
    let at = start + y * down;
    for (let x = 0; x < width; x++, at += right) {
      pixels[y * width + x] =
        drawn >= 0
          ? colours[samples[at + drawn]!]!
          : ((255 << 24) | ((colours[samples[at + 2]!]! & 255) << 16) | ((colours[samples[at + 1]!]! & 255) << 8) | (colours[samples[at]!]! & 255)) >>> 0;
    }
  }
  return { width, height, data: new Uint8ClampedArray(pixels.buffer) };
}

/**
 * The error of a slice on a colour scale: the original's voxels against those of the reconstruction that cover them. `maximum` is a fraction
 * of the range; several channels ('rgb') give their mean.
 */
export function paintError(
  original: VolumePicture,
  reconstruction: VolumePicture,
  plane: SlicePlane,
  fraction: Vector,
  channel: number | 'rgb',
  scale: { readonly metric: 'absolute' | 'signed'; readonly maximum: number; readonly map: readonly Rgb[] },
): SlicePixels {
  const first = walk(original, plane, fraction);
  const second = walk(reconstruction, plane, fraction);
  const drawn = drawnChannel(channel, original.channels);
  const channels = drawn >= 0 ? [drawn] : [0, 1, 2];
  const columns = Int32Array.from({ length: first.width }, (_, x) => coveringIndex(x, first.width, second.width) * second.right);
  const last = scale.map.length - 1;
  const packed = Uint32Array.from(scale.map, ([red, green, blue]) => ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0);
  const signed = scale.metric === 'signed';
  const gain = 1 / Math.max(1e-9, scale.maximum) / channels.length;
  const [one, other] = [1 / sampleMaximum(original.type), 1 / sampleMaximum(reconstruction.type)];
  const pixels = new Uint32Array(first.width * first.height);
  for (let y = 0; y < first.height; y++) {
    let at = first.start + y * first.down;
    const row = second.start + coveringIndex(y, first.height, second.height) * second.down;
    for (let x = 0; x < first.width; x++, at += first.right) {
      let error = 0;
      for (const each of channels) {
        const difference = reconstruction.samples[row + columns[x]! + each]! * other - original.samples[at + each]! * one;
        error += signed ? difference : Math.abs(difference);
      }
      const place = signed ? 0.5 + 0.5 * error * gain : error * gain;
      pixels[y * first.width + x] = packed[Math.round(Math.min(1, Math.max(0, place)) * last)]!;
    }
  }
  return { width: first.width, height: first.height, data: new Uint8ClampedArray(pixels.buffer) };
}
