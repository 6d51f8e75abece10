/**
 * Cutting of a batch or a grid into slices: no buffer above the device's limits, no dispatch longer than about a tenth of a second
 * (browsers end a dispatch of seconds and take the device with it), and activations that fit in memory beside everything else.
 */
import { multiplyAdds } from '#core/field/cost';
import { encodedWidth, gridOf, type Field } from '#core/field/field';
import { parameterLayout } from '#core/field/layout';
import { StudioError } from '#core/errors';
import { largestTableSlice } from './tables';

export interface SliceLimits {
  /** Bytes of the largest storage buffer. */
  readonly maximumBinding: number;
  readonly software: boolean;
  readonly maximumSlice?: number;
}

/** All activations of a slice together stay below this. */
const ACTIVATION_BYTES = 512 * 2 ** 20;
/** No activation buffer needs more than this to keep a GPU busy. */
const BUFFER_BYTES = 128 * 2 ** 20;
/** Floating-point operations of the longest dispatch: 0.04 s at 200 GFLOP/s, and 0.07 s at the 2 GFLOP/s of a software adapter. */
const DISPATCH_OPERATIONS = 2 ** 33;
const DISPATCH_OPERATIONS_SOFTWARE = 2 ** 27;
/** What a number at a corner of a grid's cell costs, in multiply-adds of a dense layer: reading and adding to scattered places. */
const CORNER_OPERATIONS = 8;

/** Largest slice of a Field, a multiple of 64. */
export function sliceCapacity(field: Field, limits: SliceLimits): number {
  const features = encodedWidth(field.encoding, field.inputs);
  const widest = Math.max(features, field.width, field.outputs);
  const all = (gridOf(field.encoding) ? 2 : 1) * features + (2 * field.depth + (field.residual ? 1 : 0)) * field.width + field.outputs;
  const { interpolation } = multiplyAdds(field);
  const heaviest = parameterLayout(field).layers.reduce((most, layer) => Math.max(most, layer.fanIn * layer.fanOut), CORNER_OPERATIONS * interpolation);
  const operations = limits.software ? DISPATCH_OPERATIONS_SOFTWARE : DISPATCH_OPERATIONS;
  const capacity = Math.min(
    Math.min(limits.maximumBinding, BUFFER_BYTES) / (4 * widest),
    ACTIVATION_BYTES / (4 * all),
    operations / (2 * heaviest),
    limits.maximumSlice ?? Infinity,
    gridOf(field.encoding) ? largestTableSlice(field.inputs) : Infinity,
  );
  return Math.max(64, Math.floor(capacity / 64) * 64);
}

export interface Slice {
  readonly start: number;
  readonly count: number;
}

/** Even slices of at most `capacity` samples; all but the last have the same length, a multiple of 64. */
export function slicesOf(samples: number, capacity: number): readonly Slice[] {
  const length = Math.ceil(samples / Math.ceil(samples / capacity) / 64) * 64;
  const slices: Slice[] = [];
  for (let start = 0; start < samples; start += length) slices.push({ start, count: Math.min(length, samples - start) });
  return slices;
}

/** Slices are not cut shorter than this. */
const SHORTEST_SLICE = 64;

/**
 * Runs `attempt`, which allocates what slices of at most so many samples need, with `slice`, and again with half as many each time that the
 * GPU has too little memory, down to 64. What shorter slices do not make smaller is allocated before, kernels are compiled after. Throws what
 * the last attempt threw.
 */
export async function withinMemory<Result>(slice: number, attempt: (slice: number) => Promise<Result>): Promise<Result> {
  for (let limit = slice; ; limit = Math.max(SHORTEST_SLICE, Math.floor(limit / 128) * 64)) {
    try {
      return await attempt(limit);
    } catch (error) {
      if (limit <= SHORTEST_SLICE || !(error instanceof StudioError) || error.code !== 'device.memory') throw error;
    }
  }
}
