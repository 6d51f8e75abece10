/**
 * The Field in plain tfjs operations: what every other engine is checked against. It is written to be read beside the
 * conventions at the top of field.ts, not to be fast; gradients come from tfjs itself.
 *
 * Numbers: float32. Phases of encodings are formed in half-turns and reduced to [-1, 1] before they become radians, because
 * 2^15 * pi in float32 is off by 4e-3 radians while 2^15 * x is exact. The reduction is plain arithmetic on the phases, so a
 * backend with a weak `sin` (WebGPU, WebGL) sees small arguments there.
 */
import type * as TfNamespace from '@tensorflow/tfjs';
import { fourierMatrix } from '#core/field/encoding';
import { omegaOf, type Field } from '#core/field/field';
import { parameterLayout } from '#core/field/layout';

export type Tf = typeof TfNamespace;
type Tensor = TfNamespace.Tensor;
type Tensor2D = TfNamespace.Tensor2D;

export interface TfModel {
  /** Raw head outputs [n, outputs] at encoded features [n, E]; `parameters` follows parameterLayout(field).tensors. */
  head(features: Tensor2D, parameters: readonly Tensor[]): Tensor2D;
  /** Features [n, E] at coordinates [n, inputs] in [-1, 1]. */
  encode(coordinates: Tensor2D): Tensor2D;
  /** Samples 0.5 + 0.5 * head, [n, outputs], at coordinates [n, inputs]. */
  samples(coordinates: Tensor2D, parameters: readonly Tensor[]): Tensor2D;
}

/** Builds the model of a Field; it holds no tensors of its own. Call its functions inside tf.tidy. */
export function tfModel(tf: Tf, field: Field): TfModel {
  const { layers } = parameterLayout(field);
  const { encoding, activation, inputs } = field;
  const matrix = encoding.kind === 'fourier' ? fourierMatrix(encoding.features, inputs, encoding.sigma, encoding.seed) : null;

  const radians = (halfTurns: Tensor2D): Tensor2D => tf.mul(tf.sub(halfTurns, tf.mul(tf.round(tf.mul(halfTurns, 0.5)), 2)), Math.PI);

  function encode(coordinates: Tensor2D): Tensor2D {
    switch (encoding.kind) {
      case 'identity':
        return coordinates;
      case 'octaves': {
        const parts: Tensor2D[] = encoding.includeInput ? [coordinates] : [];
        for (let octave = 0; octave < encoding.octaves; octave++) {
          const phase = radians(tf.mul(coordinates, 2 ** octave));
          const sine = tf.sin(phase);
          const cosine = tf.cos(phase);
          for (let axis = 0; axis < inputs; axis++) {
            parts.push(tf.slice(sine, [0, axis], [-1, 1]), tf.slice(cosine, [0, axis], [-1, 1]));
          }
        }
        return tf.concat(parts, 1);
      }
      case 'fourier': {
        if (!matrix) throw new Error('The Fourier matrix is built with the model.');
        const directions = tf.tensor2d(matrix, [encoding.features, inputs]);
        const phase = radians(tf.matMul(coordinates, directions, false, true));
        return tf.concat([tf.sin(phase), tf.cos(phase)], 1);
      }
      case 'dense-grid':
      case 'hash-grid':
        throw new Error('Grids are not there yet.');
      default:
        return encoding satisfies never;
    }
  }

  function head(features: Tensor2D, parameters: readonly Tensor[]): Tensor2D {
    let x = features;
    for (const layer of layers) {
      const weight = parameters[2 * layer.index] as Tensor2D;
      const bias = parameters[2 * layer.index + 1];
      const z: Tensor2D = tf.add(tf.matMul(x, weight), bias);
      if (layer.index === field.depth) x = z;
      else if (activation.kind === 'sine') x = tf.sin(tf.mul(z, omegaOf(activation, layer.index)));
      else x = tf.relu(z);
    }
    return x;
  }

  const samples = (coordinates: Tensor2D, parameters: readonly Tensor[]): Tensor2D =>
    tf.add(tf.mul(head(encode(coordinates), parameters), 0.5), 0.5);

  return { head, encode, samples };
}
