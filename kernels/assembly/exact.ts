/**
 * The normative synthesis (docs/FORMAT.md, part 3) in SIMD: decoded parameters -> stored samples, to the bit. Every lane does
 * the operations of src-core/coding/synthesis.ts in the same order; only independent outputs and samples run side by side.
 *
 * Compiled twice: for the threads of the cpu engine, which share one memory and with it one copy of weights and tables, and for
 * one thread with a memory of its own.
 */
import { LayerSlot, Slot } from '../slots';
import { activate, exactHead, residualMean } from './exact-activations';
import { exactProduct } from './product';
import { coordinates, encode } from './grid';
import { floatWord, layerAt, word } from './record';
import { encodeTables } from './tables';

/** Samples of points [first, first + count) of the grid, or of the list where there is one, interleaved, to the output of thread `thread`. */
export function synthesize(thread: u32, first: u32, count: u32): void {
  const tile = word(Slot.Tile);
  const scratch = <usize>word(Slot.Scratch) + <usize>thread * word(Slot.ScratchStride);
  const output = <usize>word(Slot.Output) + <usize>thread * word(Slot.OutputStride);
  const pointBytes: usize = word(Slot.Outputs) * word(Slot.StoredBytes);
  for (let done: u32 = 0; done < count; done += tile) synthesizeTile(scratch, first + done, min(tile, count - done), output + done * pointBytes);
}

export function synthesizeTile(scratch: usize, first: u32, count: u32, output: usize): void {
  const inputs: i32 = word(Slot.Inputs);
  const samples: usize = (count + 3) & ~3;
  const stride: usize = (<usize>word(Slot.Tile)) << 6;
  // Points beyond the last one of the tile repeat stale coordinates; their samples are not stored.
  const list: usize = word(Slot.DataPoints);
  if (list == 0) {
    for (let s: u32 = 0; s < count; s++) coordinates(first + s, Slot.Grid, inputs, scratch + (<usize>s << 6));
  } else {
    const pointBytes = <usize>inputs << 2;
    for (let s: u32 = 0; s < count; s++) memory.copy(scratch + (<usize>s << 6), list + <usize>(first + s) * pointBytes, pointBytes);
  }

  const layers: i32 = word(Slot.Layers);
  const forward: usize = word(Slot.Forward);
  const features = scratch + load<u32>(layerAt(0), LayerSlot.Input << 2);
  if (word(Slot.Levels) != 0) encodeTables(scratch, features, samples);
  else encode(scratch, features, samples);
  for (let l = 0; l < layers; l++) {
    const layer = layerAt(l);
    const panels: usize = load<u32>(layer, LayerSlot.OutPanels << 2);
    let result = scratch + load<u32>(layer, LayerSlot.Result << 2);
    const panelBytes: usize = (<usize>load<u32>(layer, LayerSlot.InBlocks << 2)) << 8;
    const input = scratch + load<u32>(layer, LayerSlot.Input << 2);
    const fanIn: usize = load<u32>(layer, LayerSlot.FanIn << 2);
    const hidden = l < layers - 1;
    let shortcut: usize = load<u32>(layer, LayerSlot.Shortcut << 2);
    let weight = forward + load<u32>(layer, LayerSlot.Weight << 2);
    let bias = forward + load<u32>(layer, LayerSlot.Bias << 2);
    // Block by block of 16 features, so that the activation finds its sums in the first-level cache.
    for (let p: usize = 0; p < panels; p += 2) {
      exactProduct(input, stride, fanIn, weight, panelBytes, bias, min(<usize>2, panels - p), result, stride, samples);
      if (hidden) {
        activate(layer, result, samples << 6);
        if (shortcut != 0) {
          residualMean(result, scratch + shortcut, samples << 6);
          shortcut += stride;
        }
      }
      weight += 2 * panelBytes;
      bias += 64;
      result += stride;
    }
    if (!hidden) {
      const head = scratch + load<u32>(layer, LayerSlot.Result << 2);
      exactHead(head, samples << 6, floatWord(Slot.HeadRate));
      storeSamples(head, count, output);
    }
  }
}

/** Head -> stored samples: half * h + half, NaN to 0, clamped, rounded to nearest even; samples of four bytes are the head itself. */
export function storeSamples(head: usize, count: u32, to: usize): void {
  const outputs: u32 = word(Slot.Outputs);
  const half = floatWord(Slot.Half);
  const maximum: f32 = half * 2;
  const bytes: usize = word(Slot.StoredBytes);
  for (let s: u32 = 0; s < count; s++) {
    if (bytes == 4) {
      // No zero keeps a sign.
      for (let channel: u32 = 0; channel < outputs; channel++, to += 4) store<f32>(to, load<f32>(head + (<usize>s << 6) + (<usize>channel << 2)) + 0);
      continue;
    }
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
export { exactFiner, exactGabor, exactGaussian, exactGelu, exactHead, exactSnake, rectify, residualMean } from './exact-activations';
export { exactProduct } from './product';
export { sinpiRows } from './grid';
export { interpolate } from './tables';
