/**
 * The samples of a distance field on a large grid where its zero surface is, and nowhere else.
 *
 * Lattice. Point p of an axis, 1 ... n, is grid point p - 1 of n (signal/coordinates.ts): the centres of the cells of the decoded grid. Points 0 and
 * n + 1 are padding, outside of everything, so that a field which is negative at the border still has a closed surface. Bricks of 4 x 4 x 4
 * lattice points hold the samples; the block of the same index is the 4 x 4 x 4 cells whose lower corners those are, so it needs samples of
 * its own brick and of the faces of seven neighbours.
 *
 * Which blocks. A distance changes by no more than the way (Lipschitz constant 1), so a block is empty where |d| at its centre exceeds half
 * its diagonal; SLACK times that allows for fields that are only nearly distances. Blocks of 8^3 cells are asked first, the kept ones in
 * 4^3. Distances that were cut off cannot tell more than their truncation: there the bound is a little below it, and blocks whose half diagonal
 * is larger are not asked but cut smaller, or sampled where the grid is not large. Blocks between whose
 * centres the sign changes are kept in any case. Then the surface is followed: where the samples on a face of a kept block differ in sign,
 * the block beyond is kept too, until no face is left. So a surface that is met anywhere is closed, whatever the field is; only pieces that
 * lie altogether in blocks thought empty could be missed. Small grids are sampled everywhere.
 */
import { StudioError } from '#core/errors';
import { cancelled } from './distance-field';
import { Growing } from './growing';

/** Values of the field at x, y, z triples in [-1, 1]: negative inside. Not finite: outside. Calls do not overlap. */
export type FieldSampler = (points: Float32Array) => Promise<Float32Array>;

/** Cells and lattice points of a block along an axis. */
export const BLOCK = 4;
/** Half diagonals within which a block is kept. */
const SLACK = 1.5;
/** Grids up to this size have no blocks left out. */
const WHOLE = 64;
/** Grids up to this size have none left out whose centre cannot tell. */
const LARGEST_WHOLE = 160;
/** Distances from here on, in truncations, count as cut off. */
const CUT_OFF = 0.9;
/** Points that the field is asked for at a time. */
const CHUNK = 1 << 18;
/** Bricks at most: a quarter of a gibibyte of samples. A smooth surface at n = 1024 needs about a quarter of them. */
const MAXIMUM_BRICKS = 1 << 20;
/** Value of padding. */
const OUTSIDE = 1;

export interface SparseOptions {
  /** Distances beyond it are cut off by the field; default: none. */
  readonly truncation?: number;
  readonly signal?: AbortSignal;
  /** Told the points that were sampled. */
  readonly onSampled?: (points: number) => void;
}

export class SparseGrid {
  /** Blocks along an axis; lattice points 0 ... n + 1 lie in them. */
  readonly across: number;
  /** Number of the brick of each block, counted from 1; 0: none. */
  readonly bricks: Int32Array;
  /** 64 samples a brick, x fastest; NaN where none was asked for. */
  readonly samples = new Growing((length) => new Float32Array(length));
  /** Blocks through which the surface may pass, rising. */
  blocks: Int32Array = new Int32Array(0);
  private brickCount = 0;
  private readonly kept: Uint8Array;

  private constructor(
    readonly n: number,
    private readonly sampler: FieldSampler,
    private readonly options: SparseOptions,
  ) {
    this.across = Math.floor((n + 1) / BLOCK) + 1;
    this.bricks = new Int32Array(this.across ** 3);
    this.kept = new Uint8Array(this.across ** 3);
  }

  /**
   * Samples a field on n^3 points about its surface. Throws StudioError 'failed'/'memory' where the surface is so rugged that it fills
   * too much of the grid, 'cancelled' after an abort.
   */
  static async sample(n: number, sampler: FieldSampler, options: SparseOptions = {}): Promise<SparseGrid> {
    const grid = new SparseGrid(n, sampler, options);
    const likely = n <= WHOLE ? Int32Array.from({ length: grid.across ** 3 }, (_, block) => block) : await grid.search();
    await grid.close(likely);
    return grid;
  }

  /** The coordinate of lattice position p, which may be a fraction; padding lies beyond the cube. */
  coordinate(p: number): number {
    return (2 * p - 1 - this.n) / this.n;
  }

