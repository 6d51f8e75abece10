/**
 * Dense layers of the trainer over a tile of samples, in registers of 4 samples x 8 features: for every k two vectors of weights
 * and four splats of inputs feed eight accumulators through madd(). Lanes run along features, so nothing is ever summed across lanes.
 *
 * Layouts: activations [feature / 16][sample][16]; weights in panels [feature / 8][k][8].
 *
 * The shape is what the compiler (V8's TurboFan) can hold: it loads all operands of an iteration before it computes, so R x C vectors
 * of sums need R C + R + C of 15 registers. 4 x 8 features takes 14 and 3 x 12 all 15; larger ones, and loops unrolled by hand,
 * spill and halve the speed. The k loops stay as they are: the compiler unrolls them with an exit after every turn.
 *
 * Eight chains of fused multiply-adds, four cycles long on two pipes, leave no cycle to spare, and every hiccup is lost. One of the
 * eight sums is therefore kept apart(): its sum runs on another pipe, seven chains remain, and 92 % of the peak become 98 %.
 */
import { apart, madd } from './fused';

/** Bytes of one sample within a block of 16 features. */
const ROW: usize = 64;

/**
 * out[s][n] = bias[n] + sum_k a[s][k] w[k][n] for `samples` (a multiple of 4) samples and 8 * panels features.
 * `aStride`, `outStride`: bytes between blocks of 16 features; `panelBytes`: bytes of one panel.
 */
export function product(
  a: usize,
  aStride: usize,
  k: usize,
  w: usize,
  panelBytes: usize,
  bias: usize,
  panels: usize,
  out: usize,
  outStride: usize,
  samples: usize,
): void {
  for (let p: usize = 0; p < panels; p++) {
    const b0 = v128.load(bias);
    const b1 = v128.load(bias, 16);
    let rows = a;
    let to = out + (p >> 1) * outStride + (p & 1) * 32;
    const end = to + samples * ROW;
    while (to < end) {
      let c00 = b0;
      let c01 = b1;
      let c10 = b0;
      let c11 = b1;
      let c20 = b0;
      let c21 = b1;
      let c30 = b0;
      let c31 = b1;
      let weight = w;
      let block = rows;
      const last = w + k * 32;
      while (weight < last) {
        let x = block;
        const until = min(weight + 512, last);
        do {
          const w0 = v128.load(weight);
          const w1 = v128.load(weight, 16);
          const x0 = v128.load32_splat(x);
          c00 = apart(x0, w0, c00);
          c01 = madd(x0, w1, c01);
          const x1 = v128.load32_splat(x, 64);
          c10 = madd(x1, w0, c10);
          c11 = madd(x1, w1, c11);
          const x2 = v128.load32_splat(x, 128);
          c20 = madd(x2, w0, c20);
          c21 = madd(x2, w1, c21);
          const x3 = v128.load32_splat(x, 192);
          c30 = madd(x3, w0, c30);
          c31 = madd(x3, w1, c31);
          x += 4;
          weight += 32;
        } while (weight < until);
        block += aStride;
      }
      v128.store(to, c00);
      v128.store(to, c01, 16);
      v128.store(to, c10, 64);
      v128.store(to, c11, 80);
      v128.store(to, c20, 128);
      v128.store(to, c21, 144);
      v128.store(to, c30, 192);
      v128.store(to, c31, 208);
      rows += 4 * ROW;
      to += 4 * ROW;
    }
    w += panelBytes;
    bias += 32;
  }
}

/**
 * slope[s][n] *= sum_k g[s][k] w[k][n]: the gradient of a layer's inputs through the derivative of the activation that made
 * them, in place of that derivative. Shapes as in product().
 */
export function backProduct(
  g: usize,
  gStride: usize,
  k: usize,
  w: usize,
  panelBytes: usize,
  panels: usize,
  slope: usize,
  slopeStride: usize,
  samples: usize,
): void {
  for (let p: usize = 0; p < panels; p++) {
    let rows = g;
    let to = slope + (p >> 1) * slopeStride + (p & 1) * 32;
    const end = to + samples * ROW;
    while (to < end) {
      let c00 = f32x4.splat(0);
      let c01 = c00;
      let c10 = c00;
      let c11 = c00;
      let c20 = c00;
      let c21 = c00;
      let c30 = c00;
      let c31 = c00;
      let weight = w;
      let block = rows;
      const last = w + k * 32;
      while (weight < last) {
        let x = block;
        const until = min(weight + 512, last);
        do {
          const w0 = v128.load(weight);
          const w1 = v128.load(weight, 16);
          const x0 = v128.load32_splat(x);
          c00 = apart(x0, w0, c00);
          c01 = madd(x0, w1, c01);
          const x1 = v128.load32_splat(x, 64);
          c10 = madd(x1, w0, c10);
          c11 = madd(x1, w1, c11);
          const x2 = v128.load32_splat(x, 128);
          c20 = madd(x2, w0, c20);
          c21 = madd(x2, w1, c21);
          const x3 = v128.load32_splat(x, 192);
          c30 = madd(x3, w0, c30);
          c31 = madd(x3, w1, c31);
          x += 4;
          weight += 32;
        } while (weight < until);
        block += gStride;
      }
      v128.store(to, f32x4.mul(c00, v128.load(to)));
      v128.store(to, f32x4.mul(c01, v128.load(to, 16)), 16);
      v128.store(to, f32x4.mul(c10, v128.load(to, 64)), 64);
      v128.store(to, f32x4.mul(c11, v128.load(to, 80)), 80);
      v128.store(to, f32x4.mul(c20, v128.load(to, 128)), 128);
      v128.store(to, f32x4.mul(c21, v128.load(to, 144)), 144);
      v128.store(to, f32x4.mul(c30, v128.load(to, 192)), 192);
      v128.store(to, f32x4.mul(c31, v128.load(to, 208)), 208);
      rows += 4 * ROW;
      to += 4 * ROW;
    }
    w += panelBytes;
  }
}

