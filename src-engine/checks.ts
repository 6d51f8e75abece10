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
import { COORDINATE_SLACK, type SwarmRequest, type TrainerRequest, type TrainingSet } from './engine';

const mismatch = (message: string): StudioError => new StudioError('usage', 'engine.mismatch', message);

/** Throws StudioError 'usage'/'engine.mismatch' unless there are as many parameters as the field has. */
export function requireParameters(field: Field, parameters: Float32Array): void {
  const { length } = parameterLayout(field);
  if (parameters.length !== length) throw mismatch(`The network has ${length} parameters, but ${parameters.length} were given.`);
}

/**
 * Throws StudioError 'usage'/'engine.mismatch' for data of another shape than the field's, with samples or coordinates missing, too many or
 * of another type, or with points outside the domain.
 */
export function requireData(field: Field, { size, channels, type, samples, coordinates }: TrainingSet): void {
  if (channels !== field.outputs || (!coordinates && size.length !== field.inputs)) {
    const axes = coordinates ? '' : `${size.length} axes and `;
    throw mismatch(`The field maps ${field.inputs} coordinates to ${field.outputs} channels, but the data has ${axes}${channels} channels.`);
  }
  if (coordinates) requireCoordinates(field, size, coordinates);
  const bytes = type === 'uint8' ? 1 : 2;
  if (samples.length !== pointCount(size) * channels || samples.BYTES_PER_ELEMENT !== bytes) {
    const needed = `A ${coordinates ? 'list' : 'grid'} of ${size.join(' x ')} points with ${channels} channels of ${8 * bytes} bits has ${pointCount(size) * channels} samples`;
    throw mismatch(`${needed}, but ${samples.length} samples of ${8 * samples.BYTES_PER_ELEMENT} bits were given.`);
  }
}

/** Throws StudioError 'usage'/'engine.mismatch' unless `coordinates` are field.inputs numbers of the domain for each of `size`[0] points. */
function requireCoordinates({ inputs }: Field, size: readonly number[], coordinates: Float32Array): void {
  const [count] = size;
  if (size.length !== 1 || !Number.isInteger(count) || count! < 1) throw mismatch(`The size of a list is how many points it has, at least one; ${size.join(' x ')} was given.`);
  if (!(coordinates instanceof Float32Array) || coordinates.length !== count! * inputs) {
    throw mismatch(`A list of ${count} points with ${inputs} coordinates each has ${count! * inputs} numbers of 32 bits, but ${coordinates.length} of ${8 * coordinates.BYTES_PER_ELEMENT} bits were given.`);
  }
  const most = 1 + COORDINATE_SLACK;
  for (let i = 0; i < coordinates.length; i++) {
    // NaN is not within either.
    if (Math.abs(coordinates[i]!) <= most) continue;
    throw mismatch(`Point ${Math.floor(i / inputs) + 1} of the list has the coordinate ${coordinates[i]}; the domain goes from -1 to 1.`);
  }
}

/** Throws StudioError 'usage'/'engine.mismatch' for members of a swarm that a trainer would refuse, that are lists of points, or that differ in type. */
export function requireMembers({ field, members }: SwarmRequest): void {
  for (const data of members) {
    if (data.coordinates) throw mismatch('Swarms fit grids, and this data set is a list of points; fit it by itself.');
    requireData(field, data);
    if (data.type !== members[0]!.type) throw mismatch('The data sets of a swarm are all of 8 bits or all of 16.');
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
  const refused = planRefusal(plan, points, data.coordinates !== undefined);
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
