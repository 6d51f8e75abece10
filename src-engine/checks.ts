/**
 * What every engine refuses before it works: requests whose parts do not belong together, and learning rates that are none. An engine that
 * took them would read past a buffer or fit noise without a word.
 */
import { StudioError } from '#core/errors';
import { gridOf, type Field } from '#core/field/field';
import { parameterLayout } from '#core/field/layout';
import type { FitPlan } from '#core/fit/config';
import { tableOf } from '#core/fit/importance';
import { planRefusal } from '#core/fit/sampling';
import { pointCount } from '#core/signal/signal';
import type { TrainerRequest, TrainingSet } from './engine';

const mismatch = (message: string): StudioError => new StudioError('usage', 'engine.mismatch', message);

/** Throws StudioError 'usage'/'engine.mismatch' unless there are as many parameters as the field has. */
export function requireParameters(field: Field, parameters: Float32Array): void {
  const { length } = parameterLayout(field);
  if (parameters.length !== length) throw mismatch(`The network has ${length} parameters, but ${parameters.length} were given.`);
}

/** Throws StudioError 'usage'/'engine.mismatch' for data of another shape than the field's, or with samples missing, too many or of another type. */
export function requireData(field: Field, { size, channels, type, samples }: TrainingSet): void {
  if (channels !== field.outputs || size.length !== field.inputs) {
    throw mismatch(`The field maps ${field.inputs} coordinates to ${field.outputs} channels, but the data has ${size.length} axes and ${channels} channels.`);
  }
  const bytes = type === 'uint8' ? 1 : 2;
  if (samples.length !== pointCount(size) * channels || samples.BYTES_PER_ELEMENT !== bytes) {
    const needed = `A grid of ${size.join(' x ')} points with ${channels} channels of ${8 * bytes} bits has ${pointCount(size) * channels} samples`;
    throw mismatch(`${needed}, but ${samples.length} samples of ${8 * samples.BYTES_PER_ELEMENT} bits were given.`);
  }
}

/**
 * Throws StudioError 'usage': 'engine.mismatch' where data or state do not belong to the field, 'engine.plan' where the plan cannot
 * run on so many points.
 */
export function requireTrainable({ field, plan, data, state }: TrainerRequest): void {
  requireData(field, data);
  const { length } = parameterLayout(field);
  if (state && [state.parameters, state.moment1, state.moment2, state.average ?? state.parameters].some((vector) => vector.length !== length)) {
    throw mismatch('The checkpoint belongs to another network.');
  }
  const points = pointCount(data.size);
  if (plan.sampling.kind === 'error' && state?.drawLimits && !tableOf(state.drawLimits, points)) throw mismatch('The checkpoint belongs to another signal: its table of draws has other cells.');
  const refused = planRefusal(plan, points);
  if (refused) throw new StudioError('usage', 'engine.plan', refused);
}

/** Throws StudioError 'usage'/'engine.rate' unless every learning rate is a number from 0. */
export function requireRates(rates: Float32Array): void {
  const wrong = rates.find((rate) => !(rate >= 0 && rate < Infinity));
  if (wrong !== undefined) throw new StudioError('usage', 'engine.rate', `A learning rate is ${wrong}; it must be a number from 0.`);
}

/** Why no engine fits swarms of such fields by such a plan, in one sentence; null where an engine may. */
export function commonSwarmRefusal(field: Field, plan: FitPlan): string | null {
  if (gridOf(field.encoding)) return 'Swarms have no kernel for trainable grids; choose another encoding, or fit the members one by one.';
  const { kind } = plan.sampling;
  return kind === 'full' || kind === 'error' ? `Swarms draw uniform or stratified batches, not ${kind} ones; choose one of these.` : null;
}
