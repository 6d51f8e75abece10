/**
 * Counter-based random numbers: a pure function of (seed, stream, counter), the same in TypeScript, WebAssembly and WGSL, so
 * that a batch needs no upload and every engine draws the same one. pcg3d of Jarzynski and Olano, "Hash Functions for GPU
 * Rendering", JCGT 9(3), 2020; all arithmetic modulo 2^32.
 */

/** First word of pcg3d(a, b, c), an unsigned 32-bit integer. */
export function pcg3d(a: number, b: number, c: number): number {
  let x = (Math.imul(a, 1664525) + 1013904223) | 0;
  let y = (Math.imul(b, 1664525) + 1013904223) | 0;
  let z = (Math.imul(c, 1664525) + 1013904223) | 0;
  x = (x + Math.imul(y, z)) | 0;
  y = (y + Math.imul(z, x)) | 0;
  z = (z + Math.imul(x, y)) | 0;
  x ^= x >>> 16;
  y ^= y >>> 16;
  z ^= z >>> 16;
  x = (x + Math.imul(y, z)) | 0;
  return x >>> 0;
}

/** floor(word * bound / 2^32): maps a 32-bit word to [0, bound). Exact for bound <= 2^31 (two 16-bit halves). */
export function scaleToRange(word: number, bound: number): number {
  const high = Math.floor(bound / 65536);
  const low = bound & 65535;
  const wordHigh = word >>> 16;
  const wordLow = word & 65535;
  const middle = wordHigh * low + Math.floor((wordLow * low) / 65536) + wordLow * high;
  return wordHigh * high + Math.floor(middle / 65536);
}

/** Uniform number in [0, 1) with 24 bits. */
export function uniform(seed: number, stream: number, counter: number): number {
  return (pcg3d(seed, stream, counter) >>> 8) / 16777216;
}

/**
 * Grid index of element `element` of the batch of step `step` (0-based): uniform with replacement over [0, samples).
 * sampling.ts has the other ways to draw. WGSL and WebAssembly twins must give the same index.
 */
export function batchIndex(seed: number, step: number, element: number, samples: number): number {
  return scaleToRange(pcg3d(seed, step, element), samples);
}
