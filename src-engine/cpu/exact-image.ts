/**
 * The linear memory of kernels/assembly/exact.ts: planned, asked for by the caller, then written. Pure TypeScript, so that Node and
 * browsers build the same. Weights and tables lie in it once; every thread has its own scratch and output.
 */
import { activationScales, headScale } from '#core/coding/exact-activations';
import { StudioError } from '#core/errors';
import { headOf, type Field } from '#core/field/field';
import { sampleMaximum, type SampleType } from '#core/signal/signal';
import { LayerSlot, Slot } from '#kernels/slots';
import { Arena, planNetwork, toPanels } from './plan';
import { storeTables } from './tables';

/** Points of one call of the kernel: some milliseconds, so that progress is smooth and an abort is quick. */
export const BLOCK_POINTS = 4096;

export interface ExactPlan {
  /** Pages of 64 KiB. */
  readonly pages: number;
  /** Address of the list of points, where one was asked for; else 0. */
  readonly list: number;
  /** Address of the samples of a block, for each thread. */
  readonly outputs: readonly number[];
  /** Job record, weights and tables into a zeroed memory of that many pages. */
  write(buffer: ArrayBufferLike): void;
}

/** What is evaluated: the stored samples of a grid, or the float32 outputs at lists of up to `capacity` points. */
export type ExactDemand = { readonly size: readonly number[]; readonly type: SampleType } | { readonly capacity: number };

/**
 * Plans the synthesis of `parameters` of `field` (layout of parameterLayout) by `threads` threads. Throws StudioError
 * 'failed'/'synthesis.shape' when there are not as many parameters as the field has.
 */
export function planExact(field: Field, parameters: Float32Array, demand: ExactDemand, threads: number): ExactPlan {
  const grid = 'size' in demand ? demand : null;
  const bytes = grid ? (grid.type === 'uint8' ? 1 : 2) : Float32Array.BYTES_PER_ELEMENT;
  const arena = new Arena();
  const network = planNetwork(arena, field, threads, 1, true);
  const { layout, tables } = network;
  if (parameters.length !== layout.flat.length) {
    throw new StudioError('failed', 'synthesis.shape', `The field has ${layout.flat.length} parameters, ${parameters.length} were given.`);
  }
  const stride = Math.ceil((BLOCK_POINTS * field.outputs * bytes) / 64) * 64;
  const output = arena.take(stride * threads);
  const list = 'capacity' in demand ? arena.take(demand.capacity * field.inputs * Float32Array.BYTES_PER_ELEMENT) : 0;
  return {
    pages: arena.pages,
    list,
    outputs: Array.from({ length: threads }, (_, thread) => output + thread * stride),
    write(buffer) {
      const job = network.write(buffer);
      toPanels(layout, parameters, new Float32Array(buffer, network.forward, layout.bytes / 4));
      if (tables) storeTables(tables, parameters, buffer, tables.address);
      grid?.size.forEach((extent, axis) => job.set(Slot.Grid + axis, extent));
      job.set(Slot.DataPoints, list);
      job.set(Slot.Output, output);
      job.set(Slot.OutputStride, stride);
      if (grid) job.setFloat(Slot.Half, sampleMaximum(grid.type) / 2);
      job.set(Slot.StoredBytes, bytes);
      // The decoder multiplies sums by factors of its own, where the trainer has them in its weights.
      job.setFloat(Slot.HeadRate, headScale(headOf(field)));
      for (let layer = 0; layer < field.depth; layer++) {
        const { phase, envelope } = activationScales(field.activation, layer);
        job.setFloat(Slot.LayerTable + layer * LayerSlot.Words + LayerSlot.ForwardScale, phase);
        job.setFloat(Slot.ActivationRate, envelope);
      }
    },
  };
}
