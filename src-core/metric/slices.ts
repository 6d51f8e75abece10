/**
 * SSIM of volumes: the mean over slices across the third axis, each compared as a grey picture (ssim.ts). Of more than 64 slices, 64 that are evenly
 * spread. Values are codes: over the range of the data, as the PSNR of volumes.
 */
import { ssim, type MetricOptions } from './ssim';

/** Most slices that are compared. */
export const MOST_SLICES = 64;

interface Codes {
  readonly size: readonly number[];
  readonly channels: number;
  readonly type: 'uint8' | 'uint16';
  readonly samples: Uint8Array | Uint16Array;
}

/** Mean SSIM of the first channel; null where slices are smaller than the window. Both volumes have one shape. */
export async function sliceSimilarity(reference: Codes, decoded: Uint8Array | Uint16Array, options: MetricOptions = {}): Promise<number | null> {
  const [width = 1, height = 1, depth = 1] = reference.size;
  const { channels, type } = reference;
  const area = width * height;
  const slices = Math.min(depth, MOST_SLICES);
  const plane = (samples: Uint8Array | Uint16Array, z: number) => {
    const values = samples.slice(z * area * channels, (z + 1) * area * channels);
    const first = channels === 1 ? values : values.filter((_, i) => i % channels === 0);
    return { size: [width, height], channels: 1, type, samples: first };
  };
  let sum = 0;
  for (let i = 0; i < slices; i++) {
    const z = Math.floor(((i + 0.5) * depth) / slices);
    const value = await ssim(plane(reference.samples, z), plane(decoded, z), options);
    if (value === null) return null;
    sum += value;
  }
  return sum / slices;
}
