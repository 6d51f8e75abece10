/**
 * Multi-resolution grids of trainable feature vectors (Mueller et al., "Instant Neural Graphics Primitives with a
 * Multiresolution Hash Encoding", 2022; dense levels as in fV-SRN, Weiss et al. 2022).
 *
 * Level l has N_l nodes along every axis of [-1, 1]^d, the outermost at -1 and 1. N_l grows geometrically and is defined by
 * integers, so that every machine gets the same: the largest N with N^(L-1) <= coarsest^(L-1-l) * finest^l; with one level it is
 * `coarsest`, whatever `finest` says. With more, finest >= coarsest: configurations and files that say otherwise are refused.
 *
 * A coordinate x lies at h = (N - 1) / 2 * x + (N - 1) / 2 (product and sum rounded to float32), in cell
 * c = min(max(floor(h), 0), N - 2), at f = h - c within it. The features of level l are the sum over the 2^d corners k of the cell,
 * ascending, of w_k * vector(c + bits of k), where bit i of k belongs to axis i and w_k is the product over the axes,
 * ascending, of f_i where the bit is set and 1 - f_i where it is not. Levels follow each other: feature l * F + j.
 *
 * Node (n_0, ..., n_{d-1}) of a level has vector number sum n_i N^i where all nodes fit in the table, else
 * (n_0 * 1 xor n_1 * 2654435761 xor n_2 * 805459861 xor n_3 * 3674653429) mod 2^tableLog2, products modulo 2^32.
 */
import { gridOf, type Encoding, type GridShape } from './field';

export const HASH_PRIMES: readonly number[] = Object.freeze([1, 2654435761, 805459861, 3674653429]);

export interface GridLevel {
  /** Nodes along every axis. */
  readonly resolution: number;
  /** Vectors that are stored. */
  readonly entries: number;
  readonly hashed: boolean;
}

/** null for a grid whose levels rise, else what is wrong with it, as the end of a sentence. */
export function gridFault({ levels, coarsest, finest }: GridShape): string | null {
  if (levels === 1 || coarsest <= finest) return null;
  return `the finest grid (${finest} nodes along an axis) is coarser than the coarsest (${coarsest})`;
}

function resolutionOf({ levels, coarsest, finest }: GridShape, level: number): number {
  if (levels === 1) return coarsest;
  const power = BigInt(levels - 1);
  const goal = BigInt(coarsest) ** BigInt(levels - 1 - level) * BigInt(finest) ** BigInt(level);
  let low = coarsest;
  let high = finest;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (BigInt(middle) ** power <= goal) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The levels of an encoding's grid over `inputs` axes, coarsest first; empty for encodings without one. */
export function gridLevels(encoding: Encoding, inputs: number): readonly GridLevel[] {
  const grid = gridOf(encoding);
  if (!grid) return [];
  const table = grid.kind === 'hash-grid' ? 2 ** grid.tableLog2 : Infinity;
  return Array.from({ length: grid.levels }, (_, level) => {
    const resolution = resolutionOf(grid, level);
    const nodes = resolution ** inputs;
    return { resolution, entries: Math.min(nodes, table), hashed: nodes > table };
  });
}

/** Number of the vector of a node. */
export function vectorIndex({ resolution, entries, hashed }: GridLevel, node: readonly number[]): number {
  if (!hashed) return node.reduceRight((number, position) => number * resolution + position, 0);
  const mixed = node.reduce((hash, position, axis) => hash ^ Math.imul(position, HASH_PRIMES[axis]! | 0), 0);
  return (mixed & (entries - 1)) >>> 0;
}
