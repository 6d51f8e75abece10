/**
 * Geometry of the tiled matrix products of shaders/tile-product.wgsl, and of dispatches. A thread computes 4 x 4 results, so a tile
 * of R x C takes R C / 16 threads; 256 threads and 16 KiB of workgroup memory, the default limits, are never exceeded.
 */
export interface Tiling {
  readonly tileRows: number;
  readonly tileCols: number;
  readonly rowTiles: number;
  readonly colTiles: number;
}

/**
 * Depth of a slab. Adapters that clear workgroup memory element by element (SwiftShader) take compile time in proportion to it:
 * 16 took twice as long as 8.
 */
export const TILE_DEPTH = 8;
const LARGEST_TILE = 64;

/** Even division of `extent` into tiles of at most 64, each a multiple of 4: 100 -> 2 tiles of 52, not 64 + 36. */
function evenTile(extent: number): number {
  const tiles = Math.ceil(extent / LARGEST_TILE);
  return Math.ceil(extent / tiles / 4) * 4;
}

/** Tiles for a product with few, known rows and columns (weight gradients). */
export function compactTiling(rows: number, cols: number): Tiling {
  const tileRows = evenTile(rows);
  const tileCols = evenTile(cols);
  return { tileRows, tileCols, rowTiles: Math.ceil(rows / tileRows), colTiles: Math.ceil(cols / tileCols) };
}

/** Tiles for a product with many rows (samples); narrow results take taller tiles, so that a workgroup has threads enough. */
export function tallTiling(rows: number, cols: number): Tiling {
  const tileCols = evenTile(cols);
  const tileRows = tileCols <= 16 ? 128 : 64;
  return { tileRows, tileCols, rowTiles: Math.ceil(rows / tileRows), colTiles: Math.ceil(cols / tileCols) };
}

const MAXIMUM_GROUPS = 65535;

/** Folds a number of workgroups into two dimensions; groupNumber in shaders/work.wgsl unfolds it. */
export function foldGroups(groups: number): readonly [number, number] {
  if (groups <= MAXIMUM_GROUPS) return [Math.max(1, groups), 1];
  const rows = Math.ceil(groups / MAXIMUM_GROUPS);
  return [Math.ceil(groups / rows), rows];
}
