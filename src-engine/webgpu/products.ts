/**
 * Matrix products of the dense layers and of Muon, in two styles with one contract. A module of operands (dense-*.wgsl, muon-product.wgsl)
 * says what is multiplied and what happens to the results; a product makes the kernel around it:
 *
 *     finish(part, row, col, columnTerm(col) + sum over depth of leftAt(part, row, depth) * rightAt(part, depth, col))
 *
 * for all rows below rowEnd() and all columns, depth over depthRange(part); and finishColumn(part, col, sum over depth of
 * rightAt(part, depth, col)) where column sums are asked for. Nothing is called outside of the matrices. Where the depth is known, parts
 * are products of their own, of one shape.
 *
 * - tiles: through workgroup memory, for GPUs (tiled.ts).
 * - unrolled: no workgroup memory and no barriers, for software adapters (unrolled.ts).
 */
import type { Constants } from './shader';
import { tiledProduct } from './tiled';
import type { Tuning } from './tuning';
import { unrolledProduct } from './unrolled';

export interface ProductShape {
  /** Known number of rows, or one row a sample. */
  readonly rows: number | 'samples';
  readonly cols: number;
  readonly depth: number | 'samples';
  /** Along what `left` and `right` are contiguous in memory. */
  readonly leftAlong: 'rows' | 'depth';
  readonly rightAlong: 'cols' | 'depth';
  /** Products of this shape, or what a depth of samples is cut into. */
  readonly parts: number;
  readonly columnSums: boolean;
  /** Most samples of a dispatch: says how much compile time a kernel is worth. */
  readonly samples: number;
}

/** What turns a module of operands into a kernel. `code` goes after all modules. */
export interface Product {
  readonly constants: Constants;
  /** Extensions of WGSL that the code needs. */
  readonly enables: readonly 'subgroups'[];
  readonly code: string;
  /** Workgroups for a slice of `samples`. */
  groups(samples: number): number;
}

/** A product in the tuning's style for its kind. */
export function productFor(tuning: Tuning, shape: ProductShape): Product {
  const style = shape.depth === 'samples' ? tuning.sums : tuning.streams;
  return style.kind === 'tiles' ? tiledProduct(shape, style) : unrolledProduct(shape, style);
}
