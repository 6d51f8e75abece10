import { uniform } from '../fit/random';
import { omegaOf, type Activation, type Field } from './field';
import { parameterLayout, type LayerSlot } from './layout';

const INIT_STREAM = 0x494e4954;

/** Bound of the uniform initial values of a grid's vectors (Mueller et al. 2022). */
const TABLE_BOUND = 1e-4;

interface Bounds {
  readonly weight: number;
  readonly bias: number;
}

/** Sine layers: Sitzmann et al. 2020; FINER widens the first layer's biases (Liu et al. 2024). */
function periodicBounds(activation: Extract<Activation, { omega0: number }>, layer: LayerSlot, head: boolean): Bounds {
  const { fanIn, index } = layer;
  const omega = head ? activation.omegaHidden : omegaOf(activation, index);
  if (index === 0) return { weight: 1 / fanIn, bias: activation.kind === 'finer' ? activation.biasRange : 1 / Math.sqrt(fanIn) };
  return { weight: Math.sqrt(6 / fanIn) / omega, bias: head ? 0 : 1 / Math.sqrt(fanIn) / omega };
}

function boundsOf(field: Field, layer: LayerSlot): Bounds {
  const { activation } = field;
  const head = layer.index === field.depth;
  const fan = 1 / Math.sqrt(layer.fanIn);
  switch (activation.kind) {
    case 'sine':
    case 'finer':
      return periodicBounds(activation, layer, head);
    case 'relu':
    case 'gelu':
    case 'snake-alt':
      return { weight: head ? fan : Math.sqrt(6) * fan, bias: 0 };
    case 'gabor':
    case 'gaussian':
      return { weight: fan, bias: head ? 0 : fan };
    default:
      return activation satisfies never;
  }
}

/**
 * Initial parameters of a Field; a pure function of (field, seed). All uniform and symmetric, n = fan-in.
 * Sine and FINER: first layer +-1/n, its biases +-1/sqrt(n), FINER's +-biasRange; others +-sqrt(6/n)/omega, biases +-1/sqrt(n)/omega.
 * ReLU, GELU, SnakeAlt: weights +-sqrt(6/n) (He et al. 2015), biases 0, the head +-1/sqrt(n).
 * Gabor and Gaussian: weights and biases +-1/sqrt(n). Biases of every head: 0. Tables: +-1e-4.
 */
export function initialParameters(field: Field, seed: number): Float32Array {
  const layout = parameterLayout(field);
  const parameters = new Float32Array(layout.length);
  const fill = (offset: number, length: number, bound: number): void => {
    for (let at = offset; at < offset + length; at++) parameters[at] = (2 * uniform(seed, INIT_STREAM, at) - 1) * bound;
  };
  for (const table of layout.tables) fill(table.offset, table.length, TABLE_BOUND);
  for (const layer of layout.layers) {
    const bounds = boundsOf(field, layer);
    fill(layer.weightOffset, layer.fanIn * layer.fanOut, bounds.weight);
    fill(layer.biasOffset, layer.fanOut, bounds.bias);
  }
  return parameters;
}
