/**
 * From grid indices to the features of the first layer. Coordinates as src-core/signal/coordinates.ts has them; an encoding is a
 * product of the coordinates with a phase matrix (half-turns per unit) followed by sinpi(phase + offset), offset 0 for the sines and
 * 0.5 for the cosines. Products with the zeros of the octaves' matrix are exact, so this is the normative encoding of
 * docs/FORMAT.md to the bit, and the trainer sees what the decoder will see.
 */
import { Slot } from '../slots';
import { exactProduct } from './product';
import { word } from './record';

/** sin(pi h) with the operations of docs/FORMAT.md, for any h; `c` addresses the coefficients c4 ... c0, each four times. */
export function sinpi(at: usize, scale: v128, c: usize): void {
  const h = f32x4.mul(v128.load(at), scale);
  const t = f32x4.nearest(h);
  const r = f32x4.sub(h, t);
  const odd = f32x4.sub(t, f32x4.mul(f32x4.splat(2), f32x4.floor(f32x4.mul(t, f32x4.splat(0.5)))));
  const u = f32x4.mul(r, r);
  let p = v128.load(c);
  p = f32x4.add(f32x4.mul(p, u), v128.load(c, 16));
  p = f32x4.add(f32x4.mul(p, u), v128.load(c, 32));
  p = f32x4.add(f32x4.mul(p, u), v128.load(c, 48));
  p = f32x4.add(f32x4.mul(p, u), v128.load(c, 64));
  p = f32x4.mul(p, r);
  v128.store(at, f32x4.mul(f32x4.sub(f32x4.splat(1), f32x4.mul(f32x4.splat(2), odd)), p));
}

/**
 * In place z -> sinpi(z * scale) over `bytes` (a multiple of 64) with the bits of docs/FORMAT.md. Below 2^22 half-turns, adding and
 * subtracting 1.5 * 2^23 is nearest(), and the lowest bit of the sum is the parity whose sign flip is the product with
 * 1 - 2 odd; the exponent of the sum tells whether that holds, else the vectors take the plain way.
 */
export function sinpiRows(at: usize, bytes: usize, scale: f32, c: usize): void {
  const s = f32x4.splat(scale);
  const magic = f32x4.splat(12582912);
  const end = at + bytes;
  for (; at < end; at += 64) {
    let a0 = f32x4.mul(v128.load(at), s);
    let a1 = f32x4.mul(v128.load(at, 16), s);
    let a2 = f32x4.mul(v128.load(at, 32), s);
    let a3 = f32x4.mul(v128.load(at, 48), s);
    let t0 = f32x4.add(a0, magic);
    let t1 = f32x4.add(a1, magic);
    let t2 = f32x4.add(a2, magic);
    let t3 = f32x4.add(a3, magic);
    const exponents = v128.or(v128.or(v128.xor(t0, magic), v128.xor(t1, magic)), v128.or(v128.xor(t2, magic), v128.xor(t3, magic)));
    if (v128.any_true(v128.and(exponents, i32x4.splat(0xff800000)))) {
      for (let vector: usize = 0; vector < 64; vector += 16) sinpi(at + vector, s, c);
      continue;
    }
    a0 = f32x4.sub(a0, f32x4.sub(t0, magic));
    a1 = f32x4.sub(a1, f32x4.sub(t1, magic));
    a2 = f32x4.sub(a2, f32x4.sub(t2, magic));
    a3 = f32x4.sub(a3, f32x4.sub(t3, magic));
    const u0 = f32x4.mul(a0, a0);
    const u1 = f32x4.mul(a1, a1);
    const u2 = f32x4.mul(a2, a2);
    const u3 = f32x4.mul(a3, a3);
    // The sign goes to r instead of the result: the same bits but for the sign of a zero.
    a0 = v128.xor(a0, i32x4.shl(t0, 31));
    a1 = v128.xor(a1, i32x4.shl(t1, 31));
    a2 = v128.xor(a2, i32x4.shl(t2, 31));
    a3 = v128.xor(a3, i32x4.shl(t3, 31));
    let k = v128.load(c);
    t0 = f32x4.mul(k, u0);
    t1 = f32x4.mul(k, u1);
    t2 = f32x4.mul(k, u2);
    t3 = f32x4.mul(k, u3);
    k = v128.load(c, 16);
    t0 = f32x4.mul(f32x4.add(t0, k), u0);
    t1 = f32x4.mul(f32x4.add(t1, k), u1);
    t2 = f32x4.mul(f32x4.add(t2, k), u2);
    t3 = f32x4.mul(f32x4.add(t3, k), u3);
    k = v128.load(c, 32);
    t0 = f32x4.mul(f32x4.add(t0, k), u0);
    t1 = f32x4.mul(f32x4.add(t1, k), u1);
    t2 = f32x4.mul(f32x4.add(t2, k), u2);
    t3 = f32x4.mul(f32x4.add(t3, k), u3);
    k = v128.load(c, 48);
    t0 = f32x4.mul(f32x4.add(t0, k), u0);
    t1 = f32x4.mul(f32x4.add(t1, k), u1);
    t2 = f32x4.mul(f32x4.add(t2, k), u2);
    t3 = f32x4.mul(f32x4.add(t3, k), u3);
    k = v128.load(c, 64);
    v128.store(at, f32x4.mul(f32x4.add(t0, k), a0));
    v128.store(at, f32x4.mul(f32x4.add(t1, k), a1), 16);
    v128.store(at, f32x4.mul(f32x4.add(t2, k), a2), 32);
    v128.store(at, f32x4.mul(f32x4.add(t3, k), a3), 48);
  }
}

