/**
 * Residuals on the thread that asks, with a pause after each brick so that it can answer others and be called off. Where a brick takes too long
 * for that (a second for 256^3), src-engine/cpu/residual.ts does the same on a thread of its own.
 */
import { StudioError } from '../../errors';
import type { ResidualCodec, SampleGrid } from '../types';
import { addBrick, brickCount, decodeBricks, encodeBricks, requireCodes, type Codes } from './residual';

interface Watch {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

export const residualCancelled = (): StudioError => new StudioError('cancelled', 'cancelled', 'Coding of the residual was cancelled.');

/** After brick number `done` of a grid: tells it, lets others work, stops if that is wished. */
async function between(done: number, grid: SampleGrid, { signal, onProgress }: Watch): Promise<void> {
  onProgress?.(done / brickCount(grid));
  await pause();
  if (signal?.aborted === true) throw residualCancelled();
}

export const plainResidualCodec: ResidualCodec = {
  async encode(original, field, grid, step, watch = {}) {
    if (watch.signal?.aborted === true) throw residualCancelled();
    const samples: Codes = field.slice();
    const bricks = encodeBricks(original, field, grid, step);
    for (let done = 1; ; done++) {
      const next = bricks.next();
      if (next.done) return { data: next.value, samples };
      addBrick(samples, next.value, grid);
      await between(done, grid, watch);
    }
  },
  async decode(data, pending, grid, watch = {}) {
    const samples = await pending;
    requireCodes(samples, grid);
    if (watch.signal?.aborted === true) throw residualCancelled();
    let done = 0;
    for (const brick of decodeBricks(data, grid)) {
      addBrick(samples, brick, grid);
      await between(++done, grid, watch);
    }
    return samples;
  },
};
