import { encodedWidth, type Field } from './field';
import { parameterLayout } from './layout';

/** What a fit and its file will cost, known before the run. */
export interface FieldCost {
  readonly parameters: number;
  /** Multiply-adds to evaluate one sample (dense layers; the encoding and activations are not counted). */
  readonly multiplyAddsPerSample: number;
  /** Floating-point operations of one training step: 6 per weight and sample (forward 2, backward 4; Kaplan et al. 2020). */
  readonly operationsPerStep: number;
  /** Bytes of parameters, optimizer moments, gradients and one batch of activations. */
  readonly trainingBytes: number;
  /** Predicted size of the .inr file in bytes: raw bits per parameter plus container overhead. An estimate from above. */
  readonly fileBytes: number;
}

/** Header, field, checksums and the end of a file, in bytes; each tensor's step size takes 2 more. Measured: 100 to 110. */
const CONTAINER_BYTES = 110;

/** Provenance with the whole configuration, in bytes: measured 390 to 420. */
const PROVENANCE_BYTES = 420;

/**
 * Cost of fitting `field` with `batch` samples a step and coding it at `bits` per parameter, with `ancillaryBytes` beside the
 * network (provenance unless given, profiles).
 */
export function fieldCost(field: Field, batch: number, bits: number, ancillaryBytes: number = PROVENANCE_BYTES): FieldCost {
  const layout = parameterLayout(field);
  const multiplyAddsPerSample = layout.layers.reduce((sum, layer) => sum + layer.fanIn * layer.fanOut, 0);
  const activations = batch * (encodedWidth(field.encoding, field.inputs) + 2 * field.depth * field.width + field.outputs);
  return {
    parameters: layout.length,
    multiplyAddsPerSample,
    operationsPerStep: 6 * multiplyAddsPerSample * batch,
    trainingBytes: 4 * (4 * layout.length + activations),
    fileBytes: Math.ceil((layout.length * bits) / 8) + CONTAINER_BYTES + 2 * layout.tensors.length + ancillaryBytes,
  };
}
