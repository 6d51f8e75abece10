/**
 * What there is to choose when kernels are made for a device. None of it changes what is computed, all of it changes how fast, and the last
 * bits of sums: a fit keeps the choice that it was started with.
 */
import type { TileStyle } from './tiles';
import type { UnrolledStyle } from './unrolled';

export type ProductStyle = TileStyle | UnrolledStyle;

export interface Tuning {
  /** Products with one row a sample. */
  readonly streams: ProductStyle;
  /** Products that sum over samples. */
  readonly sums: ProductStyle;
  /** Partial gradients: at most this many chunks. */
  readonly chunks: number;
  /** Numbers of the head that a thread of the loss takes. */
  readonly lossItems: number;
  /** Forward pass, loss and deltas in one dispatch, where a network allows it (sweep.ts). */
  readonly sweep: boolean;
}

const tiles = (block: 4 | 8, depth: 8 | 16): TileStyle => ({ kind: 'tiles', block, depth });
const unrolled = (subgroups: boolean): UnrolledStyle => ({ kind: 'unrolled', subgroups });

export const TUNINGS = {
  'large blocks': { streams: tiles(8, 16), sums: tiles(8, 16), chunks: 128, lossItems: 1, sweep: false },
  'mixed blocks': { streams: tiles(8, 16), sums: tiles(4, 16), chunks: 64, lossItems: 1, sweep: false },
  'small blocks': { streams: tiles(4, 8), sums: tiles(4, 8), chunks: 64, lossItems: 1, sweep: false },
  'one sweep, large blocks': { streams: tiles(8, 16), sums: tiles(8, 16), chunks: 128, lossItems: 1, sweep: true },
  'one sweep, mixed blocks': { streams: tiles(8, 16), sums: tiles(4, 16), chunks: 64, lossItems: 1, sweep: true },
  // Where threads are not to be had for free, barriers are dear and partial sums many.
  unrolled: { streams: unrolled(false), sums: unrolled(false), chunks: 16, lossItems: 16, sweep: false },
  'unrolled, subgroups': { streams: unrolled(true), sums: unrolled(true), chunks: 16, lossItems: 16, sweep: false },
} as const satisfies Record<string, Tuning>;

export type TuningName = keyof typeof TUNINGS;

/** The choice for a device of which nothing was measured. */
export function defaultTuning(device: GPUDevice, software: boolean): TuningName {
  if (!software) return 'mixed blocks';
  const { subgroupMinSize, subgroupMaxSize } = device.adapterInfo;
  // Lanes read for each other where a subgroup has as many as a workgroup of the unrolled kernels.
  return device.features.has('subgroups') && subgroupMinSize === 4 && subgroupMaxSize === 4 ? 'unrolled, subgroups' : 'unrolled';
}
