/**
 * The Field in plain tfjs operations, written to be read beside the conventions at the top of field.ts, not to be fast; gradients come from
 * tfjs itself.
 *
 * Numbers: float32. Phases of encodings are formed in half-turns and reduced to [-1, 1] before they become radians, because
 * 2^15 * pi in float32 is off by 4e-3 radians while 2^15 * x is exact. The reduction is plain arithmetic on the phases, so a
 * backend with a weak `sin` (WebGPU, WebGL) sees small arguments there.
 */
import type * as TfNamespace from '@tensorflow/tfjs';
import { GELU_CUBIC, GELU_SCALE } from '#core/field/activation';
import { fourierMatrix } from '#core/field/encoding';
import { closesBlock, encodedWidth, gridOf, headOf, omegaOf, type Field } from '#core/field/field';
import { parameterLayout } from '#core/field/layout';
import { gridCorners, interpolate } from './grid';

export type Tf = typeof TfNamespace;
type Tensor = TfNamespace.Tensor;
type Tensor2D = TfNamespace.Tensor2D;

/** Points in the form that a model takes. */
export interface TfPoints {
  /** Coordinates in [-1, 1], [n, inputs]. */
  readonly coordinates: Tensor2D;
  /** For each level of a trainable grid: rows of the table and their weights, [n x 2^inputs]; empty without a grid. */
  readonly corners: readonly { readonly rows: TfNamespace.Tensor1D; readonly weights: Tensor2D }[];
}

/** Builds its functions once for a field; they hold no tensors. Call them inside tf.tidy. `parameters` follow parameterLayout(field).tensors. */
export interface TfModel {
  /** `coordinates`: n x inputs numbers. */
  points(coordinates: Float32Array): TfPoints;
  /** Samples 0.5 + 0.5 * h(z), [n, outputs]; not clamped. */
  samples(points: TfPoints, parameters: readonly Tensor[]): Tensor2D;
}

/** sin and cos of phases in half-turns, which may be large. */
function wave(tf: Tf, halfTurns: Tensor2D): { sine: Tensor2D; cosine: Tensor2D } {
  const radians: Tensor2D = tf.mul(tf.sub(halfTurns, tf.mul(tf.round(tf.mul(halfTurns, 0.5)), 2)), Math.PI);
  return { sine: tf.sin(radians), cosine: tf.cos(radians) };
}

/** Activation of hidden layer `layer`, as field/activation.ts defines it. */
function activate(tf: Tf, field: Field, layer: number, z: Tensor2D): Tensor2D {
  const { activation } = field;
  const omega = omegaOf(activation, layer);
  switch (activation.kind) {
    case 'sine':
      return tf.sin(tf.mul(z, omega));
    case 'relu':
      return tf.relu(z);
    case 'gelu': {
      const cubic = tf.mul(tf.mul(tf.square(z), z), GELU_CUBIC);
      return tf.mul(z, tf.sigmoid(tf.mul(tf.add(z, cubic), 2 * GELU_SCALE)));
    }
    case 'finer':
      return tf.sin(tf.mul(tf.mul(tf.add(tf.abs(z), 1), z), omega));
    case 'gabor':
      return tf.mul(tf.cos(tf.mul(z, omega)), tf.exp(tf.mul(tf.square(z), -(activation.scale ** 2))));
    case 'gaussian':
      return tf.exp(tf.mul(tf.square(z), -1 / (2 * activation.sigma ** 2)));
    case 'snake-alt':
      return tf.add(tf.mul(z, 0.5), tf.square(tf.sin(z)));
    default:
      return activation satisfies never;
  }
}

/** h(z) of the head. */
function headOutput(tf: Tf, field: Field, z: Tensor2D): Tensor2D {
  switch (headOf(field)) {
    case 'linear':
      return z;
    case 'tanh':
      return tf.tanh(z);
    case 'sigmoid':
      return tf.tanh(tf.mul(z, 0.5));
  }
}

export function tfModel(tf: Tf, field: Field): TfModel {
  const { layers, tables } = parameterLayout(field);
  const { encoding, inputs } = field;
  const matrix = encoding.kind === 'fourier' ? fourierMatrix(encoding.features, inputs, encoding.sigma, encoding.seed) : null;

  function encode({ coordinates, corners }: TfPoints, parameters: readonly Tensor[]): Tensor2D {
    switch (encoding.kind) {
      case 'identity':
        return coordinates;
      case 'octaves': {
        const parts: Tensor2D[] = encoding.includeInput ? [coordinates] : [];
        for (let octave = 0; octave < encoding.octaves; octave++) {
          const { sine, cosine } = wave(tf, tf.mul(coordinates, 2 ** octave));
          for (let axis = 0; axis < inputs; axis++) {
            parts.push(tf.slice(sine, [0, axis], [-1, 1]), tf.slice(cosine, [0, axis], [-1, 1]));
          }
        }
        return tf.concat(parts, 1);
      }
      case 'fourier': {
        const directions = tf.tensor2d(matrix!, [encoding.features, inputs]);
        const { sine, cosine } = wave(tf, tf.matMul(coordinates, directions, false, true));
        return tf.concat([sine, cosine], 1);
      }
      case 'dense-grid':
      case 'hash-grid':
        return tf.concat(
          corners.map(({ rows, weights }, level) => interpolate(tf, parameters[level] as Tensor2D, rows, weights, 2 ** inputs)),
          1,
        );
      default:
        return encoding satisfies never;
    }
  }

  return {
    points(coordinates) {
      const corners = tables.map((table) => {
        const { rows, weights } = gridCorners(table, inputs, coordinates);
        return { rows: tf.tensor1d(rows, 'int32'), weights: tf.tensor2d(weights, [weights.length, 1]) };
      });
      return { coordinates: tf.tensor2d(coordinates, [coordinates.length / inputs, inputs]), corners };
    },

    samples(points, parameters) {
      const outputs: Tensor2D[] = [];
      let x = encode(points, parameters);
      for (const { index } of layers) {
        const weight = parameters[tables.length + 2 * index] as Tensor2D;
        const bias = parameters[tables.length + 2 * index + 1]!;
        const z: Tensor2D = tf.add(tf.matMul(x, weight), bias);
        if (index === field.depth) return tf.add(tf.mul(headOutput(tf, field, z), 0.5), 0.5);
        x = activate(tf, field, index, z);
        if (closesBlock(field, index)) x = tf.mul(tf.add(outputs[index - 2]!, x), 0.5);
        outputs.push(x);
      }
      throw new Error('The last layer is the head.');
    },
  };
}

/** Tensors that tfjs keeps for each unit of a hidden layer until the gradient is done: one an operation above. */
const KEPT = { sine: 4, relu: 3, gelu: 9, finer: 7, gabor: 7, gaussian: 5, 'snake-alt': 6 } as const;

/** Bytes of intermediate results that a step keeps for one sample; an estimate. */
export function bytesPerSample(field: Field): number {
  const grid = gridOf(field.encoding);
  const corners = grid ? grid.levels * 2 ** field.inputs * (2 * grid.features + 2) : 0;
  const units = field.depth * field.width * (KEPT[field.activation.kind] + (field.residual ? 1 : 0));
  return 4 * (encodedWidth(field.encoding, field.inputs) + corners + units);
}
