/**
 * Which grid points a step sees: pure functions of (seed, step, element), the same in TypeScript, WebAssembly and WGSL. All words are
 * unsigned 32-bit integers and their sums wrap around.
 *
 * - uniform: with replacement, index = floor(word * points / 2^32), word = pcg3d(seed, step, element).
 * - stratified: the circle of 2^32 words is cut into `batch` arcs of T = floor(2^32 / batch), turned by a random angle every 64 steps;
 *   element e draws from arc e: word = angle + e T + floor(w T / 2^32), angle = pcg3d(seed, floor(step / 64), 2^32 - 1). Within its arc
 *   an element goes in steps of the golden ratio, w = pcg3d(seed, STRATUM, e) + step * 2654435769, which fills the arc evenly however
 *   long one looks: successive batches see different points, and the noise of their gradients cancels over a few steps. Points
 *   are in raster order, so a batch covers the grid evenly, and elements that follow each other lie near each other. Measured on a
 *   SIREN of 5 x 64 and a 256 x 256 photograph, 1000 steps of Adam with batches of 4096: uniform 30.43 dB, a fresh random
 *   point of every arc 30.58 dB, golden steps 30.94 dB.
 * - full: element e is point e, every step; the batch is the number of points.
 * - error: more often where the model is wrong, see importance.ts; the words that choose the cells are the stratified ones, so a batch
 *   covers the errors evenly.
 */
import type { FitPlan } from './config';
import { cellOf, drawInCell, type DrawTable } from './importance';
import { batchIndex, pcg3d, scaleToRange } from './random';

/** Largest number of points that full batches take: beyond it a step takes seconds. */
export const LARGEST_FULL_BATCH = 2 ** 24;

/** Samples that one step sees on a grid of `points` points. */
export function effectiveBatch(plan: Pick<FitPlan, 'batch' | 'sampling'>, points: number): number {
  return plan.sampling.kind === 'full' ? points : plan.batch;
}

/**
 * null when a plan can run on a grid of `points` points, or where `listed` on a list of so many (a surface), else one sentence that says
 * why not and what works instead. In a list neighbours mean nothing, so its draws are uniform or full.
 */
export function planRefusal({ sampling }: Pick<FitPlan, 'batch' | 'sampling'>, points: number, listed = false): string | null {
  const { kind } = sampling;
  if (listed && (kind === 'stratified' || kind === 'error')) {
    return `${kind === 'error' ? 'Error-driven' : 'Stratified'} sampling goes by the neighbours in a grid, and these samples are a list of points; choose uniform sampling.`;
  }
  if (kind !== 'full' || points <= LARGEST_FULL_BATCH) return null;
  const signal = `${listed ? 'this list' : 'this signal'} has ${points.toLocaleString('en')}`;
  return `Full batches end at ${LARGEST_FULL_BATCH.toLocaleString('en')} points and ${signal}; choose ${listed ? 'uniform' : 'stratified'} sampling.`;
}

/** Length of an arc of stratified sampling. */
export function arcLength(batch: number): number {
  return Math.floor(2 ** 32 / batch);
}

/** Stream of the first words of the arcs, 'STRA'. */
export const STRATUM_STREAM = 0x53545241;

/** 2^32 divided by the golden ratio. */
export const GOLDEN_STEP = 2654435769;

/** Steps between two turns of the circle, as a power of two. */
export const TURN_SHIFT = 6;

/** Stratified word of element `element`. */
export function stratifiedWord(seed: number, step: number, element: number, batch: number): number {
  const arc = arcLength(batch);
  const within = scaleToRange((pcg3d(seed, STRATUM_STREAM, element) + Math.imul(step, GOLDEN_STEP)) >>> 0, arc);
  return (pcg3d(seed, step >>> TURN_SHIFT, 0xffffffff) + Math.imul(element, arc) + within) >>> 0;
}

/** Grid index of element `element` of the batch of `step` (0-based). `table`: the current one of error-driven sampling. */
export function drawIndex(plan: Pick<FitPlan, 'batch' | 'sampling'>, seed: number, step: number, element: number, points: number, table?: DrawTable): number {
  switch (plan.sampling.kind) {
    case 'uniform':
      return batchIndex(seed, step, element, points);
    case 'stratified':
      return scaleToRange(stratifiedWord(seed, step, element, plan.batch), points);
    case 'full':
      return element;
    case 'error': {
      if (!table) return batchIndex(seed, step, element, points);
      return drawInCell(table, cellOf(table, stratifiedWord(seed, step, element, plan.batch)), seed, step, element);
    }
    default:
      return plan.sampling satisfies never;
  }
}
