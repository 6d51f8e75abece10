import { encodedWidth, gridOf, type Field } from './field';
import { gridLevels, type GridLevel } from './grid';

/** One tensor inside the flat parameter vector. Weights are [fanIn][fanOut] row-major; a bias is [fanOut]; a table [entries][features]. */
export interface TensorSlot {
  readonly name: string;
  readonly role: 'weight' | 'bias' | 'table';
  /** Dense layer that it belongs to; level of the grid for a table. */
  readonly layer: number;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly length: number;
}

/** A dense layer's place in the flat parameter vector. The last layer is the head. */
export interface LayerSlot {
  readonly index: number;
  readonly fanIn: number;
  readonly fanOut: number;
  readonly weightOffset: number;
  readonly biasOffset: number;
}

/** A level of the grid encoding and the place of its vectors in the flat parameter vector. */
export interface TableSlot extends GridLevel {
  readonly level: number;
  readonly offset: number;
  /** Numbers: entries x features. */
  readonly length: number;
}

export interface ParameterLayout {
  /** Levels of the grid encoding, coarsest first; empty without one. They stand before the dense layers. */
  readonly tables: readonly TableSlot[];
  readonly layers: readonly LayerSlot[];
  /** All tensors in order of their place: tables, then weight and bias of each dense layer. */
  readonly tensors: readonly TensorSlot[];
  /** Numbers of all tables: where the dense layers begin. */
  readonly tableLength: number;
  /** Number of parameters. */
  readonly length: number;
}

/** Layout of the flat Float32 parameter vector of a Field: the grid's tables, then weight and bias layer by layer. */
export function parameterLayout(field: Field): ParameterLayout {
  const tables: TableSlot[] = [];
  const layers: LayerSlot[] = [];
  const tensors: TensorSlot[] = [];
  let offset = 0;
  const features = gridOf(field.encoding)?.features ?? 0;
  gridLevels(field.encoding, field.inputs).forEach((grid, level) => {
    const length = grid.entries * features;
    tables.push({ ...grid, level, offset, length });
    tensors.push({ name: `grid${level}`, role: 'table', layer: level, shape: [grid.entries, features], offset, length });
    offset += length;
  });
  const tableLength = offset;
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
  return { tables, layers, tensors, tableLength, length: offset };
}

/**
 * Whether a tensor is a hidden matrix, which Muon updates: the weights of the hidden layers but the first. Everything else (first
 * layer, head, biases, tables) follows Adam.
 */
export function isHiddenMatrix(field: Field, slot: TensorSlot): boolean {
  return slot.role === 'weight' && slot.layer > 0 && slot.layer < field.depth;
}