  /** Blocks that the centres speak for. */
  private async search(): Promise<Int32Array> {
    if (!this.tells(BLOCK) && this.n <= LARGEST_WHOLE) return Int32Array.from({ length: this.across ** 3 }, (_, block) => block);
    const coarse = Math.ceil(this.across / 2);
    const all = Int32Array.from({ length: coarse ** 3 }, (_, block) => block);
    const parents = this.tells(2 * BLOCK) ? await this.crossed(all, coarse, 2 * BLOCK) : all;
    const children = new Growing((length) => new Int32Array(length));
    for (const parent of parents) {
      const [x, y, z] = places(parent, coarse);
      for (let child = 0; child < 8; child++) {
        const [cx, cy, cz] = [2 * x + (child & 1), 2 * y + ((child >> 1) & 1), 2 * z + (child >> 2)];
        if (Math.max(cx, cy, cz) < this.across) children.push(cx + this.across * (cy + this.across * cz));
      }
    }
    return this.crossed(children.take(), this.across, BLOCK);
  }

  /** Whether the field at the centre of a block of `edge` cells can say that the block is empty. */
  private tells(edge: number): boolean {
    const { truncation = Infinity } = this.options;
    return (Math.sqrt(3) * edge) / this.n <= CUT_OFF * truncation;
  }

  /** Those of `candidates`, blocks of `edge` cells in a cube of `across`, that the surface may cross by the rules on top. */
  private async crossed(candidates: Int32Array, across: number, edge: number): Promise<Int32Array> {
    const { truncation = Infinity } = this.options;
    const bound = Math.min((SLACK * Math.sqrt(3) * edge) / this.n, CUT_OFF * truncation);
    const centre = (place: number): number => Math.max(-1, Math.min(1, this.coordinate((place + 0.5) * edge)));
    const signs = new Int8Array(across ** 3);
    const keep = new Uint8Array(candidates.length);
    await this.inChunks(candidates.length, (first, last) => {
      const points = new Float32Array(3 * (last - first));
      for (let i = first; i < last; i++) points.set(places(candidates[i]!, across).map(centre), 3 * (i - first));
      return points;
    }, (values, first) => {
      values.forEach((value, i) => {
        const block = candidates[first + i]!;
        signs[block] = value < 0 ? -1 : 1;
        // Inside at the border: the surface runs between the field and the padding.
        const border = value < 0 && places(block, across).some((place) => place === 0 || (place + 1) * edge > this.n);
        keep[first + i] = Math.abs(value) <= bound || border ? 1 : 0;
      });
    });
    return candidates.filter((block, i) => keep[i] === 1 || places(block, across).some((place, axis) => {
      const step = across ** axis;
      return (place > 0 && signs[block]! * signs[block - step]! < 0) || (place < across - 1 && signs[block]! * signs[block + step]! < 0);
    }));
  }

  /** Samples blocks, then those that their faces ask for, until there are none. */
  private async close(first: Int32Array): Promise<void> {
    let wanted = first;
    for (const block of wanted) this.kept[block] = 1;
    const found = new Growing((length) => new Int32Array(length));
    while (wanted.length > 0) {
      await this.fill(wanted);
      const more = new Growing((length) => new Int32Array(length));
      const cells = new Float32Array((BLOCK + 1) ** 3);
      for (const block of wanted) {
        found.push(block);
        this.read(block, cells);
        places(block, this.across).forEach((place, axis) => {
          for (const side of [0, 1]) {
            const beyond = block + (2 * side - 1) * this.across ** axis;
            if ((side === 0 ? place === 0 : place === this.across - 1) || this.kept[beyond] === 1 || !mixed(cells, axis, side)) continue;
            this.kept[beyond] = 1;
            more.push(beyond);
          }
        });
      }
      wanted = more.take();
    }
    this.blocks = found.take().sort();
  }

  /** The 5 x 5 x 5 samples at the corners of a kept block's cells, x fastest. */
  read(block: number, out: Float32Array): void {
    const { bricks } = this;
    const samples = this.samples.values;
    for (let part = 0; part < 8; part++) {
      const [px, py, pz] = [part & 1, (part >> 1) & 1, part >> 2];
      const brick = this.neighbour(block, part);
      const base = brick < 0 ? -1 : 64 * (bricks[brick]! - 1);
      for (let z = pz * BLOCK; z < BLOCK + pz; z++) {
        for (let y = py * BLOCK; y < BLOCK + py; y++) {
          for (let x = px * BLOCK; x < BLOCK + px; x++) out[x + 5 * (y + 5 * z)] = base < 0 ? OUTSIDE : samples[base + (x & 3) + 4 * ((y & 3) + 4 * (z & 3))]!;
        }
      }
    }
  }

