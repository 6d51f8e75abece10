/**
 * The first layer of a network on two coordinates, as pictures have. product() and weightGradient() of dense.ts are made for many
 * inputs: with two, half of each is the work around the loop over inputs, or padding. Here that loop is gone: forward the weights
 * of eight features stay in registers while samples pass; backward two inputs meet sixteen features at once, and the order of
 * summation is that of weightGradient().
 */
import { weightGradient } from './dense';
import { apart, madd } from './fused';

/** Bytes of one sample within a block of 16 features. */
const ROW: usize = 64;

/** As product() of dense.ts for two inputs. */
export function pairProduct(x: usize, w: usize, panelBytes: usize, bias: usize, panels: usize, out: usize, outStride: usize, samples: usize): void {
  const end = x + samples * ROW;
  for (let p: usize = 0; p < panels; p++) {
    const b0 = v128.load(bias);
    const b1 = v128.load(bias, 16);
    const w00 = v128.load(w);
    const w01 = v128.load(w, 16);
    const w10 = v128.load(w, 32);
    const w11 = v128.load(w, 48);
    let to = out + (p >> 1) * outStride + (p & 1) * 32;
    for (let row = x; row < end; row += ROW) {
      const x0 = v128.load32_splat(row);
      const x1 = v128.load32_splat(row, 4);
      v128.store(to, madd(x1, w10, madd(x0, w00, b0)));
      v128.store(to, madd(x1, w11, madd(x0, w01, b1)), 16);
      to += ROW;
    }
    w += panelBytes;
    bias += 32;
  }
}

/** As weightGradient() of dense.ts for two inputs; what is stored for inputs 2 and 3 stays as it is. */
export function pairWeightGradient(
  x: usize,
  g: usize,
  gStride: usize,
  panels: usize,
  gradient: usize,
  panelBytes: usize,
  samples: usize,
  first: bool,
): void {
  const keep = i32x4.splat(first ? 0 : -1);
  const end = x + samples * ROW;
  let to = gradient;
  let p: usize = 0;
  for (; p + 2 <= panels; p += 2) {
    const next = to + panelBytes;
    let c00 = v128.and(keep, v128.load(to));
    let c01 = v128.and(keep, v128.load(to, 16));
    let c10 = v128.and(keep, v128.load(to, 32));
    let c11 = v128.and(keep, v128.load(to, 48));
    let c02 = v128.and(keep, v128.load(next));
    let c03 = v128.and(keep, v128.load(next, 16));
    let c12 = v128.and(keep, v128.load(next, 32));
    let c13 = v128.and(keep, v128.load(next, 48));
    let row = g;
    let at = x;
    do {
      const x0 = v128.load32_splat(at);
      const x1 = v128.load32_splat(at, 4);
      const g0 = v128.load(row);
      c00 = apart(x0, g0, c00);
      c10 = madd(x1, g0, c10);
      const g1 = v128.load(row, 16);
      c01 = madd(x0, g1, c01);
      c11 = madd(x1, g1, c11);
      const g2 = v128.load(row, 32);
      c02 = madd(x0, g2, c02);
      c12 = madd(x1, g2, c12);
      const g3 = v128.load(row, 48);
      c03 = madd(x0, g3, c03);
      c13 = madd(x1, g3, c13);
      row += ROW;
      at += ROW;
    } while (at < end);
    v128.store(to, c00);
    v128.store(to, c01, 16);
    v128.store(to, c10, 32);
    v128.store(to, c11, 48);
    v128.store(next, c02);
    v128.store(next, c03, 16);
    v128.store(next, c12, 32);
    v128.store(next, c13, 48);
    to = next + panelBytes;
    g += gStride;
  }
  if (p < panels) weightGradient(x, 0, 1, g, gStride, 1, to, panelBytes, samples, first);
}
