/**
 * Trainable grids in tfjs (field/grid.ts defines them). Which vectors a point sees and how much of each depends on coordinates alone,
 * so rows and weights are worked out in plain TypeScript for every batch; what is learned is gathered and added up by tfjs.
 */
import type * as TfNamespace from '@tensorflow/tfjs';
import { vectorIndex, type GridLevel } from '#core/field/grid';
import type { Tf } from './model';

export interface GridCorners {
  /** Row of the level's table for corner k of point p at [p * 2^inputs + k]. */
  readonly rows: Int32Array;
  /** Its interpolation weight. */
  readonly weights: Float32Array;
}

/** The corners around `coordinates` (n x inputs numbers in [-1, 1]) in one level. */
export function gridCorners(level: GridLevel, inputs: number, coordinates: Float32Array): GridCorners {
  const corners = 2 ** inputs;
  const points = coordinates.length / inputs;
  const half = (level.resolution - 1) / 2;
  const rows = new Int32Array(points * corners);
  const weights = new Float32Array(points * corners);
  const cell = new Array<number>(inputs).fill(0);
  const node = new Array<number>(inputs).fill(0);
  const within = new Float64Array(inputs);
  for (let point = 0; point < points; point++) {
    for (let axis = 0; axis < inputs; axis++) {
      const place = Math.fround(Math.fround(half * coordinates[point * inputs + axis]!) + half);
      cell[axis] = Math.min(Math.max(Math.floor(place), 0), level.resolution - 2);
      within[axis] = place - cell[axis]!;
    }
    for (let corner = 0; corner < corners; corner++) {
      let weight = 1;
      for (let axis = 0; axis < inputs; axis++) {
        const above = (corner >> axis) & 1;
        node[axis] = cell[axis]! + above;
        weight *= above ? within[axis]! : 1 - within[axis]!;
      }
      rows[point * corners + corner] = vectorIndex(level, node);
      weights[point * corners + corner] = weight;
    }
  }
  return { rows, weights };
}

/**
 * Features [n, F] of one level: rows of `table` [entries, F] times `weights` [n x corners, 1], added up over the corners of a point.
 * The gradient of tfjs's own gather needs a kernel that its wasm backend lacks; scattering is the same sum, and every backend has it.
 */
export function interpolate(tf: Tf, table: TfNamespace.Tensor2D, rows: TfNamespace.Tensor1D, weights: TfNamespace.Tensor2D, corners: number): TfNamespace.Tensor2D {
  const gather = tf.customGrad((tensor) => ({
    value: tf.gather(tensor as TfNamespace.Tensor, rows),
    gradFunc: (slope: TfNamespace.Tensor) => tf.scatterND(tf.reshape(rows, [-1, 1]), slope, table.shape),
  }));
  const parts = tf.mul(gather(table), weights);
  return tf.sum(tf.reshape(parts, [-1, corners, table.shape[1]]), 1);
}