/** Writes the coordinates of grid point `index` of the grid whose extents start at word `slot`. */
// @ts-ignore: decorator
@inline
export function coordinates(index: u32, slot: i32, inputs: i32, to: usize): void {
  for (let axis = 0; axis < inputs; axis++) {
    const extent = word(slot + axis);
    // What is left on the last axis is its position: no division.
    const rest = axis + 1 < inputs ? index / extent : 0;
    const position = index - rest * extent;
    store<f32>(to + (<usize>axis << 2), <f32>(<i32>(2 * position + 1) - <i32>extent) / <f32>extent);
    index = rest;
  }
}

/**
 * Features [feature / 16][sample][16] at `features` of the coordinates [sample][16] at `points`. With the identity the two are
 * the same buffer and nothing happens.
 */
export function encode(points: usize, features: usize, samples: usize): void {
  const phases: usize = word(Slot.Phases);
  if (phases == 0) return;
  const inputs: usize = word(Slot.Inputs);
  const stride: usize = (<usize>word(Slot.Tile)) << 6;
  const offsets: usize = word(Slot.PhaseOffsets);
  const coefficients: usize = word(Slot.Coefficients);
  const panels = (phases + 7) >> 3;
  exactProduct(points, 64, inputs, word(Slot.PhasePanels), inputs << 5, word(Slot.Zeros), panels, features, stride, samples);
  for (let p: usize = 0; p < panels; p += 2) {
    const block = features + (p >> 1) * stride;
    const o0 = v128.load(offsets + (p << 5));
    const o1 = v128.load(offsets + (p << 5), 16);
    const o2 = v128.load(offsets + (p << 5), 32);
    const o3 = v128.load(offsets + (p << 5), 48);
    const end = block + (samples << 6);
    for (let at = block; at < end; at += 64) {
      v128.store(at, f32x4.add(v128.load(at), o0));
      v128.store(at, f32x4.add(v128.load(at, 16), o1), 16);
      v128.store(at, f32x4.add(v128.load(at, 32), o2), 32);
      v128.store(at, f32x4.add(v128.load(at, 48), o3), 48);
    }
    sinpiRows(block, samples << 6, 1, coefficients);
  }
  if (word(Slot.IncludeInput) != 0) {
    for (let s: usize = 0; s < samples; s++) {
      for (let i: usize = 0; i < inputs; i++) store<f32>(features + (s << 6) + (i << 2), load<f32>(points + (s << 6) + (i << 2)));
    }
  }
}
