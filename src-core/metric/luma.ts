/**
 * The one plane that structural metrics look at: grey itself, or for RGB the luma of Rec. ITU-R BT.601, 0.299 R + 0.587 G +
 * 0.114 B on the coded (gamma) values, not rounded. Alpha is left out. Values are in [0, 1].
 */
import { sampleMaximum, type SampleType } from '../signal/signal';

export interface Plane {
  readonly width: number;
  readonly height: number;
  /** Row by row, width * height values. */
  readonly values: Float32Array;
}

/** A picture as metrics take it: [width, height], interleaved channels. */
export interface Picture {
  readonly size: readonly number[];
  readonly channels: number;
  readonly type: SampleType;
  readonly samples: Uint8Array | Uint16Array;
}

/** Luma plane of a two-dimensional picture with 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGBA) channels; null for anything else. */
export function lumaPlane({ size, channels, type, samples }: Picture): Plane | null {
  const [width, height] = size;
  if (size.length !== 2 || width === undefined || height === undefined || channels < 1 || channels > 4) return null;
  const scale = 1 / sampleMaximum(type);
  const values = new Float32Array(width * height);
  if (channels < 3) {
    for (let i = 0, at = 0; i < values.length; i++, at += channels) values[i] = samples[at]! * scale;
  } else {
    const red = 0.299 * scale;
    const green = 0.587 * scale;
    const blue = 0.114 * scale;
    for (let i = 0, at = 0; i < values.length; i++, at += channels) {
      values[i] = red * samples[at]! + green * samples[at + 1]! + blue * samples[at + 2]!;
    }
  }
  return { width, height, values };
}

/** Half the size in both directions: the mean of each 2 x 2 block; an odd last row or column is dropped. */
export function halve({ width, height, values }: Plane): Plane {
  const columns = width >> 1;
  const rows = height >> 1;
  const half = new Float32Array(columns * rows);
  for (let y = 0; y < rows; y++) {
    const top = 2 * y * width;
    for (let x = 0; x < columns; x++) {
      const at = top + 2 * x;
      half[y * columns + x] = 0.25 * (values[at]! + values[at + 1]! + values[at + width]! + values[at + width + 1]!);
    }
  }
  return { width: columns, height: rows, values: half };
}
