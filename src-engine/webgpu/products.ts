/**
 * Matrix products of the dense layers, in two styles with one contract. A dense-*.wgsl module says what is multiplied and what
 * happens to the results; a product makes the kernel around it:
 *
 *     finish(part, row, col, columnTerm(col) + sum over depth of leftAt(part, row, depth) * rightAt(part, depth, col))
 *
 * for all rows below rowEnd() and all columns, depth over depthRange(part); and finishColumn(part, col, sum over depth of
 * rightAt(part, depth, col)) where column sums are asked for. Where the depth is known, parts are products of their own, of one shape.
 *
 * - tiles: through workgroup memory, for GPUs (shaders/tile-product.wgsl).
 * - unrolled: no workgroup memory and no barriers, for software adapters (unrolled.ts); with `subgroups`, lanes read for each other.
 */
import type { Constants, ModuleName } from './shader';
import { compactTiling, tallTiling, TILE_DEPTH } from './tiles';
import { unrolledProduct } from './unrolled';

export type ProductStyle = 'tiles' | 'unrolled' | 'unrolled subgroups';

export interface ProductShape {
  /** Known number of rows, or one row a sample. */
  readonly rows: number | 'samples';
  readonly cols: number;
  readonly depth: number | 'samples';
  /** Products of this shape, or what a depth of samples is cut into. */
  readonly parts: number;
  readonly columnSums: boolean;
  /** Most samples of a dispatch: says how much compile time a kernel is worth. */
  readonly samples: number;
}

/** What turns a dense-*.wgsl module into a kernel. `code` goes after all modules. */
export interface Product {
  readonly constants: Constants;
  /** Extensions of WGSL that the code needs. */
  readonly enables: readonly 'subgroups'[];
  readonly modules: readonly ModuleName[];
  readonly code: string;
  /** Workgroups for a slice of `samples`. */
  groups(samples: number): number;
}

/** A product in the given style. */
export function productFor(style: ProductStyle, shape: ProductShape): Product {
  return style === 'tiles' ? tiledProduct(shape) : unrolledProduct(shape, style === 'unrolled subgroups');
}

function tiledProduct({ rows, cols, depth, parts, columnSums }: ProductShape): Product {
  const tiling = rows === 'samples' ? tallTiling(1, cols) : compactTiling(rows, cols);
  return {
    constants: {
      COLS: cols,
      PARTS: parts,
      DEPTH_STEP: TILE_DEPTH,
      TILE_ROWS: tiling.tileRows,
      TILE_COLS: tiling.tileCols,
      TILE_DEPTH,
      ROW_TILES: tiling.rowTiles,
      COL_TILES: tiling.colTiles,
      LEFT_TRANSPOSED: depth === 'samples',
      COLUMN_SUMS: columnSums,
    },
    enables: [],
    modules: ['tile-product'],
    code: '',
    groups: (samples) => (rows === 'samples' ? Math.ceil(samples / tiling.tileRows) : tiling.rowTiles) * tiling.colTiles * parts,
  };
}
