/**
 * The gradient of the weights of a head with one to four outputs, as pictures have. weightGradient() of dense.ts keeps its lanes along
 * the outputs, and five of eight would be padding; here lanes run along the inputs, eight of them at a time, and every output has
 * sums of its own. Half the multiply-adds, and the same order of summation: sample by sample, from what is stored.
 */
import { apart, madd } from './fused';
import { weightGradient } from './dense';

/** Bytes of one sample within a block of 16 features. */
const ROW: usize = 64;

/** The first lanes of four vectors; below, the second ones, and so on. */
// @ts-ignore: decorator
@inline
function column0(a: v128, b: v128, c: v128, d: v128): v128 {
  return v128.shuffle<i64>(v128.shuffle<i32>(a, b, 0, 4, 1, 5), v128.shuffle<i32>(c, d, 0, 4, 1, 5), 0, 2);
}

// @ts-ignore: decorator
@inline
function column1(a: v128, b: v128, c: v128, d: v128): v128 {
  return v128.shuffle<i64>(v128.shuffle<i32>(a, b, 0, 4, 1, 5), v128.shuffle<i32>(c, d, 0, 4, 1, 5), 1, 3);
}

// @ts-ignore: decorator
@inline
function column2(a: v128, b: v128, c: v128, d: v128): v128 {
  return v128.shuffle<i64>(v128.shuffle<i32>(a, b, 2, 6, 3, 7), v128.shuffle<i32>(c, d, 2, 6, 3, 7), 0, 2);
}

// @ts-ignore: decorator
@inline
function column3(a: v128, b: v128, c: v128, d: v128): v128 {
  return v128.shuffle<i64>(v128.shuffle<i32>(a, b, 2, 6, 3, 7), v128.shuffle<i32>(c, d, 2, 6, 3, 7), 1, 3);
}

/**
 * As weightGradient() of dense.ts for one panel whose outputs are four at most; what is stored for outputs 4 to 7 stays as it is. `tiles`:
 * groups of four inputs.
 */
export function narrowWeightGradient(x: usize, xStride: usize, tiles: usize, g: usize, gradient: usize, samples: usize, first: bool): void {
  const keep = i32x4.splat(first ? 0 : -1);
  const end = g + samples * ROW;
  let tile: usize = 0;
  for (; tile + 2 <= tiles; tile += 2) {
    let at = x + (tile >> 2) * xStride + ((tile & 3) << 4);
    const to = gradient + (tile << 7);
    // Stored [input][output]; the sums are [output][input].
    const l0 = v128.and(keep, v128.load(to));
    const l1 = v128.and(keep, v128.load(to, 32));
    const l2 = v128.and(keep, v128.load(to, 64));
    const l3 = v128.and(keep, v128.load(to, 96));
    let c00 = column0(l0, l1, l2, l3);
    let c10 = column1(l0, l1, l2, l3);
    let c20 = column2(l0, l1, l2, l3);
    let c30 = column3(l0, l1, l2, l3);
    const h0 = v128.and(keep, v128.load(to, 128));
    const h1 = v128.and(keep, v128.load(to, 160));
    const h2 = v128.and(keep, v128.load(to, 192));
    const h3 = v128.and(keep, v128.load(to, 224));
    let c01 = column0(h0, h1, h2, h3);
    let c11 = column1(h0, h1, h2, h3);
    let c21 = column2(h0, h1, h2, h3);
    let c31 = column3(h0, h1, h2, h3);
    let row = g;
    do {
      const x0 = v128.load(at);
      const x1 = v128.load(at, 16);
      const g0 = v128.load32_splat(row);
      c00 = apart(g0, x0, c00);
      c01 = madd(g0, x1, c01);
      const g1 = v128.load32_splat(row, 4);
      c10 = madd(g1, x0, c10);
      c11 = madd(g1, x1, c11);
      const g2 = v128.load32_splat(row, 8);
      c20 = madd(g2, x0, c20);
      c21 = madd(g2, x1, c21);
      const g3 = v128.load32_splat(row, 12);
      c30 = madd(g3, x0, c30);
      c31 = madd(g3, x1, c31);
      at += ROW;
      row += ROW;
    } while (row < end);
    v128.store(to, column0(c00, c10, c20, c30));
    v128.store(to, column1(c00, c10, c20, c30), 32);
    v128.store(to, column2(c00, c10, c20, c30), 64);
    v128.store(to, column3(c00, c10, c20, c30), 96);
    v128.store(to, column0(c01, c11, c21, c31), 128);
    v128.store(to, column1(c01, c11, c21, c31), 160);
    v128.store(to, column2(c01, c11, c21, c31), 192);
    v128.store(to, column3(c01, c11, c21, c31), 224);
  }
  if (tile < tiles) weightGradient(x + (tile >> 2) * xStride + ((tile & 3) << 4), xStride, 1, g, 0, 1, gradient + (tile << 7), 0, samples, first);
}
