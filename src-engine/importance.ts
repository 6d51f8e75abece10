/**
 * Error-driven sampling as engines run it (fit/importance.ts defines it): when a table is due, and how it is made from whatever evaluates
 * the model. A table is made before every step that is a multiple of `refresh`, and before the first step that a trainer does unless it
 * goes on from a state that brings its own. It looks at the parameters that are trained, not at their average.
 */
import type { FitPlan, Sampling } from '#core/fit/config';
import { drawTable, probePoints, tableOf, type DrawTable } from '#core/fit/importance';
import { pointCount, sampleMaximum } from '#core/signal/signal';
import type { TrainerRequest, TrainingSet, TrainState } from './engine';

/** Steps of one run that draw from one table. */
export interface Stretch {
  /** Its first step, counted from the start of the run. */
  readonly first: number;
  readonly count: number;
  /** Whether a new table is due before it. */
  readonly refresh: boolean;
}

/** Cuts a run of `count` steps, the first of them step `step` of the fit, where tables are due. Other kinds of sampling: one stretch. */
export function stretches(sampling: Sampling, step: number, count: number, hasTable: boolean): Stretch[] {
  if (sampling.kind !== 'error') return count > 0 ? [{ first: 0, count, refresh: false }] : [];
  const { refresh } = sampling;
  const cut: Stretch[] = [];
  for (let first = 0; first < count; ) {
    const past = (step + first) % refresh;
    const length = Math.min(refresh - past, count - first);
    cut.push({ first, count: length, refresh: past === 0 || (first === 0 && !hasTable) });
    first += length;
  }
  return cut;
}

/** The table that a fit goes on with: that of its state, where its plan is error-driven and the state has one. */
export function resumedTable({ plan, data, state }: TrainerRequest): DrawTable | null {
  return plan.sampling.kind === 'error' && state?.drawLimits ? tableOf(state.drawLimits.slice(), pointCount(data.size)) : null;
}

/** The part of a state that brings a table along; a copy. */
export function tableState(table: DrawTable | null): Pick<TrainState, 'drawLimits'> {
  return table ? { drawLimits: table.limits.slice() } : {};
}

/** Samples in [0, 1] of the model at grid indices, interleaved channels. */
export type Probe = (indices: Uint32Array) => Promise<Float32Array>;

/** The table for the steps from `step` on. Throws when the plan's sampling is not error-driven. */
export async function errorTable(data: TrainingSet, plan: Pick<FitPlan, 'sampling'>, seed: number, step: number, probe: Probe): Promise<DrawTable> {
  const { sampling } = plan;
  if (sampling.kind !== 'error') throw new Error('Only error-driven sampling has tables.');
  const points = pointCount(data.size);
  const indices = probePoints(seed, step, points);
  const samples = await probe(indices);
  const { channels } = data;
  const maximum = sampleMaximum(data.type);
  const errors = Float64Array.from(indices, (index, cell) => {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++) {
      sum += Math.abs(samples[cell * channels + channel]! - data.samples[index * channels + channel]! / maximum);
    }
    return sum / channels;
  });
  return drawTable(errors, sampling.uniform, points);
}
