/**
 * The head of a network with few outputs, as pictures have. dense.ts keeps its lanes along the outputs, and five of eight would be
 * padding; here lanes run along the inputs, and every output has sums of its own.
 *
 * Forward, four lanes of every sum are added at the end: six shuffles a sample, where the padding took twice the multiply-adds. The
 * weights along the inputs are those of the backward pass, which lie in memory anyway. Backward there is no loop over outputs: the
 * weights of eight inputs stay in registers. The gradient of the weights has half the multiply-adds, and the same order of
 * summation: sample by sample, from what is stored.
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

/** Lane i: the sum of the lanes of the i-th vector; the fourth is 0. */
// @ts-ignore: decorator
@inline
function sumsOfThree(a: v128, b: v128, c: v128): v128 {
  const zero = f32x4.splat(0);
  const ab = f32x4.add(v128.shuffle<i32>(a, b, 0, 4, 1, 5), v128.shuffle<i32>(a, b, 2, 6, 3, 7));
  const cz = f32x4.add(v128.shuffle<i32>(c, zero, 0, 4, 1, 5), v128.shuffle<i32>(c, zero, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<i64>(ab, cz, 0, 2), v128.shuffle<i64>(ab, cz, 1, 3));
}

/**
 * As product() of dense.ts for at most three outputs; `w`: the backward weights, whose scale is that of the forward ones in a head.
 * `bytes`: of the inputs of one sample, padded to eight; `samples` is even.
 */
export function narrowProduct(x: usize, xStride: usize, bytes: usize, w: usize, bias: usize, out: usize, samples: usize): void {
  const zero = f32x4.splat(0);
  const b = v128.load(bias);
  for (const end = out + samples * ROW; out < end; out += 2 * ROW) {
    let c00 = zero;
    let c01 = zero;
    let c02 = zero;
    let c10 = zero;
    let c11 = zero;
    let c12 = zero;
    let weight = w;
    let block = x;
    for (let left = bytes; left > 0; left -= min(left, ROW)) {
      let at = block;
      const until = block + min(left, ROW);
      do {
        const w0 = v128.load(weight);
        const w1 = v128.load(weight, 32);
        const w2 = v128.load(weight, 64);
        const x0 = v128.load(at);
        c00 = madd(x0, w0, c00);
        c01 = madd(x0, w1, c01);
        c02 = madd(x0, w2, c02);
        const x1 = v128.load(at, 64);
        c10 = madd(x1, w0, c10);
        c11 = madd(x1, w1, c11);
        c12 = madd(x1, w2, c12);
        // Lanes 4 to 7 of an output, then the next eight inputs.
        weight += (at & 16) == 0 ? 16 : 240;
        at += 16;
      } while (at < until);
      block += xStride;
    }
    v128.store(out, f32x4.add(b, sumsOfThree(c00, c01, c02)));
    v128.store(out, zero, 16);
    v128.store(out, f32x4.add(b, sumsOfThree(c10, c11, c12)), 64);
    v128.store(out, zero, 80);
    x += 2 * ROW;
  }
}

/** As backProduct() of dense.ts for at most three outputs. */
export function narrowBackProduct(g: usize, w: usize, panels: usize, slope: usize, slopeStride: usize, samples: usize): void {
  const end = g + samples * ROW;
  for (let p: usize = 0; p < panels; p++) {
    const w00 = v128.load(w);
    const w01 = v128.load(w, 16);
    const w10 = v128.load(w, 32);
    const w11 = v128.load(w, 48);
    const w20 = v128.load(w, 64);
    const w21 = v128.load(w, 80);
    let to = slope + (p >> 1) * slopeStride + (p & 1) * 32;
    for (let row = g; row < end; row += ROW) {
      const g0 = v128.load32_splat(row);
      const g1 = v128.load32_splat(row, 4);
      const g2 = v128.load32_splat(row, 8);
      v128.store(to, f32x4.mul(v128.load(to), madd(g2, w20, madd(g1, w10, f32x4.mul(g0, w00)))));
      v128.store(to, f32x4.mul(v128.load(to, 16), madd(g2, w21, madd(g1, w11, f32x4.mul(g0, w01)))), 16);
      to += ROW;
    }
    w += 256;
  }
}
