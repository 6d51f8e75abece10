/**
 * Error-driven sampling: points are drawn more often where the model is wrong. Evolutionary pixel selection (EVOS, Zhang et al.
 * 2025) keeps the fittest pixels; here every point keeps a chance, so nothing is forgotten for good.
 *
 * The points in raster order are cut into cells of equal length. Every `refresh` steps the model is evaluated at one random point of
 * each cell (at every point where there are as many cells), and cell c gets the probability
 *
 *     p_c = uniform / cells + (1 - uniform) * e_c / sum of e,    e_c = mean over the channels of |y - t|.
 *
 * Probabilities become a cumulative table of 32-bit words; a draw is a binary search in it. Table and draws depend on seed, step
 * and the model's values alone, so two runs on one engine see the same points; engines differ in the last bits of the values.
 */
import { pcg3d, scaleToRange } from './random';

/** Most cells of a table: beyond it a table costs more to make than it gains. */
export const LARGEST_TABLE = 65536;

/** Stream of the draws within cells, 'CELL'. */
export const CELL_STREAM = 0x43454c4c;

export interface DrawTable {
  readonly points: number;
  /** Points of a cell; the last one may have fewer. */
  readonly cellPoints: number;
  /** limits[c]: the first word above cell c; ascending, the last is 2^32 - 1. */
  readonly limits: Uint32Array;
}

/** Points of a cell on a grid of `points` points. */
export function cellPointsFor(points: number): number {
  return Math.ceil(points / LARGEST_TABLE);
}

/** The point of each cell at which the model is looked at before step `step`. */
export function probePoints(seed: number, step: number, points: number): Uint32Array {
  const cellPoints = cellPointsFor(points);
  return Uint32Array.from({ length: Math.ceil(points / cellPoints) }, (_, cell) => {
    const first = cell * cellPoints;
    const within = scaleToRange(pcg3d(seed ^ CELL_STREAM, step, cell), Math.min(cellPoints, points - first));
    return first + within;
  });
}

/** The table for errors e_c >= 0, one a cell; errors that are not finite count as 0. `uniformShare` in (0, 1]. */
export function drawTable(errors: ArrayLike<number>, uniformShare: number, points: number): DrawTable {
  const cells = errors.length;
  const sizes = Float64Array.from(errors, (error) => (Number.isFinite(error) ? error : 0));
  const total = sizes.reduce((sum, error) => sum + error, 0);
  const share = total > 0 ? uniformShare : 1;
  const limits = new Uint32Array(cells);
  let sum = 0;
  for (let cell = 0; cell < cells; cell++) {
    sum += share / cells + (total > 0 ? ((1 - share) * sizes[cell]!) / total : 0);
    limits[cell] = Math.min(0xffffffff, Math.floor(sum * 2 ** 32));
  }
  limits[cells - 1] = 0xffffffff;
  return { points, cellPoints: cellPointsFor(points), limits };
}

/** The table with these limits, null where they are none for so many points. */
export function tableOf(limits: Uint32Array, points: number): DrawTable | null {
  const cellPoints = cellPointsFor(points);
  const fits = limits.length === Math.ceil(points / cellPoints) && limits.at(-1) === 0xffffffff && limits.every((limit, cell) => cell === 0 || limit >= limits[cell - 1]!);
  return fits ? { points, cellPoints, limits } : null;
}

/** The cell that a word falls into: the first whose limit is above it, else the last. */
export function cellOf({ limits }: DrawTable, word: number): number {
  let low = 0;
  let high = limits.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (word < limits[middle]!) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** A uniform point of a cell, by a second draw of the same element. */
export function drawInCell({ points, cellPoints }: DrawTable, cell: number, seed: number, step: number, element: number): number {
  const first = cell * cellPoints;
  return first + scaleToRange(pcg3d(seed ^ CELL_STREAM, element, step), Math.min(cellPoints, points - first));
}
