/**
 * Grid encodings of the normative synthesis, the definition in field/grid.ts as float32 operations: for each level and point
 *
 *     h_i = half * x_i + half, half = (N - 1) / 2            product rounded, sum rounded
 *     c_i = min(max(floor(h_i), 0), N - 2)                   cell
 *     f_i = h_i - c_i                                        place within it, in [0, 1]; exact
 *     w_k = product over axes i ascending of (bit i of k ? f_i : 1 - f_i)
 *     feature j = sum over corners k ascending, from 0, of w_k * vector(c + bits of k)[j]
 *
 * with every operation rounded. The order is the format: no interpolation axis by axis may take its place, though it would cost less.
 * kernels/assembly/tables.ts does the same in SIMD.
 */
import { vectorIndex } from '../field/grid';
import type { TableSlot } from '../field/layout';

const { fround } = Math;

/** Rows [axis][point] of coordinates and [feature][point] of features, `stride` numbers apart. */
export interface Rows {
  readonly stride: number;
  readonly count: number;
}

/** Features of `count` points; `features`: length of a vector; tables lie in `parameters` as parameterLayout says. */
export function encodeTables(
  tables: readonly TableSlot[],
  features: number,
  parameters: Float32Array,
  inputs: number,
  coordinates: Float32Array,
  { stride, count }: Rows,
  out: Float32Array,
): void {
  const cell = new Array<number>(inputs);
  const within = new Array<number>(inputs);
  const node = new Array<number>(inputs);
  for (const table of tables) {
    const half = (table.resolution - 1) / 2;
    const firstRow = table.level * features * stride;
    for (let point = 0; point < count; point++) {
      for (let axis = 0; axis < inputs; axis++) {
        const h = fround(fround(half * coordinates[axis * stride + point]!) + half);
        cell[axis] = Math.min(Math.max(Math.floor(h), 0), table.resolution - 2);
        within[axis] = fround(h - cell[axis]!);
      }
      for (let j = 0; j < features; j++) out[firstRow + j * stride + point] = 0;
      for (let corner = 0; corner < 2 ** inputs; corner++) {
        let weight = 1;
        for (let axis = 0; axis < inputs; axis++) {
          const above = (corner >> axis) & 1;
          node[axis] = cell[axis]! + above;
          weight = fround(weight * (above ? within[axis]! : fround(1 - within[axis]!)));
        }
        const vector = table.offset + vectorIndex(table, node) * features;
        for (let j = 0; j < features; j++) {
          const at = firstRow + j * stride + point;
          out[at] = fround(out[at]! + fround(weight * parameters[vector + j]!));
        }
      }
    }
  }
}
