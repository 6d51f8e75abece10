/** The linear memory of kernels/assembly/exact.ts, ready to run: pure TypeScript, so that Node and browsers build the same. */
import { StudioError } from '#core/errors';
import { gridOf, headOf, type Field } from '#core/field/field';
import { sampleMaximum, type SampleType } from '#core/signal/signal';
import { Slot } from '#kernels/slots';
import { Arena, planNetwork, toPanels } from './plan';

/** Points of one call of the kernel: some milliseconds, so that progress is smooth and an abort is quick. */
export const BLOCK_POINTS = 4096;

export interface ExactImage {
  /** Whole pages of 64 KiB with the job record and the weights in them; in shared memory where `shared` was asked for. */
  readonly image: Uint8Array;
  /** Address of the samples of a block. */
  readonly output: number;
}

/** Memory image to synthesize `parameters` of `field` (layout of parameterLayout) on a grid of `size`. */
export function exactImage(field: Field, parameters: Float32Array, size: readonly number[], type: SampleType, shared: boolean): ExactImage {
  const plain = field.activation.kind === 'sine' || field.activation.kind === 'relu';
  if (!plain || gridOf(field.encoding) || headOf(field) !== 'linear' || field.residual) throw new StudioError('failed', 'synthesis.kind', 'This kind of network cannot be decoded quickly yet.');
  const bytes = type === 'uint8' ? 1 : 2;
  const arena = new Arena();
  const network = planNetwork(arena, field, 1, 1, true);
  const output = arena.take(BLOCK_POINTS * field.outputs * bytes);
  const length = arena.pages * 65536;
  const image = new Uint8Array(shared ? new SharedArrayBuffer(length) : new ArrayBuffer(length));
  const job = network.write(image.buffer);
  toPanels(network.layout, parameters, new Float32Array(image.buffer, network.forward, network.layout.bytes / 4));
  size.forEach((extent, axis) => job.set(Slot.Grid + axis, extent));
  job.set(Slot.Output, output);
  job.setFloat(Slot.Half, sampleMaximum(type) / 2);
  job.set(Slot.StoredBytes, bytes);
  return { image, output };
}