/** Panels whose gradients are taken together: their rows and one block of inputs stay in the first-level cache. */
const GROUP: usize = 4;

/**
 * gradient[n / 8][k][8] += sum_s x[s][k] g[s][n] for 4 * tiles inputs k and 8 * panels outputs n; `first`: what is stored counts as 0.
 * The sums go on from the stored gradient sample by sample, so neither the size of the tile nor the order of the blocks changes
 * the result. Blocks of 16 inputs meet groups of panels: going through all inputs for every panel reads them from the second-level
 * cache and is a tenth slower from width 128 on.
 */
export function weightGradient(
  x: usize,
  xStride: usize,
  tiles: usize,
  g: usize,
  gStride: usize,
  panels: usize,
  gradient: usize,
  panelBytes: usize,
  samples: usize,
  first: bool,
): void {
  const keep = i32x4.splat(first ? 0 : -1);
  for (let group: usize = 0; group < panels; group += GROUP) {
    const last = min(group + GROUP, panels);
    for (let block: usize = 0; block < tiles; block += 4) {
      const inputs = x + (block >> 2) * xStride;
      const stop = inputs + (min(<usize>4, tiles - block) << 4);
      for (let p = group; p < last; p++) {
        const rows = g + (p >> 1) * gStride + (p & 1) * 32;
        const end = rows + samples * ROW;
        let to = gradient + p * panelBytes + (block << 7);
        for (let input = inputs; input < stop; input += 16) {
          let at = input;
          let c00 = v128.and(keep, v128.load(to));
          let c01 = v128.and(keep, v128.load(to, 16));
          let c10 = v128.and(keep, v128.load(to, 32));
          let c11 = v128.and(keep, v128.load(to, 48));
          let c20 = v128.and(keep, v128.load(to, 64));
          let c21 = v128.and(keep, v128.load(to, 80));
          let c30 = v128.and(keep, v128.load(to, 96));
          let c31 = v128.and(keep, v128.load(to, 112));
          let row = rows;
          do {
            const g0 = v128.load(row);
            const g1 = v128.load(row, 16);
            const x0 = v128.load32_splat(at);
            c00 = apart(x0, g0, c00);
            c01 = madd(x0, g1, c01);
            const x1 = v128.load32_splat(at, 4);
            c10 = madd(x1, g0, c10);
            c11 = madd(x1, g1, c11);
            const x2 = v128.load32_splat(at, 8);
            c20 = madd(x2, g0, c20);
            c21 = madd(x2, g1, c21);
            const x3 = v128.load32_splat(at, 12);
            c30 = madd(x3, g0, c30);
            c31 = madd(x3, g1, c31);
            at += ROW;
            row += ROW;
          } while (row < end);
          v128.store(to, c00);
          v128.store(to, c01, 16);
          v128.store(to, c10, 32);
          v128.store(to, c11, 48);
          v128.store(to, c20, 64);
          v128.store(to, c21, 80);
          v128.store(to, c30, 96);
          v128.store(to, c31, 112);
          to += 128;
        }
      }
    }
  }
}

/**
 * gradient[n] += sum_s g[s][n] for 8 * panels outputs n and an even number of samples; `first` as above. Even and odd samples go
 * into sums of their own, so that no sum waits for the one before.
 */
export function biasGradient(g: usize, gStride: usize, panels: usize, gradient: usize, samples: usize, first: bool): void {
  const keep = i32x4.splat(first ? 0 : -1);
  const zero = f32x4.splat(0);
  for (let p: usize = 0; p < panels; p++) {
    let row = g + (p >> 1) * gStride + (p & 1) * 32;
    const end = row + samples * ROW;
    let even0 = v128.and(keep, v128.load(gradient));
    let even1 = v128.and(keep, v128.load(gradient, 16));
    let odd0 = zero;
    let odd1 = zero;
    do {
      even0 = f32x4.add(even0, v128.load(row));
      even1 = f32x4.add(even1, v128.load(row, 16));
      odd0 = f32x4.add(odd0, v128.load(row, 64));
      odd1 = f32x4.add(odd1, v128.load(row, 80));
      row += 2 * ROW;
    } while (row < end);
    v128.store(gradient, f32x4.add(even0, odd0));
    v128.store(gradient, f32x4.add(even1, odd1), 16);
    gradient += 32;
  }
}
