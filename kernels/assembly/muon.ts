/**
 * Muon for the hidden matrices (Jordan et al. 2024; formulas in src-core/fit/optimizer.ts): momentum, five Newton-Schulz steps that
 * bring the singular values of the update near 1, and the update itself.
 *
 * A step is three products of n x n matrices: A = X X^T, B = b A + c A A, then X = a X + B X. They run on the kernel of the dense
 * layers: the left factor lies as activations do, [column / 16][row][16], of the right one each task makes the panels of its 16
 * columns in the thread's scratch. A task is 16 columns of one matrix; all matrices go through a product together, then a barrier.
 * The first two products are symmetric: a task computes from the diagonal down and writes the mirror image too, which leaves two
 * thirds of the work.
 * X is divided by its norm on the way: A of the first step is multiplied by 1 / norm^2 and its X by 1 / norm.
 *
 * The three matrices of a layer take turns: the new X is written where A was, which nobody reads any more.
 */
import { LayerSlot, Place, RateSlot, Slot } from '../slots';
import { product } from './dense';
import { sumOf, sumOfLanes } from './elementary';
import { madd } from './fused';
import { layerAt, word } from './record';
import { barrier, nextTask } from './threads';

/** Coefficients of the Newton-Schulz iteration and its number of steps; NEWTON_SCHULZ in src-core/fit/optimizer.ts. */
const A: f32 = 3.4445;
const B: f32 = -4.775;
const C: f32 = 2.0315;
const EPSILON: f64 = 1e-7;
const STEPS: usize = 5;

/** Rows of a matrix in memory: its width in whole blocks of 8. All hidden layers are alike. */
// @ts-ignore: decorator
@inline
function rowsOf(): usize {
  return <usize>load<u32>(layerAt(1), LayerSlot.InBlocks << 2) << 3;
}

/** Bytes of a matrix. */
// @ts-ignore: decorator
@inline
function matrixBytes(): usize {
  const rows = rowsOf();
  return ((rows + 15) >> 4) * (rows << 6);
}

/** Matrix `which` (0 to 2) of hidden layer `l`. */
// @ts-ignore: decorator
@inline
function matrixAt(l: usize, which: usize): usize {
  return <usize>word(Slot.Muon) + ((l - 1) * 3 + which) * matrixBytes();
}

/** Sums of squares of hidden layer `l`, a float64 a block. */
// @ts-ignore: decorator
@inline
function squaresAt(l: usize): usize {
  const blocks = rowsOf() >> 3;
  return <usize>word(Slot.MuonSquares) + (l - 1) * ((blocks * blocks) << 3);
}

/** Where 8 x 8 block `block` (counted along rows, then panels) lies in a matrix. */
// @ts-ignore: decorator
@inline
function blockAt(matrix: usize, block: usize, rows: usize): usize {
  const panel = block / (rows >> 3);
  const row = block - panel * (rows >> 3);
  return matrix + (panel >> 1) * (rows << 6) + (row << 9) + ((panel & 1) << 5);
}

/** m = momentum m + (1 - momentum) g, X = (1 - momentum) g + momentum m for blocks [first, end) of hidden layer `l`. */
export function muonMoments(l: usize, first: usize, end: usize, factor: f32): void {
  const rows = rowsOf();
  const weight: usize = load<u32>(layerAt(<i32>l), LayerSlot.Weight << 2);
  const matrix = matrixAt(l, 0);
  const scale = f32x4.splat(factor);
  const momentum = v128.load32_splat(Place.Job + (Slot.Momentum << 2));
  const rest = v128.load32_splat(Place.Job + (Slot.OneMinusMomentum << 2));
  for (let block = first; block < end; block++) {
    const gradient = <usize>word(Slot.Gradients) + weight + (block << 8);
    const moment = <usize>word(Slot.Moment1) + weight + (block << 8);
    const to = blockAt(matrix, block, rows);
    let squares = f32x4.splat(0);
    for (let row: usize = 0; row < 8; row++) {
      for (let half: usize = 0; half < 32; half += 16) {
        const at = (row << 5) + half;
        const g = f32x4.mul(rest, f32x4.mul(scale, v128.load(gradient + at)));
        const m = madd(momentum, v128.load(moment + at), g);
        const x = madd(momentum, m, g);
        v128.store(moment + at, m);
        v128.store(to + (row << 6) + half, x);
        squares = madd(x, x, squares);
      }
    }
    store<f64>(squaresAt(l) + (block << 3), sumOfLanes(squares));
  }
}

