import { meshPicture } from '#core/signal/mesh-picture';
import { sampleMaximum } from '#core/signal/signal';
import type { SignalInfo } from '#main/ipc/contract';

export type Thumbnail = ReturnType<typeof thumbnail>;

/** Pixels a side of the pictures in lists. */
const EXTENT = 112;

export interface Grid {
  readonly size: readonly number[];
  readonly channels: number;
  readonly type: 'uint8' | 'uint16';
  readonly alpha: boolean;
  readonly samples: ArrayLike<number>;
}

/**
 * A small RGBA picture of a grid, at most `extent` pixels a side. Each pixel is the mean of up to 3x3 evenly spread samples
 * of its cell: a bounded cost, whatever the size of the picture.
 */
export function thumbnail(grid: Grid, extent: number): { width: number; height: number; data: Uint8ClampedArray<ArrayBuffer> } {
  const [width = 1, height = 1] = grid.size;
  const scale = Math.min(1, extent / Math.max(width, height));
  const outWidth = Math.max(1, Math.round(width * scale));
  const outHeight = Math.max(1, Math.round(height * scale));
  const data = new Uint8ClampedArray(outWidth * outHeight * 4);
  const { channels, samples } = grid;
  const colours = channels - (grid.alpha ? 1 : 0);
  const unit = 255 / sampleMaximum(grid.type);
  const taps = Math.min(3, Math.max(1, Math.ceil(width / outWidth)));
  const sums = new Float64Array(channels);
  for (let y = 0; y < outHeight; y++) {
    for (let x = 0; x < outWidth; x++) {
      sums.fill(0);
      for (let j = 0; j < taps; j++) {
        const sourceY = Math.min(height - 1, Math.floor(((y + (j + 0.5) / taps) * height) / outHeight));
        for (let i = 0; i < taps; i++) {
          const sourceX = Math.min(width - 1, Math.floor(((x + (i + 0.5) / taps) * width) / outWidth));
          const at = (sourceY * width + sourceX) * channels;
          for (let c = 0; c < channels; c++) sums[c]! += samples[at + c]!;
        }
      }
      const value = (channel: number): number => (sums[channel]! / (taps * taps)) * unit;
      const to = (y * outWidth + x) * 4;
      for (let c = 0; c < 3; c++) data[to + c] = value(colours >= 3 ? c : 0);
      data[to + 3] = grid.alpha ? value(channels - 1) : 255;
    }
  }
  return { width: outWidth, height: outHeight, data };
}

/** The small picture of what was opened or decoded: a picture itself, the middle slice of a volume with its contrast stretched; null of distances. */
export function thumbnailOf(facts: Pick<SignalInfo, 'kind' | 'size' | 'channels' | 'type' | 'alpha'>, samples: Uint8Array | Uint16Array): Thumbnail | null {
  if (facts.kind === 'surface') return null;
  if (facts.kind === 'grid') return thumbnail({ ...facts, samples }, EXTENT);
  const [width = 1, height = 1, depth = 1] = facts.size;
  const slice = width * height * facts.channels;
  const from = Math.floor(depth / 2) * slice;
  return stretched(thumbnail({ ...facts, size: [width, height], samples: samples.subarray(from, from + slice) }, EXTENT));
}

/** The small picture of a mesh in its cube. */
export function surfaceThumbnail({ positions, indices }: { readonly positions: Float32Array; readonly indices: Uint32Array }): Thumbnail {
  return meshPicture(positions, indices, EXTENT);
}

/** The darkest becomes black and the brightest white, in place: scans use a small part of their range. */
function stretched(picture: Thumbnail): Thumbnail {
  const { data } = picture;
  let [least, most] = [255, 0];
  for (let i = 0; i < data.length; i++) {
    if (i % 4 === 3) continue;
    least = Math.min(least, data[i]!);
    most = Math.max(most, data[i]!);
  }
  const gain = 255 / Math.max(1, most - least);
  for (let i = 0; i < data.length; i++) if (i % 4 !== 3) data[i] = (data[i]! - least) * gain;
  return picture;
}