  /** The block one step on along the axes of the bits of `part`; -1 beyond the lattice. */
  neighbour(block: number, part: number): number {
    let next = block;
    const place = places(block, this.across);
    for (let axis = 0; axis < 3; axis++) {
      if (((part >> axis) & 1) === 0) continue;
      if (place[axis] === this.across - 1) return -1;
      next += this.across ** axis;
    }
    return next;
  }

  /** Makes bricks and samples whatever the cells of `blocks` need. */
  private async fill(blocks: Int32Array): Promise<void> {
    const { n, across, bricks, samples } = this;
    const wanted = new Growing((length) => new Int32Array(length));
    const where = new Growing((length) => new Uint16Array(length));
    const flush = async (): Promise<void> => {
      await this.inChunks(wanted.length, (first, last) => Float32Array.from({ length: 3 * (last - first) }, (_, i) => this.coordinate(where.values[3 * first + i]!)), (values, first) => {
        for (let i = 0; i < values.length; i++) samples.values[wanted.values[first + i]!] = values[i]!;
      });
      wanted.length = 0;
      where.length = 0;
    };
    for (const block of blocks) {
      for (let part = 0; part < 8; part++) {
        const owner = this.neighbour(block, part);
        if (owner < 0) continue;
        if (bricks[owner] === 0) {
          if (++this.brickCount > MAXIMUM_BRICKS) throw new StudioError('failed', 'memory', `At ${n} points along each axis this surface needs more than ${(MAXIMUM_BRICKS * 64) >> 20} million samples. Ask for a smaller resolution.`);
          bricks[owner] = this.brickCount;
          samples.reserve(64 * this.brickCount);
          samples.values.fill(NaN, 64 * (this.brickCount - 1), 64 * this.brickCount);
          samples.length = 64 * this.brickCount;
        }
        const base = 64 * (bricks[owner]! - 1);
        const place = places(owner, across);
        const [ex, ey, ez] = [(part & 1) === 1 ? 1 : BLOCK, (part & 2) === 2 ? 1 : BLOCK, (part & 4) === 4 ? 1 : BLOCK];
        for (let z = 0; z < ez; z++) {
          for (let y = 0; y < ey; y++) {
            for (let x = 0; x < ex; x++) {
              const at = base + x + 4 * (y + 4 * z);
              if (!Number.isNaN(samples.values[at]!)) continue;
              const [px, py, pz] = [BLOCK * place[0] + x, BLOCK * place[1] + y, BLOCK * place[2] + z];
              samples.values[at] = OUTSIDE;
              if (Math.min(px, py, pz) < 1 || Math.max(px, py, pz) > n) continue;
              wanted.push(at);
              where.push(px);
              where.push(py);
              where.push(pz);
            }
          }
        }
      }
      if (wanted.length >= CHUNK) await flush();
    }
    await flush();
  }

  /** Asks the field for `count` points in chunks. */
  private async inChunks(count: number, pointsOf: (first: number, last: number) => Float32Array, take: (values: Float32Array, first: number) => void): Promise<void> {
    for (let first = 0; first < count; first += CHUNK) {
      if (this.options.signal?.aborted === true) throw cancelled();
      const last = Math.min(count, first + CHUNK);
      const values = await this.sampler(pointsOf(first, last));
      for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i]!)) values[i] = OUTSIDE;
      take(values, first);
      this.options.onSampled?.(last - first);
    }
  }
}

/** x, y, z of a block in a cube of `across`. */
export function places(block: number, across: number): [number, number, number] {
  const row = Math.floor(block / across);
  return [block % across, row % across, Math.floor(row / across)];
}

/** Whether the 5 x 5 samples of a block's corners at one end of an axis differ in sign. */
function mixed(cells: Float32Array, axis: number, side: number): boolean {
  const step = 5 ** axis;
  const [u, v] = [5 ** ((axis + 1) % 3), 5 ** ((axis + 2) % 3)];
  const base = side * BLOCK * step;
  const inside = cells[base]! < 0;
  for (let i = 0; i <= BLOCK; i++) for (let j = 0; j <= BLOCK; j++) if (cells[base + i * u + j * v]! < 0 !== inside) return true;
  return false;
}
