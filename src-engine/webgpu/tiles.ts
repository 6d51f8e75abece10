/**
 * Geometry of the tiled matrix products of tiled.ts, and of dispatches. 256 threads and 16 KiB of workgroup memory, the default limits, are
 * never exceeded.
 */
export interface TileStyle {
  readonly kind: 'tiles';
  /** Edge of the block of results in a thread's registers, where the shape allows it. */
  readonly block: 4 | 8;
  /** Depth of a slab. */
  readonly depth: 8 | 16;
}

export interface Tiling {
  readonly tileRows: number;
  readonly tileCols: number;
  readonly rowTiles: number;
  readonly colTiles: number;
  readonly rowBlock: 4 | 8;
  readonly colBlock: 4 | 8;
}

const LARGEST_TILE = 64;

/** Even division of `extent` into tiles of at most 64, each a multiple of `step`: 100 -> 2 tiles of 52, not 64 + 36. */
function evenTile(extent: number, step: number): number {
  const tiles = Math.ceil(extent / LARGEST_TILE);
  return Math.ceil(extent / tiles / step) * step;
}

/** Edge of a thread's block along `extent`: the style's, unless it would leave more than an eighth of the tiles empty. */
function blockAlong(extent: number, block: 4 | 8): 4 | 8 {
  if (block === 4) return 4;
  const tile = evenTile(extent, 8);
  return Math.ceil(extent / tile) * tile <= 1.125 * extent ? 8 : 4;
}

/**
 * Tiles for a product of known rows, or of one row a sample. Narrow results of many rows take taller tiles, so that a workgroup has threads
 * enough.
 */
export function tilingOf(rows: number | 'samples', cols: number, { block }: TileStyle): Tiling {
  const colBlock = blockAlong(cols, block);
  const tileCols = evenTile(cols, colBlock);
  const rowBlock = rows === 'samples' ? (tileCols <= 16 ? 4 : block) : blockAlong(rows, block);
  const tileRows = rows === 'samples' ? (tileCols <= 16 ? 128 : 64) : evenTile(rows, rowBlock);
  const rowTiles = rows === 'samples' ? 1 : Math.ceil(rows / tileRows);
  return { tileRows, tileCols, rowTiles, colTiles: Math.ceil(cols / tileCols), rowBlock, colBlock };
}

const MAXIMUM_GROUPS = 65535;

/** Folds a number of workgroups into two dimensions; groupNumber in shaders/work.wgsl unfolds it. */
export function foldGroups(groups: number): readonly [number, number] {
  if (groups <= MAXIMUM_GROUPS) return [Math.max(1, groups), 1];
  const rows = Math.ceil(groups / MAXIMUM_GROUPS);
  return [Math.ceil(groups / rows), rows];
}
