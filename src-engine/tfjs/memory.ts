/** How much tfjs may keep: a step keeps every intermediate result until the gradient is done, an evaluation until its samples are. */
import type { Field } from '#core/field/field';
import { parameterLayout } from '#core/field/layout';
import type { FitPlan } from '#core/fit/config';
import { bytesPerSample } from './model';

/** Bytes of intermediate results above which a step is refused. */
const LARGEST_STEP = 1.5e9;
/** Vectors as long as the parameters that a fit and its update hold at once: parameters, gradient, moments, average and their successors. */
const VECTORS = 10;
const FEWEST_SAMPLES = 64;
/** Bytes of intermediate results of an evaluation: beside a fit there may be half as much again. */
const LARGEST_EVALUATION = 2.5e8;
/** Beyond it the calls themselves cost nothing any more. */
const MOST_EVALUATED = 16384;

const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(1);

/** Points that are evaluated at once. */
export function evaluationChunk(field: Field): number {
  return Math.min(MOST_EVALUATED, Math.max(FEWEST_SAMPLES, Math.floor(LARGEST_EVALUATION / bytesPerSample(field))));
}

/** null when a step of `batch` samples fits, else one sentence that says why not and what works instead. */
export function memoryRefusal(field: Field, plan: FitPlan, batch: number): string | null {
  const perSample = bytesPerSample(field);
  const vectors = 4 * VECTORS * parameterLayout(field).length;
  const bytes = vectors + batch * perSample;
  if (bytes <= LARGEST_STEP) return null;
  const room = (LARGEST_STEP - vectors) / perSample;
  if (room < FEWEST_SAMPLES) {
    return `The reference engine holds all parameters about ${VECTORS} times, ${gigabytes(vectors)} GB here; use a smaller network or smaller tables, or the webgpu or cpu engine.`;
  }
  const fewer = `a batch of ${2 ** Math.floor(Math.log2(room))} or fewer samples`;
  const way = plan.sampling.kind === 'full' ? `stratified sampling with ${fewer}` : fewer;
  return `The reference engine keeps all intermediate results of a step, ${gigabytes(bytes)} GB here; use ${way}, or the webgpu or cpu engine.`;
}
