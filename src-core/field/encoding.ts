import { pcg3d } from '../fit/random';

/** Stream numbers keep the uses of one seed apart. */
const FOURIER_STREAM = 0x46465f42;

/**
 * Matrix of random Fourier features, [features][inputs] row-major, in units of half-turns per unit of coordinate
 * (the phase is pi * b.x). Each entry is sigma times the centred sum of 12 uniform 16-bit integers over 2^16: variance 1,
 * normal to 2% in density (Irwin-Hall, n = 12), and exact on every machine, which the decoder needs.
 */
export function fourierMatrix(features: number, inputs: number, sigma: number, seed: number): Float32Array {
  const matrix = new Float32Array(features * inputs);
  for (let entry = 0; entry < matrix.length; entry++) {
    let sum = 0;
    for (let draw = 0; draw < 12; draw++) sum += pcg3d(seed, FOURIER_STREAM, entry * 12 + draw) >>> 16;
    matrix[entry] = Math.fround(Math.fround((sum - 6 * 65536) / 65536) * Math.fround(sigma));
  }
  return matrix;
}
