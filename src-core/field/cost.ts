import { encodedWidth, gridOf, type Field } from './field';
import { parameterLayout, type ParameterLayout, type TensorSlot } from './layout';

/** What a fit and its file will cost, known before the run; fit/memory.ts has the bytes that a fit keeps meanwhile. */
export interface FieldCost {
  readonly parameters: number;
  /** Multiply-adds to evaluate one sample, see multiplyAdds(). */
  readonly multiplyAddsPerSample: number;
  /**
   * Floating-point operations of one training step: 6 per weight and sample (forward 2, backward 4; Kaplan et al. 2020), and 4 per
   * number of a table that a sample reads (forward 2, backward 2).
   */
  readonly operationsPerStep: number;
  /** Predicted size of the .inr file in bytes: raw bits per parameter plus container overhead. An estimate from above. */
  readonly fileBytes: number;
}

/** Header, field, checksums and the end of a file, in bytes; each tensor's step size takes 2 more. Measured: 100 to 110. */
const CONTAINER_BYTES = 110;

/** Provenance with the whole configuration, in bytes: measured 390 to 420. */
const PROVENANCE_BYTES = 420;

/** Multiply-adds to evaluate one sample: a weight is one, a number at a corner of a grid's cell another; activations and other encodings are not counted. */
export function multiplyAdds(field: Field): { readonly dense: number; readonly interpolation: number } {
  const dense = parameterLayout(field).layers.reduce((sum, layer) => sum + layer.fanIn * layer.fanOut, 0);
  const interpolation = gridOf(field.encoding) ? 2 ** field.inputs * encodedWidth(field.encoding, field.inputs) : 0;
  return { dense, interpolation };
}

/** What dense layers behind tables get beside the bits of a fit. */
const EXTRA_LAYER_BITS = 3;
/** Most bits of any tensor. */
const MOST_BITS = 16;

/**
 * Bits of a tensor's integers where a fit is coded at `bits`. All tensors have as many, but layers behind the tables of a grid have 3 more: they
 * are a few per cent of the numbers, and each of theirs is a factor of every sample. Measured on hash and dense grids: 0.4 to 3.7 dB for 2 to 5%
 * of the file on photographs at 6 and 7 bits, 0.4 to 2.8 dB for 1% on CT volumes at 6 bits; 6 more gain no more than 0.04 dB over 3.
 */
export function tensorBits(layout: ParameterLayout, slot: TensorSlot, bits: number): number {
  return layout.tables.length > 0 && slot.role !== 'table' ? Math.min(MOST_BITS, bits + EXTRA_LAYER_BITS) : bits;
}

/**
 * Cost of fitting `field` with `batch` samples a step and coding it at `bits` (tensorBits), with `ancillaryBytes` beside the
 * network (provenance unless given, profiles).
 */
export function fieldCost(field: Field, batch: number, bits: number, ancillaryBytes: number = PROVENANCE_BYTES): FieldCost {
  const layout = parameterLayout(field);
  const { dense, interpolation } = multiplyAdds(field);
  const integerBits = layout.tensors.reduce((sum, slot) => sum + slot.length * tensorBits(layout, slot, bits), 0);
  return {
    parameters: layout.length,
    multiplyAddsPerSample: dense + interpolation,
    operationsPerStep: (6 * dense + 4 * interpolation) * batch,
    fileBytes: Math.ceil(integerBits / 8) + CONTAINER_BYTES + 2 * layout.tensors.length + ancillaryBytes,
  };
}
