/**
 * The dense layer of the normative synthesis (docs/FORMAT.md, part 3) over a tile of samples: every output is
 * bias + x[0] w[0] + x[1] w[1] + ... in ascending order, each product and each sum rounded. Never fused: this file knows no madd
 * (fused.ts). Exact decoder and encodings use it; the trainer has its own (dense.ts).
 *
 * Registers hold 4 samples x 8 features: for every k two vectors of weights and four splats of inputs feed eight accumulators.
 * Lanes run along features, so nothing is ever summed across lanes. A compiler that loads all operands of an iteration first needs
 * 8 + 6 registers for it, which is what there is; it unrolls the k loop itself.
 *
 * Layouts: activations [feature / 16][sample][16]; weights in panels [feature / 8][k][8].
 */

/** Bytes of one sample within a block of 16 features. */
const ROW: usize = 64;

/**
 * out[s][n] = bias[n] + sum_k a[s][k] w[k][n] for `samples` (a multiple of 4) samples and 8 * panels features.
 * `aStride`, `outStride`: bytes between blocks of 16 features; `panelBytes`: bytes of one panel.
 */
export function exactProduct(
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
          c00 = f32x4.add(c00, f32x4.mul(x0, w0));
          c01 = f32x4.add(c01, f32x4.mul(x0, w1));
          const x1 = v128.load32_splat(x, 64);
          c10 = f32x4.add(c10, f32x4.mul(x1, w0));
          c11 = f32x4.add(c11, f32x4.mul(x1, w1));
          const x2 = v128.load32_splat(x, 128);
          c20 = f32x4.add(c20, f32x4.mul(x2, w0));
          c21 = f32x4.add(c21, f32x4.mul(x2, w1));
          const x3 = v128.load32_splat(x, 192);
          c30 = f32x4.add(c30, f32x4.mul(x3, w0));
          c31 = f32x4.add(c31, f32x4.mul(x3, w1));
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
