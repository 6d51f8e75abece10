import { uniform } from '../fit/random';
import { omegaOf, type Field } from './field';
import { parameterLayout } from './layout';

const INIT_STREAM = 0x494e4954;

/**
 * Initial parameters of a Field; a pure function of (field, seed).
 * Sine: first layer U(+-1/n), others U(+-sqrt(6/n)/omega), biases U(+-1/sqrt(n)/omega) (Sitzmann et al. 2020, n = fan-in).
 * ReLU: weights U(+-sqrt(6/n)) (He et al. 2015), biases 0, and the head U(+-1/sqrt(n)).
 */
export function initialParameters(field: Field, seed: number): Float32Array {
  const layout = parameterLayout(field);
  const parameters = new Float32Array(layout.length);
  for (const layer of layout.layers) {
    const head = layer.index === field.depth;
    const omega = omegaOf(field.activation, layer.index);
    let weightBound: number;
    let biasBound: number;
    if (field.activation.kind === 'sine') {
      const hiddenOmega = head ? field.activation.omegaHidden : omega;
      weightBound = layer.index === 0 ? 1 / layer.fanIn : Math.sqrt(6 / layer.fanIn) / hiddenOmega;
      biasBound = layer.index === 0 ? 1 / Math.sqrt(layer.fanIn) : head ? 0 : 1 / Math.sqrt(layer.fanIn) / omega;
    } else {
      weightBound = head ? 1 / Math.sqrt(layer.fanIn) : Math.sqrt(6 / layer.fanIn);
      biasBound = 0;
    }
    for (let i = 0; i < layer.fanIn * layer.fanOut; i++) {
      const at = layer.weightOffset + i;
      parameters[at] = (2 * uniform(seed, INIT_STREAM, at) - 1) * weightBound;
    }
    for (let i = 0; i < layer.fanOut; i++) {
      const at = layer.biasOffset + i;
      parameters[at] = (2 * uniform(seed, INIT_STREAM, at) - 1) * biasBound;
    }
  }
  return parameters;
}
