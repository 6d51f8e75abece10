/**
 * How often the values of a volume occur, and what follows from it: the window, a threshold, the curve behind the transfer function. Bins
 * split the range of codes evenly. Volumes of more than SAMPLED voxels are counted at evenly spaced places: what is drawn does not change.
 */
import { sampleMaximum } from '#core/signal/signal';
import { drawnChannel, type VolumePicture } from './volume-view';

export const BINS = 256;
const SAMPLED = 1 << 23;

export interface Histogram {
  /** BINS counts. */
  readonly counts: Float64Array;
  readonly total: number;
}

/** Counts the values of one channel, or of the mean of the first three (-1). */
export function histogramOf(picture: Pick<VolumePicture, 'samples' | 'channels' | 'type'>, channel: number): Histogram {
  const { samples, channels, type } = picture;
  const counts = new Float64Array(BINS);
  const voxels = Math.floor(samples.length / channels);
  // An odd stride meets every phase of rows and slices.
  const stride = voxels > SAMPLED ? Math.ceil(voxels / SAMPLED) | 1 : 1;
  const factor = BINS / (sampleMaximum(type) + 1);
  let total = 0;
  for (let voxel = 0; voxel < voxels; voxel += stride) {
    const at = voxel * channels;
    const code = channel < 0 ? (samples[at]! + samples[at + 1]! + samples[at + 2]!) / 3 : samples[at + channel]!;
    counts[Math.floor(code * factor)]!++;
    total++;
  }
  return { counts, total };
}

const known = new WeakMap<object, Map<number, Histogram>>();

/** histogramOf, once for each picture and channel. */
export function histogramFor(picture: VolumePicture, channel: number | 'rgb'): Histogram {
  const drawn = drawnChannel(channel, picture.channels);
  const mine = known.get(picture.samples) ?? new Map<number, Histogram>();
  known.set(picture.samples, mine);
  const found = mine.get(drawn) ?? histogramOf(picture, drawn);
  mine.set(drawn, found);
  return found;
}

/** The lowest value (fraction of the range) that `share` of the voxels lie below, to a bin. */
export function percentile(histogram: Histogram, share: number): number {
  const wanted = share * histogram.total;
  let below = 0;
  for (let bin = 0; bin < BINS; bin++) {
    below += histogram.counts[bin]!;
    if (below >= wanted) return bin / (BINS - 1);
  }
  return 1;
}

/**
 * The window that shows most of what is there: from the half to the 99.9th per cent of the voxels that are not background (the fullest bin
 * at the lower end, where volumes keep their air).
 */
export function automaticWindow(histogram: Histogram): [number, number] {
  const { counts, total } = histogram;
  let first = 0;
  while (first < BINS - 1 && counts[first] === 0) first++;
  const air = counts[first]! > 0.2 * total ? counts[first]! / total : 0;
  const low = percentile(histogram, air > 0 ? 0.001 : 0.005);
  const high = percentile(histogram, 1 - 0.001 * (1 - air));
  const least = 2 / BINS;
  if (high - low >= least) return [low, high];
  const start = Math.min(1 - least, Math.max(0, (low + high - least) / 2));
  return [start, start + least];
}

/** The value that parts the histogram in two classes with the largest variance between them (Otsu 1979), as a fraction of the range. */
export function otsuThreshold({ counts, total }: Histogram): number {
  let sum = 0;
  for (let bin = 0; bin < BINS; bin++) sum += bin * counts[bin]!;
  let [below, sumBelow, best, threshold] = [0, 0, -1, 0];
  for (let bin = 0; bin < BINS - 1; bin++) {
    below += counts[bin]!;
    sumBelow += bin * counts[bin]!;
    if (below === 0 || below === total) continue;
    const difference = sumBelow / below - (sum - sumBelow) / (total - below);
    const variance = below * (total - below) * difference * difference;
    if (variance > best) [best, threshold] = [variance, bin + 1];
  }
  return threshold / BINS;
}

/** Heights from 0 to 1 of the bins on a logarithmic scale: rare values stay visible beside the background. */
export function logHeights({ counts }: Histogram): number[] {
  const top = Math.log1p(Math.max(...counts));
  return Array.from(counts, (count) => (top > 0 ? Math.log1p(count) / top : 0));
}
