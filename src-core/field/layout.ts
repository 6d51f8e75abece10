import { encodedWidth, type Field } from './field';

/** One tensor inside the flat parameter vector. Weights are [fanIn][fanOut] row-major; a bias is [fanOut]. */
export interface TensorSlot {
  readonly name: string;
  readonly role: 'weight' | 'bias';
  readonly layer: number;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly length: number;
}

/** A dense layer's place in the flat parameter vector. The last layer is the linear head. */
export interface LayerSlot {
  readonly index: number;
  readonly fanIn: number;
  readonly fanOut: number;
  readonly weightOffset: number;
  readonly biasOffset: number;
}

export interface ParameterLayout {
  readonly layers: readonly LayerSlot[];
  readonly tensors: readonly TensorSlot[];
  /** Number of parameters. */
  readonly length: number;
}

/** Layout of the flat Float32 parameter vector of a Field: weight then bias, layer by layer. */
export function parameterLayout(field: Field): ParameterLayout {
  const layers: LayerSlot[] = [];
  const tensors: TensorSlot[] = [];
  let offset = 0;
  let fanIn = encodedWidth(field.encoding, field.inputs);
  for (let index = 0; index <= field.depth; index++) {
    const fanOut = index === field.depth ? field.outputs : field.width;
    const name = index === field.depth ? 'head' : `hidden${index}`;
    const weightOffset = offset;
    const biasOffset = offset + fanIn * fanOut;
    tensors.push({ name: `${name}.weight`, role: 'weight', layer: index, shape: [fanIn, fanOut], offset: weightOffset, length: fanIn * fanOut });
    tensors.push({ name: `${name}.bias`, role: 'bias', layer: index, shape: [fanOut], offset: biasOffset, length: fanOut });
    layers.push({ index, fanIn, fanOut, weightOffset, biasOffset });
    offset = biasOffset + fanOut;
    fanIn = fanOut;
  }
  return { layers, tensors, length: offset };
}
