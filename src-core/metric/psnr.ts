/**
 * Peak signal-to-noise ratio over all channels (alpha included), in sample units: 10 log10(maximum^2 / MSE) with maximum 255 or
 * 65535. Identical samples have an infinite PSNR, which JSON cannot hold: it is null here and everywhere in the project.
 */
import { sampleMaximum, type SampleType } from '../signal/signal';

type Samples = Uint8Array | Uint16Array;

/** Sums are closed after this many samples: 2^16 squares of 16-bit differences stay exact in float64 (2^48). */
const BLOCK = 65536;

/**
 * Mean squared error in sample units squared. Both arrays have the same length, at least 1.
 * Throws RangeError when they have not: comparing pictures of different sizes is a fault of the caller.
 */
export function meanSquaredError(reference: Samples, samples: Samples): number {
  if (reference.length !== samples.length) throw new RangeError(`Cannot compare ${reference.length} with ${samples.length} samples.`);
  if (reference.length === 0) throw new RangeError('Cannot compare nothing.');
  let total = 0;
  for (let start = 0; start < reference.length; start += BLOCK) {
    const end = Math.min(reference.length, start + BLOCK);
    let sum = 0;
    for (let i = start; i < end; i++) {
      const difference = reference[i]! - samples[i]!;
      sum += difference * difference;
    }
    total += sum;
  }
  return total / reference.length;
}

/** dB from a mean squared error in sample units; null when it is 0 (identical). */
export function decibels(meanSquared: number, type: SampleType): number | null {
  const maximum = sampleMaximum(type);
  return meanSquared === 0 ? null : 10 * Math.log10((maximum * maximum) / meanSquared);
}

/** PSNR in dB of `samples` against `reference`; null when they are identical. */
export function psnr(reference: Samples, samples: Samples, type: SampleType): number | null {
  return decibels(meanSquaredError(reference, samples), type);
}