/** Four rows of four numbers at `from`, `fromStride` bytes apart -> columns at `to`, `toStride` bytes apart. */
// @ts-ignore: decorator
@inline
function transposeFour(from: usize, fromStride: usize, to: usize, toStride: usize): void {
  const r0 = v128.load(from);
  const r1 = v128.load(from + fromStride);
  const r2 = v128.load(from + 2 * fromStride);
  const r3 = v128.load(from + 3 * fromStride);
  const a = v128.shuffle<i32>(r0, r1, 0, 4, 1, 5);
  const b = v128.shuffle<i32>(r2, r3, 0, 4, 1, 5);
  const c = v128.shuffle<i32>(r0, r1, 2, 6, 3, 7);
  const d = v128.shuffle<i32>(r2, r3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<i64>(a, b, 0, 2));
  v128.store(to + toStride, v128.shuffle<i64>(a, b, 1, 3));
  v128.store(to + 2 * toStride, v128.shuffle<i64>(c, d, 0, 2));
  v128.store(to + 3 * toStride, v128.shuffle<i64>(c, d, 1, 3));
}

/** Panels of 16 columns of the transpose, from column 16 * block: rows of the matrix turned. */
export function turnRows(matrix: usize, block: usize, rows: usize, to: usize): void {
  for (let row: usize = 0; row < min(<usize>16, rows - (block << 4)); row += 4) {
    const panel = to + (row >> 3) * (rows << 5) + ((row & 7) << 2);
    for (let k: usize = 0; k < rows; k += 4) {
      transposeFour(matrix + (k >> 4) * (rows << 6) + (((block << 4) + row) << 6) + ((k & 15) << 2), 64, panel + (k << 5), 32);
    }
  }
}

/** Panels of 16 columns, from column 16 * block. */
export function copyColumns(matrix: usize, block: usize, rows: usize, to: usize): void {
  const from = matrix + block * (rows << 6);
  for (let k: usize = 0; k < rows; k++) {
    v128.store(to + (k << 5), v128.load(from + (k << 6)));
    v128.store(to + (k << 5), v128.load(from + (k << 6), 16), 16);
    v128.store(to + ((rows + k) << 5), v128.load(from + (k << 6), 32));
    v128.store(to + ((rows + k) << 5), v128.load(from + (k << 6), 48), 16);
  }
}

/** sum = x * sum + y * other over the columns of one task. */
export function combine(sum: usize, x: f32, other: usize, y: f32, bytes: usize): void {
  const first = f32x4.splat(x);
  const second = f32x4.splat(y);
  for (let at: usize = 0; at < bytes; at += 16) {
    v128.store(sum + at, madd(first, v128.load(sum + at), f32x4.mul(second, v128.load(other + at))));
  }
}

/** The 16 x 16 blocks under the diagonal in columns `block` of a symmetric matrix -> the same numbers right of the diagonal. */
export function mirror(matrix: usize, block: usize, rows: usize): void {
  const height = min(<usize>16, rows - (block << 4));
  for (let row: usize = (block + 1) << 4; row < rows; row += 4) {
    for (let column: usize = 0; column < height; column += 4) {
      const from = matrix + block * (rows << 6) + (row << 6) + (column << 2);
      transposeFour(from, 64, matrix + (row >> 4) * (rows << 6) + (((block << 4) + column) << 6) + ((row & 15) << 2), 64);
    }
  }
}

/**
 * Columns `block` of product `part` (0: X X^T, 1: b A + c A A, 2: a X + B X) of step `step` of hidden layer `l`. The first two are
 * symmetric: their columns begin at the diagonal, and what lies above it is a mirror image.
 */
