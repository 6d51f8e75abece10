/**
 * Exact sample values under the cursor, taken from the arrays and never from the screen: a 16-bit sample reads as the 16-bit
 * number that it is, whatever precision it is drawn with.
 *
 * A reconstruction may be coarser than the original (a preview that is still growing): the sample whose cell contains the
 * centre of the original's sample is read. Errors are given in sample units of 255, for both sample types, as the colour
 * scale has them.
 */
import { sampleMaximum, type SampleType } from '#core/signal/signal';
import type { ErrorMetric, Extent } from './view';

/** Samples on a grid, interleaved, x fastest. The last channel is alpha where `alpha` says so. */
export interface Picture {
  readonly size: Extent;
  readonly channels: number;
  readonly type: SampleType;
  readonly samples: Uint8Array | Uint16Array;
  readonly alpha: boolean;
}

export interface Readout {
  /** Column and row of the sample in the original, counted from 0. */
  readonly x: number;
  readonly y: number;
  /** Raw sample values, one a channel; null where there is no original (a file that was opened). */
  readonly original: readonly number[] | null;
  readonly reconstruction: readonly number[] | null;
  /** reconstruction - original by channel, in raw sample values of the original. */
  readonly difference: readonly number[] | null;
  /** The error as the map shows it, in sample units of 255 (squared for 'squared'). */
  readonly error: number | null;
}

/** Index of the sample of a grid with `to` samples that covers sample `index` of a grid with `from` samples. */
export function coveringIndex(index: number, from: number, to: number): number {
  return Math.min(to - 1, Math.floor(((index + 0.5) * to) / from));
}

/** The channels of one sample. */
export function samplesAt(picture: Picture, x: number, y: number): number[] {
  const at = (y * picture.size[0] + x) * picture.channels;
  return Array.from(picture.samples.subarray(at, at + picture.channels));
}

/** Mean over the channels of the error of one sample; all values in [0, 255]. */
export function errorOf(metric: ErrorMetric, original: readonly number[], reconstruction: readonly number[]): number {
  const channels = Math.min(original.length, reconstruction.length);
  let sum = 0;
  for (let channel = 0; channel < channels; channel++) {
    const difference = reconstruction[channel]! - original[channel]!;
    sum += metric === 'signed' ? difference : metric === 'squared' ? difference * difference : Math.abs(difference);
  }
  return channels === 0 ? 0 : sum / channels;
}

/** Everything known about sample (x, y) of the frame `size`. */
export function readoutAt(
  original: Picture | null,
  reconstruction: Picture | null,
  size: Extent,
  x: number,
  y: number,
  metric: ErrorMetric,
): Readout {
  const first = original && samplesAt(original, coveringIndex(x, size[0], original.size[0]), coveringIndex(y, size[1], original.size[1]));
  const second =
    reconstruction &&
    samplesAt(reconstruction, coveringIndex(x, size[0], reconstruction.size[0]), coveringIndex(y, size[1], reconstruction.size[1]));
  if (!original || !reconstruction || !first || !second) {
    return { x, y, original: first, reconstruction: second, difference: null, error: null };
  }
  const from = 255 / sampleMaximum(original.type);
  const to = 255 / sampleMaximum(reconstruction.type);
  const scaled = second.map((value) => value * to);
  return {
    x,
    y,
    original: first,
    reconstruction: second,
    difference: first.map((value, channel) => (scaled[channel] ?? 0) / from - value).map((value) => Math.round(value * 100) / 100),
    error: errorOf(
      metric,
      first.map((value) => value * from),
      scaled,
    ),
  };
}
