/**
 * The normative synthesis (docs/FORMAT.md, part 2) in SIMD: decoded parameters -> stored samples, to the bit. Every lane does
 * the operations of src-core/coding/synthesis.ts in the same order; only independent outputs and samples run side by side.
 */
import { ActivationKind, LayerSlot, Place, Slot } from '../slots';
import { exactProduct } from './product';
import { coordinates, encode, sinpiRows } from './grid';
import { word } from './record';

/** In place z -> z > 0 ? z : 0 over `bytes` (a multiple of 16) of sums; NaN becomes 0. */
export function rectify(at: usize, bytes: usize): void {
  const zero = f32x4.splat(0);
  const end = at + bytes;
  for (; at < end; at += 16) {
    const z = v128.load(at);
    v128.store(at, v128.and(z, f32x4.gt(z, zero)));
  }
}

/** Samples of grid points [first, first + count), interleaved, at Slot.Output. */
export function synthesize(first: u32, count: u32): void {
  const tile = word(Slot.Tile);
  for (let done: u32 = 0; done < count; done += tile) synthesizeTile(first + done, min(tile, count - done), done);
}

export function synthesizeTile(first: u32, count: u32, done: u32): void {
  const inputs: i32 = word(Slot.Inputs);
  const scratch: usize = word(Slot.Scratch);
  const coefficients: usize = word(Slot.Coefficients);
  const samples: usize = (count + 3) & ~3;
  const stride: usize = (<usize>word(Slot.Tile)) << 6;
  // Points beyond the last one of the tile repeat stale coordinates; their samples are not stored.
  for (let s: u32 = 0; s < count; s++) coordinates(first + s, Slot.Grid, inputs, scratch + (<usize>s << 6));

  const layers: i32 = word(Slot.Layers);
  const forward: usize = word(Slot.Forward);
  const sine = word(Slot.Activation) == ActivationKind.Sine;
  let layer: usize = <usize>Place.Job + (<usize>Slot.LayerTable << 2);
  encode(scratch, scratch + load<u32>(layer, LayerSlot.Input << 2), samples);
  for (let l = 0; l < layers; l++) {
    const panels: usize = load<u32>(layer, LayerSlot.OutPanels << 2);
    let result = scratch + load<u32>(layer, LayerSlot.Result << 2);
    const panelBytes: usize = (<usize>load<u32>(layer, LayerSlot.InBlocks << 2)) << 8;
    const input = scratch + load<u32>(layer, LayerSlot.Input << 2);
    const fanIn: usize = load<u32>(layer, LayerSlot.FanIn << 2);
    const scale = load<f32>(layer, LayerSlot.ForwardScale << 2);
    let weight = forward + load<u32>(layer, LayerSlot.Weight << 2);
    let bias = forward + load<u32>(layer, LayerSlot.Bias << 2);
    // Block by block of 16 features, so that the activation finds its sums in the first-level cache.
    for (let p: usize = 0; p < panels; p += 2) {
      exactProduct(input, stride, fanIn, weight, panelBytes, bias, min(<usize>2, panels - p), result, stride, samples);
      if (l < layers - 1) {
        if (sine) sinpiRows(result, samples << 6, scale, coefficients);
        else rectify(result, samples << 6);
      }
      weight += 2 * panelBytes;
      bias += 64;
      result += stride;
    }
    if (l == layers - 1) storeSamples(scratch + load<u32>(layer, LayerSlot.Result << 2), count, done);
    layer += <usize>LayerSlot.Words << 2;
  }
}

/** Head -> stored samples: half * z + half, NaN to 0, clamped, rounded to nearest even. */
export function storeSamples(head: usize, count: u32, done: u32): void {
  const outputs: u32 = word(Slot.Outputs);
  const half = reinterpret<f32>(word(Slot.Half));
  const maximum: f32 = half * 2;
  const bytes: usize = word(Slot.StoredBytes);
  let to: usize = <usize>word(Slot.Output) + <usize>done * outputs * bytes;
  for (let s: u32 = 0; s < count; s++) {
    for (let channel: u32 = 0; channel < outputs; channel++) {
      let v: f32 = half * load<f32>(head + (<usize>s << 6) + (<usize>channel << 2));
      v = v + half;
      v = v > 0 ? v : 0;
      v = v < maximum ? v : maximum;
      const stored = <u32>nearest(v);
      if (bytes == 1) store<u8>(to, <u8>stored);
      else store<u16>(to, <u16>stored);
      to += bytes;
    }
  }
}

// Kept apart from their callers for the compiler, so that each tiers up on its own.
export { exactProduct } from './product';
export { sinpiRows } from './grid';
