/**
 * Structural similarity, on the luma plane (luma.ts), with an 11 x 11 Gaussian window of sigma 1.5, K1 = 0.01, K2 = 0.03 and
 * dynamic range 1, averaged over the positions where the window fits (no padding, no downsampling before).
 *
 * - SSIM: Wang, Bovik, Sheikh, Simoncelli, "Image Quality Assessment: From Error Visibility to Structural Similarity", 2004.
 * - MS-SSIM: Wang, Simoncelli, Bovik, "Multiscale Structural Similarity for Image Quality Assessment", 2003: five scales,
 *   contrast-structure at each, luminance at the coarsest, 2 x 2 means between them. A negative mean counts as 0.
 *
 * The window is separable. Rows pass once: each is filtered across, eleven such rows are kept, and each output row is filtered
 * down from them. Four moments are enough, since SSIM needs only the sum of the variances: x, y, x^2 + y^2, x y.
 * The work is cut into slices with pauses between, so that a thread that must answer can do it in the background.
 */
import { halve, lumaPlane, type Picture, type Plane } from './luma';

const RADIUS = 5;
const WINDOW = 2 * RADIUS + 1;
const C1 = 0.01 ** 2;
const C2 = 0.03 ** 2;
const SCALE_WEIGHTS = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333] as const;
const SLICE_MILLISECONDS = 25;

/** Half of the symmetric window: weight of the centre, then of distance 1 to 5; the whole sums to 1. */
const WEIGHTS: readonly number[] = (() => {
  const raw = Array.from({ length: RADIUS + 1 }, (_, distance) => Math.exp(-(distance * distance) / (2 * 1.5 * 1.5)));
  const sum = raw.reduce((total, weight, distance) => total + (distance === 0 ? weight : 2 * weight), 0);
  return raw.map((weight) => weight / sum);
})();

export interface MetricOptions {
  /** Stops the work with an AbortError. */
  readonly signal?: AbortSignal;
}

