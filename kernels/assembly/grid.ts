/**
 * From grid indices to the features of the first layer. Coordinates as src-core/signal/coordinates.ts has them; an encoding is a
 * product of the coordinates with a phase matrix (half-turns per unit) followed by sinpi(phase + offset), offset 0 for the sines and
 * 0.5 for the cosines. Products with the zeros of the octaves' matrix are exact, so this is the normative encoding of
 * docs/FORMAT.md to the bit, and the trainer sees what the decoder will see.
 */
import { Place, Slot } from '../slots';
import { product } from './dense';

// @ts-ignore: decorator
@inline
export function word(slot: i32): u32 {
  return load<u32>(<usize>Place.Job + (<usize>slot << 2));
}

/** sin(pi h) with the operations of docs/FORMAT.md; `c` addresses the coefficients c4 ... c0, each four times. */
// @ts-ignore: decorator
@inline
export function sinpi(h: v128, c: usize): v128 {
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
  return f32x4.mul(f32x4.sub(f32x4.splat(1), f32x4.mul(f32x4.splat(2), odd)), p);
}

/** Writes the coordinates of grid point `index` of the grid whose extents start at word `slot`. */
// @ts-ignore: decorator
@inline
export function coordinates(index: u32, slot: i32, inputs: i32, to: usize): void {
  for (let axis = 0; axis < inputs; axis++) {
    const extent = word(slot + axis);
    const rest = index / extent;
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
  product(points, 64, inputs, word(Slot.PhasePanels), inputs << 5, word(Slot.Zeros), panels, features, stride, samples);
  for (let p: usize = 0; p < panels; p++) {
    const o0 = v128.load(offsets + (p << 5));
    const o1 = v128.load(offsets + (p << 5), 16);
    let at = features + (p >> 1) * stride + ((p & 1) << 5);
    const end = at + (samples << 6);
    while (at < end) {
      v128.store(at, sinpi(f32x4.add(v128.load(at), o0), coefficients));
      v128.store(at, sinpi(f32x4.add(v128.load(at, 16), o1), coefficients), 16);
      at += 64;
    }
  }
  if (word(Slot.IncludeInput) != 0) {
    for (let s: usize = 0; s < samples; s++) {
      for (let i: usize = 0; i < inputs; i++) store<f32>(features + (s << 6) + (i << 2), load<f32>(points + (s << 6) + (i << 2)));
    }
  }
}