export function multiplyColumns(l: usize, block: usize, part: u32, step: usize, panels: usize): void {
  const rows = rowsOf();
  const x = matrixAt(l, step & 1);
  const gram = matrixAt(l, (step & 1) ^ 1);
  const polynomial = matrixAt(l, 2);
  const left = part == 0 ? x : part == 1 ? gram : polynomial;
  const result = part == 1 ? polynomial : gram;
  const first: usize = part == 2 ? 0 : block << 4;
  const column = block * (rows << 6) + (first << 6);
  const bytes = (rows - first) << 6;
  if (part == 0) turnRows(x, block, rows, panels);
  else copyColumns(part == 1 ? gram : x, block, rows, panels);
  const count = min(<usize>2, (rows >> 3) - 2 * block);
  product(left + (first << 6), rows << 6, rows, panels, rows << 5, word(Slot.Zeros), count, result + column, rows << 6, rows - first);
  const shrink: f32 = step == 0 && part != 1 ? <f32>(1 / (Math.sqrt(sumOf(squaresAt(l), (rows * rows) >> 3)) + EPSILON)) : 1;
  if (part == 2) combine(result + column, shrink, x + column, A * shrink, bytes);
  else if (part == 1) combine(result + column, C, gram + column, B, bytes);
  else if (step == 0) combine(result + column, shrink * shrink, result + column, 0, bytes);
  if (part != 2) mirror(result, block, rows);
}

/** All products of all hidden matrices, whoever comes. Returns 2 when a thread died, else 0. */
export function orthogonalize(threads: i32, scratch: usize): i32 {
  const matrices: u32 = word(Slot.Layers) - 2;
  const blocks = <u32>((rowsOf() + 15) >> 4);
  // The values of the first layer are not needed between two tiles.
  const panels = scratch + load<u32>(layerAt(0), LayerSlot.Result << 2);
  for (let step: usize = 0; step < STEPS; step++) {
    for (let part: u32 = 0; part < 3; part++) {
      let task: u32;
      while ((task = nextTask()) < matrices * blocks) multiplyColumns(1 + task / blocks, task % blocks, part, step, panels);
      if (barrier(threads) == 2) return 2;
    }
  }
  return 0;
}

/** p -= rate X + decay p for blocks [first, end) of hidden layer `l`; writes the scaled forward weights and the average. */
export function applyMuon(l: usize, first: usize, end: usize, rate: usize): void {
  const rows = rowsOf();
  const layer = layerAt(<i32>l);
  const weight: usize = load<u32>(layer, LayerSlot.Weight << 2);
  const matrix = matrixAt(l, STEPS & 1);
  const forwardScale = v128.load32_splat(layer, LayerSlot.ForwardScale << 2);
  const length = v128.load32_splat(rate, RateSlot.Muon << 2);
  const decay = v128.load32_splat(rate, RateSlot.MuonDecay << 2);
  const keep = v128.load32_splat(rate, RateSlot.Keep << 2);
  const blend = v128.load32_splat(rate, RateSlot.Blend << 2);
  const average: usize = word(Slot.Average);
  for (let block = first; block < end; block++) {
    const from = blockAt(matrix, block, rows);
    for (let row: usize = 0; row < 8; row++) {
      for (let half: usize = 0; half < 32; half += 16) {
        const to = weight + (block << 8) + (row << 5) + half;
        const master = <usize>word(Slot.Master) + to;
        const before = v128.load(master);
        const parameter = f32x4.sub(before, f32x4.add(f32x4.mul(length, v128.load(from + (row << 6) + half)), f32x4.mul(decay, before)));
        v128.store(master, parameter);
        v128.store(<usize>word(Slot.Forward) + to, f32x4.mul(parameter, forwardScale));
        if (average != 0) v128.store(average + to, f32x4.add(f32x4.mul(keep, v128.load(average + to)), f32x4.mul(blend, parameter)));
      }
    }
  }
}
