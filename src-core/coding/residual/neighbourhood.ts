/**
 * What a decoder knows around a coefficient: magnitudes of the band so far, of the other bands of its level at the same place, and of its
 * parent, the coefficient of the next coarser level that covers the same place in the same orientation. Edges show in all of them.
 */
import { KINDS, type Band, type Extents } from './wavelet';

/** Side of the blocks that are coded or left out as a whole. */
export const BLOCK = 4;
const MARGIN = 2;

/** Magnitudes of one band, up to 255, zeros where none are known yet, with a margin of zeros. */
export class MagnitudePlane {
  readonly values: Uint8Array;
  readonly row: number;
  readonly slice: number;
  /** Place of coefficient (0, 0, 0). */
  readonly origin: number;
  /** 1 for blocks that were coded; a margin of one at the low ends, and at the high end of x and y. */
  readonly blocks: Uint8Array;
  readonly blockRow: number;
  readonly blockSlice: number;

  constructor(readonly size: Extents) {
    const [width, height, depth] = size;
    this.row = width + 2 * MARGIN;
    this.slice = this.row * (height + 2 * MARGIN);
    this.values = new Uint8Array(this.slice * (depth + 2 * MARGIN));
    this.origin = MARGIN * (this.slice + this.row + 1);
    this.blockRow = Math.ceil(width / BLOCK) + 2;
    this.blockSlice = this.blockRow * (Math.ceil(height / BLOCK) + 2);
    this.blocks = new Uint8Array(this.blockSlice * (Math.ceil(depth / BLOCK) + 1));
  }

  /** Sum over the box [x0, x1) x [y0, y1) x [z0, z1), cut off at the band's end. */
  sum([x0, y0, z0]: Extents, [x1, y1, z1]: Extents): number {
    const [width, height, depth] = this.size;
    let sum = 0;
    for (let z = z0; z < Math.min(z1, depth); z++) {
      for (let y = y0; y < Math.min(y1, height); y++) {
        const row = this.origin + z * this.slice + y * this.row;
        for (let x = x0; x < Math.min(x1, width); x++) sum += this.values[row + x]!;
      }
    }
    return sum;
  }
}

/** Classes of sums of magnitudes: 0 to 11, finer where sums are small. */
export const CLASSES = 12;
const CLASS_LIMITS = [1, 2, 3, 5, 7, 10, 15, 22, 34, 60, 120];
const CLASS_OF = Uint8Array.from({ length: 4096 }, (_, sum) => CLASS_LIMITS.filter((limit) => sum >= limit).length);

/** Class of a sum. */
export function classOf(sum: number): number {
  return CLASS_OF[sum < 4096 ? sum : 4095]!;
}

/** At most this many of the bands of a level that came before are looked at. */
const SIBLINGS = 3;

/** The planes of the level that is being coded and of the one before it. */
export class Planes {
  #parents: (MagnitudePlane | undefined)[] = [];
  #level: (MagnitudePlane | undefined)[] = [];
  #number = -1;

  /** The plane of a band that is about to be coded, with those that tell about it. */
  next(band: Band): { readonly plane: MagnitudePlane; readonly parent: MagnitudePlane | null; readonly siblings: readonly MagnitudePlane[] } {
    if (band.kind !== 0 && band.level !== this.#number) {
      this.#parents = this.#level;
      this.#level = [];
      this.#number = band.level;
    }
    const plane = new MagnitudePlane(band.size);
    const siblings = band.kind === 0 ? [] : KINDS.flatMap((kind) => this.#level[kind] ?? []).slice(-SIBLINGS);
    this.#level[band.kind] = plane;
    return { plane, parent: (band.kind === 0 ? undefined : this.#parents[band.kind]) ?? null, siblings };
  }
}