interface Similarity {
  /** Mean of luminance x contrast x structure. */
  readonly ssim: number;
  /** Mean of contrast x structure. */
  readonly contrastStructure: number;
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** Filters one row of the four moments across, into row `slot` of the ring. */
function filterAcross(a: Plane, b: Plane, y: number, scratch: readonly Float64Array[], ring: readonly Float64Array[], slot: number): void {
  const { width } = a;
  const columns = width - 2 * RADIUS;
  const [sa, sb, ss, sp] = scratch as [Float64Array, Float64Array, Float64Array, Float64Array];
  const from = y * width;
  for (let x = 0; x < width; x++) {
    const p = a.values[from + x]!;
    const q = b.values[from + x]!;
    sa[x] = p;
    sb[x] = q;
    ss[x] = p * p + q * q;
    sp[x] = p * q;
  }
  const [w0, w1, w2, w3, w4, w5] = WEIGHTS as [number, number, number, number, number, number];
  const to = slot * columns;
  for (let moment = 0; moment < 4; moment++) {
    const source = scratch[moment]!;
    const target = ring[moment]!;
    for (let x = 0; x < columns; x++) {
      target[to + x] =
        w0 * source[x + 5]! +
        w1 * (source[x + 4]! + source[x + 6]!) +
        w2 * (source[x + 3]! + source[x + 7]!) +
        w3 * (source[x + 2]! + source[x + 8]!) +
        w4 * (source[x + 1]! + source[x + 9]!) +
        w5 * (source[x]! + source[x + 10]!);
    }
  }
}

/** Filters the ring down into `row`; `first` is the slot of the topmost row. */
function filterDown(ring: Float64Array, columns: number, first: number, row: Float64Array): void {
  row.fill(0);
  for (let line = 0; line < WINDOW; line++) {
    const weight = WEIGHTS[Math.abs(line - RADIUS)]!;
    const from = ((first + line) % WINDOW) * columns;
    for (let x = 0; x < columns; x++) row[x]! += weight * ring[from + x]!;
  }
}

/** Both means over all window positions. The planes have the same size, at least 11 x 11. */
async function similarity(a: Plane, b: Plane, options: MetricOptions): Promise<Similarity> {
  const columns = a.width - 2 * RADIUS;
  const rows = a.height - 2 * RADIUS;
  const scratch = Array.from({ length: 4 }, () => new Float64Array(a.width));
  const ring = Array.from({ length: 4 }, () => new Float64Array(WINDOW * columns));
  const lines = Array.from({ length: 4 }, () => new Float64Array(columns));
  const [meanA, meanB, meanSquares, meanProduct] = lines as [Float64Array, Float64Array, Float64Array, Float64Array];
  let ssimSum = 0;
  let structureSum = 0;
  let sliceBegan = performance.now();
  for (let y = 0; y < a.height; y++) {
    filterAcross(a, b, y, scratch, ring, y % WINDOW);
    if (y < WINDOW - 1) continue;
    for (let moment = 0; moment < 4; moment++) filterDown(ring[moment]!, columns, (y + 1) % WINDOW, lines[moment]!);
    for (let x = 0; x < columns; x++) {
      const product = meanA[x]! * meanB[x]!;
      const squares = meanA[x]! * meanA[x]! + meanB[x]! * meanB[x]!;
      const structure = (2 * (meanProduct[x]! - product) + C2) / (meanSquares[x]! - squares + C2);
      structureSum += structure;
      ssimSum += (structure * (2 * product + C1)) / (squares + C1);
    }
    if (performance.now() - sliceBegan > SLICE_MILLISECONDS) {
      await pause();
      options.signal?.throwIfAborted();
      sliceBegan = performance.now();
    }
  }
  const positions = columns * rows;
  return { ssim: ssimSum / positions, contrastStructure: structureSum / positions };
}

function planes(reference: Picture, other: Picture): [Plane, Plane] | null {
  if (reference.size.join() !== other.size.join()) throw new RangeError(`Cannot compare ${reference.size.join('x')} with ${other.size.join('x')}.`);
  const a = lumaPlane(reference);
  const b = lumaPlane(other);
  return a && b ? [a, b] : null;
}

const tooSmall = (plane: Plane): boolean => Math.min(plane.width, plane.height) < WINDOW;

/** SSIM of the luma planes in [-1, 1], 1 when identical; null when the picture is smaller than 11 x 11 or not two-dimensional. */
export async function ssim(reference: Picture, other: Picture, options: MetricOptions = {}): Promise<number | null> {
  const pair = planes(reference, other);
  if (!pair || tooSmall(pair[0])) return null;
  return (await similarity(...pair, options)).ssim;
}

/** SSIM and MS-SSIM in one pass, since the finest scale is common to both. msSsim is null when a side is shorter than 176. */
export async function structuralSimilarity(
  reference: Picture,
  other: Picture,
  options: MetricOptions = {},
): Promise<{ ssim: number | null; msSsim: number | null }> {
  const pair = planes(reference, other);
  if (!pair || tooSmall(pair[0])) return { ssim: null, msSsim: null };
  let [a, b] = pair;
  const finest = await similarity(a, b, options);
  if (Math.min(a.width, a.height) < WINDOW * 2 ** (SCALE_WEIGHTS.length - 1)) return { ssim: finest.ssim, msSsim: null };
  let product = Math.max(0, finest.contrastStructure) ** SCALE_WEIGHTS[0];
  for (let scale = 1; scale < SCALE_WEIGHTS.length; scale++) {
    a = halve(a);
    b = halve(b);
    const { ssim: full, contrastStructure } = await similarity(a, b, options);
    const last = scale === SCALE_WEIGHTS.length - 1;
    product *= Math.max(0, last ? full : contrastStructure) ** SCALE_WEIGHTS[scale]!;
  }
  return { ssim: finest.ssim, msSsim: product };
}

/** MS-SSIM of the luma planes in [0, 1]; null when a side is shorter than 176 (the window would not fit at the coarsest scale). */
export async function msSsim(reference: Picture, other: Picture, options: MetricOptions = {}): Promise<number | null> {
  return (await structuralSimilarity(reference, other, options)).msSsim;
}
