/**
 * Integers of a brick back to wavelet coefficients, and what an encoder tells for it.
 *
 * A band's step is the residual's step over the norm of the band, in 1/64 of a coefficient's unit. Decoded magnitude of an integer q > 0:
 * (q + offset / 32) * step, with one offset for q = 1 and one for q > 1 for each level: the means of what was rounded there. They follow the
 * integers in the message, 5 bits each.
 */
import type { BinaryCoder } from '../range-coder';
import { SCALE, type Band, type Extents } from './wavelet';

/** Steps of residuals are in 1/256 of a code. */
export const STEP_UNITS = 256;
/** Steps of bands are in 1/64 of a coefficient's unit. */
export const FINE = 64;
const OFFSET_BITS = 5;
const OFFSET_UNITS = 32;
const LARGEST_COEFFICIENT = 2 ** 30;

/** Calls `visit` for each coefficient of a band. */
function eachCoefficient(band: Band, size: Extents, visit: (place: number) => void): void {
  for (let z = band.at[2]; z < band.at[2] + band.size[2]; z++) {
    for (let y = band.at[1]; y < band.at[1] + band.size[1]; y++) {
      const row = size[0] * (y + size[1] * z);
      for (let x = band.at[0]; x < band.at[0] + band.size[0]; x++) visit(row + x);
    }
  }
}

/** Step of a band's coefficients in 1/64, for a residual's step in 1/256 of a code. The dividend is exact, the quotient one rounded division. */
export const bandStep = (band: Band, units: number): number => Math.max(1, Math.floor((units * ((SCALE * FINE) / STEP_UNITS) * 2 ** 42) / band.norm + 0.5));

/** Offsets of a brick whose coarsest level is that of the bands. */
export const newOffsets = (bands: readonly Band[]): Int32Array => new Int32Array(2 * (bands[0]!.level + 1));

/** Means of what rounding took from ones (even places) and greater integers (odd), for each level, in 1/32 step from -16 to 15. */
export function meanOffsets(bands: readonly Band[], steps: readonly number[], size: Extents, coefficients: Int32Array, integers: Int32Array): Int32Array {
  const offsets = newOffsets(bands);
  const sums = new Float64Array(offsets.length);
  const counts = new Uint32Array(offsets.length);
  bands.forEach((band, index) => {
    const step = steps[index]!;
    eachCoefficient(band, size, (place) => {
      const magnitude = Math.abs(integers[place]!);
      if (magnitude === 0) return;
      const slot = 2 * band.level + (magnitude > 1 ? 1 : 0);
      sums[slot]! += Math.abs(coefficients[place]!) / step - magnitude;
      counts[slot]!++;
    });
  });
  return offsets.map((_, slot) => Math.max(-16, Math.min(15, Math.round((OFFSET_UNITS * sums[slot]!) / Math.max(1, counts[slot]!)))));
}

export function codeOffsets(coder: BinaryCoder, offsets: Int32Array): void {
  for (let slot = 0; slot < offsets.length; slot++) offsets[slot] = coder.uniform(offsets[slot]! + OFFSET_UNITS / 2, OFFSET_BITS) - OFFSET_UNITS / 2;
}

/** Integers to coefficients, in place. Products of what an encoder writes are below 2^53; hostile ones are rounded as doubles are, then bounded. */
export function dequantize(bands: readonly Band[], units: number, size: Extents, integers: Int32Array, offsets: Int32Array): void {
  for (const band of bands) {
    const step = bandStep(band, units);
    const [first, others] = [offsets[2 * band.level]!, offsets[2 * band.level + 1]!];
    eachCoefficient(band, size, (place) => {
      const integer = integers[place]!;
      if (integer === 0) return;
      const magnitude = Math.abs(integer);
      const value = Math.floor(((OFFSET_UNITS * magnitude + (magnitude === 1 ? first : others)) * step) / (OFFSET_UNITS * FINE) + 0.5);
      const bounded = Math.min(LARGEST_COEFFICIENT, value);
      integers[place] = integer < 0 ? -bounded : bounded;
    });
  }
}
