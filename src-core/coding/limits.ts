/**
 * What a file asks of its decoder, and what a decoder grants. All of it follows from HEAD and FELD, and is checked before
 * anything of that size is allocated. Levels are the promise in the file's first bytes; limits are the decoder's own.
 */
import { StudioError } from '../errors';
import { multiplyAdds } from '../field/cost';
import { gridOf, type Field } from '../field/field';
import { parameterLayout } from '../field/layout';
import type { DecodeLimits } from './types';

/** Demands of level 1, 2, 3; level 4 has no bound. A file has the lowest level that holds it. */
export const LEVELS: readonly DecodeLimits[] = [
  { samples: 2 ** 24, parameters: 2 ** 16, multiplyAdds: 2 ** 36 },
  { samples: 2 ** 27, parameters: 2 ** 18, multiplyAdds: 2 ** 40 },
  { samples: 2 ** 30, parameters: 2 ** 24, multiplyAdds: 2 ** 44 },
];

/** Level 3: an image of 16384 x 16384 in RGB, a hash grid of 16 levels with 2^19 pairs, and about ten minutes of two processor cores. */
export const DEFAULT_LIMITS: DecodeLimits = LEVELS[2]!;

/**
 * Samples (points x channels), parameters and multiply-adds of a decode. Extents stay below 2^23 on 4 axes at most, so that the
 * products are far inside the range of a double: they may lose digits above 2^53 but never wrap around.
 */
export function decodeDemand(field: Field, size: readonly number[]): DecodeLimits {
  const points = size.reduce((product, extent) => product * extent, 1);
  const { dense, interpolation } = multiplyAdds(field);
  return { samples: points * field.outputs, parameters: parameterLayout(field).length, multiplyAdds: points * (dense + interpolation) };
}

function within(demand: DecodeLimits, limits: DecodeLimits): boolean {
  return demand.samples <= limits.samples && demand.parameters <= limits.parameters && demand.multiplyAdds <= limits.multiplyAdds;
}

/** Lowest level that holds a demand, 1 to 4. */
export function levelOf(demand: DecodeLimits): number {
  const index = LEVELS.findIndex((level) => within(demand, level));
  return index < 0 ? LEVELS.length + 1 : index + 1;
}

const NAMES = [
  ['samples', 'samples'],
  ['parameters', 'parameters'],
  ['multiplyAdds', 'multiply-adds'],
] as const;

/** The first demand that is not granted, in words; null when all are. */
function excess(demand: DecodeLimits, limits: DecodeLimits): string | null {
  const found = NAMES.find(([key]) => demand[key] > limits[key]);
  if (!found) return null;
  const [key, words] = found;
  return `Decoding would take ${demand[key].toLocaleString('en')} ${words}; the limit is ${limits[key].toLocaleString('en')}.`;
}

/** Throws StudioError 'container'/'container.limit' that says what is asked and what is granted. */
export function checkLimits(demand: DecodeLimits, limits: DecodeLimits): void {
  const message = excess(demand, limits);
  if (message !== null) throw new StudioError('container', 'container.limit', message);
}

/**
 * Before a fit: throws StudioError 'usage'/'fit.limit' when the file of this network on this grid could not be opened afterwards by
 * a decoder with the default limits.
 */
export function requireDecodable(field: Field, size: readonly number[]): void {
  const message = excess(decodeDemand(field, size), DEFAULT_LIMITS);
  const way = gridOf(field.encoding) ? 'a grid of fewer or smaller levels, fewer or narrower layers' : 'fewer or narrower layers';
  if (message !== null) throw new StudioError('usage', 'fit.limit', `The file of this fit could not be opened again. ${message} Choose ${way}, or a smaller picture.`);
}
