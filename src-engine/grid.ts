/** Grids that an evaluation is asked for: checked, and their output allocated, before any work starts. */
import { StudioError } from '#core/errors';
import { pointCount } from '#core/signal/signal';

/** What a file of level 3 may hold (docs/FORMAT.md); point numbers are 32 bits in the kernels, with room to spare. */
const MAXIMUM_POINTS = 2 ** 30;

/** Checks a grid and makes its output array. Throws StudioError 'usage'/'engine.grid' for one of other axes or extents, 'failed'/'memory' when it is too large. */
export function allocateGrid<Values>(size: readonly number[], inputs: number, make: (points: number) => Values): Values {
  if (size.length !== inputs || !size.every((extent) => Number.isInteger(extent) && extent > 0 && extent < 2 ** 23)) {
    throw new StudioError('usage', 'engine.grid', `A grid of ${size.join(' x ')} does not suit a field of ${inputs} coordinates.`);
  }
  const points = pointCount(size);
  const way = 'Ask for a smaller resolution.';
  if (points > MAXIMUM_POINTS) throw new StudioError('failed', 'memory', `A grid of ${size.join(' x ')} has more than 2^30 points. ${way}`);
  try {
    return make(points);
  } catch (error) {
    throw new StudioError('failed', 'memory', `There is no memory for a grid of ${size.join(' x ')} points. ${way}`, { cause: error });
  }
}
