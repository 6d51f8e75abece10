/**
 * From the chunks' gradients to the next parameters: twin of src-core/fit/optimizer.ts, with the forward and backward weights that
 * follow from the stored parameters.
 *
 * Plain Adam takes one pass: every number's gradient is added up over the chunks and used at once. Clipping needs the norm of the
 * whole gradient first, and Muon whole matrices (muon.ts), so these take several phases with a barrier between them, the first of
 * which leaves the summed gradient in the buffer of chunk 0.
 *
 * Every number is computed by itself, and the squares of the norm are added in the order of their places, by every thread for
 * itself: it does not matter how many threads there are.
 */
import { LayerSlot, Place, RateSlot, Slot } from '../slots';
import { sumOf, sumOfLanes } from './elementary';
import { applyMuon, muonMoments, orthogonalize } from './muon';
import { floatWord, layerAt, word } from './record';
import { squareTables, tableSquares, updateAllTables } from './rounds';
import { barrier } from './threads';

/** Leaves the scaled sum of the gradients of `chunks` chunks, 64 bytes of each, in those of chunk 0 at `line`. */
// @ts-ignore: decorator
@inline
function reduceLine(line: usize, stride: usize, chunks: usize, scale: v128): void {
  let from = line;
  let g0 = v128.load(from);
  let g1 = v128.load(from, 16);
  let g2 = v128.load(from, 32);
  let g3 = v128.load(from, 48);
  for (let chunk: usize = 1; chunk < chunks; chunk++) {
    from += stride;
    g0 = f32x4.add(g0, v128.load(from));
    g1 = f32x4.add(g1, v128.load(from, 16));
    g2 = f32x4.add(g2, v128.load(from, 32));
    g3 = f32x4.add(g3, v128.load(from, 48));
  }
  v128.store(line, f32x4.mul(g0, scale));
  v128.store(line, f32x4.mul(g1, scale), 16);
  v128.store(line, f32x4.mul(g2, scale), 32);
  v128.store(line, f32x4.mul(g3, scale), 48);
}

/**
 * Adds the gradients of the first `chunks` chunks and applies Adam to `bytes` (a multiple of 64) of parameters at `offset`; writes the
 * scaled forward weights. `rate`: address of the step's numbers (RateSlot); `decay`: share of itself that a parameter loses.
 */
export function updateSpan(offset: usize, bytes: usize, rate: usize, decay: f32, gradientScale: f32, forwardScale: f32, chunks: usize): void {
  const stride: usize = word(Slot.GradientStride);
  const first: usize = <usize>word(Slot.Gradients) + offset;
  const toMaster: usize = word(Slot.Master);
  const toMoment1: usize = word(Slot.Moment1);
  const toMoment2: usize = word(Slot.Moment2);
  const toForward: usize = word(Slot.Forward);
  const toAverage: usize = word(Slot.Average);
  const scale = f32x4.splat(gradientScale);
  const scaleForward = f32x4.splat(forwardScale);
  const shrink = f32x4.splat(decay);
  const beta1 = v128.load32_splat(Place.Job + (Slot.Beta1 << 2));
  const rest1 = v128.load32_splat(Place.Job + (Slot.OneMinusBeta1 << 2));
  const beta2 = v128.load32_splat(Place.Job + (Slot.Beta2 << 2));
  const rest2 = v128.load32_splat(Place.Job + (Slot.OneMinusBeta2 << 2));
  const epsilon = v128.load32_splat(Place.Job + (Slot.Epsilon << 2));
  const rate1 = v128.load32_splat(rate, RateSlot.Adam << 2);
  const rate2 = v128.load32_splat(rate, RateSlot.Root << 2);
  const keep = v128.load32_splat(rate, RateSlot.Keep << 2);
  const blend = v128.load32_splat(rate, RateSlot.Blend << 2);
  for (let at: usize = 0; at < bytes; at += 64) {
    reduceLine(first + at, stride, chunks, scale);
    for (let quarter: usize = 0; quarter < 64; quarter += 16) {
      const g = v128.load(first + at + quarter);
      const to = offset + at + quarter;
      const before = v128.load(toMaster + to);
      const m = f32x4.add(f32x4.mul(beta1, v128.load(toMoment1 + to)), f32x4.mul(rest1, g));
      const v = f32x4.add(f32x4.mul(beta2, v128.load(toMoment2 + to)), f32x4.mul(rest2, f32x4.mul(g, g)));
      const update = f32x4.div(f32x4.mul(rate1, m), f32x4.add(f32x4.mul(f32x4.sqrt(v), rate2), epsilon));
      const parameter = f32x4.sub(before, f32x4.add(update, f32x4.mul(shrink, before)));
      v128.store(toMoment1 + to, m);
      v128.store(toMoment2 + to, v);
      v128.store(toMaster + to, parameter);
      v128.store(toForward + to, f32x4.mul(parameter, scaleForward));
      if (toAverage != 0) v128.store(toAverage + to, f32x4.add(f32x4.mul(keep, v128.load(toAverage + to)), f32x4.mul(blend, parameter)));
    }
  }
}

/**
 * Leaves the scaled sum of the chunks' gradients in the buffer of chunk 0, `bytes` (a multiple of 64) at `offset`, and the sum of
 * squares of every 64 bytes at Slot.Squares.
 */
export function reduceSpan(offset: usize, bytes: usize, gradientScale: f32): void {
  const chunks: usize = word(Slot.Chunks);
  const stride: usize = word(Slot.GradientStride);
  const gradient: usize = <usize>word(Slot.Gradients) + offset;
  const scale = f32x4.splat(gradientScale);
  let squares: usize = <usize>word(Slot.Squares) + (offset >> 3);
  for (let at: usize = 0; at < bytes; at += 64) {
    const line = gradient + at;
    reduceLine(line, stride, chunks, scale);
    const g0 = v128.load(line);
    const g1 = v128.load(line, 16);
    const g2 = v128.load(line, 32);
    const g3 = v128.load(line, 48);
    const sum = f32x4.add(f32x4.add(f32x4.mul(g0, g0), f32x4.mul(g1, g1)), f32x4.add(f32x4.mul(g2, g2), f32x4.mul(g3, g3)));
    store<f64>(squares, sumOfLanes(sum));
    squares += 8;
  }
}

/** What the whole gradient is multiplied with, so that its norm stays below Slot.Clip. */
export function clipFactor(): f32 {
  const clip = <f64>floatWord(Slot.Clip);
  if (clip == 0) return 1;
  const norm = Math.sqrt(sumOf(word(Slot.Squares), word(Slot.SquaresBytes)) + tableSquares());
  return norm > clip ? <f32>(clip / norm) : 1;
}

/** Writes the scaled transpose of 8 x 8 block `block` (counted along k, then panels) of the layer's weights. */
export function transposeBlock(weight: usize, block: usize, inBlocks: usize, panels: usize, scale: f32): void {
  const panel = block / inBlocks;
  const row = block - panel * inBlocks;
  const from = <usize>word(Slot.Master) + weight + (block << 8);
  const to = <usize>word(Slot.Backward) + weight + ((row * panels + panel) << 8);
  const factor = f32x4.splat(scale);
  for (let k: usize = 0; k < 8; k += 4) {
    for (let n: usize = 0; n < 8; n += 4) {
      const at = from + (k << 5) + (n << 2);
      const a = f32x4.mul(factor, v128.load(at));
      const b = f32x4.mul(factor, v128.load(at, 32));
      const c = f32x4.mul(factor, v128.load(at, 64));
      const d = f32x4.mul(factor, v128.load(at, 96));
      const ab0 = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
      const ab2 = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
      const cd0 = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
      const cd2 = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
      const place = to + (n << 5) + (k << 2);
      v128.store(place, v128.shuffle<i64>(ab0, cd0, 0, 2));
      v128.store(place, v128.shuffle<i64>(ab0, cd0, 1, 3), 32);
      v128.store(place, v128.shuffle<i64>(ab2, cd2, 0, 2), 64);
      v128.store(place, v128.shuffle<i64>(ab2, cd2, 1, 3), 96);
    }
  }
}

/** Scaled transposes of this thread's blocks [first, end) of a layer's weights. */
export function transposeBlocks(l: i32, first: usize, end: usize): void {
  // The first layer's inputs need gradients only where they come from tables.
  if (l == 0 && word(Slot.Levels) == 0) return;
  const layer = layerAt(l);
  const inBlocks: usize = load<u32>(layer, LayerSlot.InBlocks << 2);
  const panels: usize = load<u32>(layer, LayerSlot.OutPanels << 2);
  const weight: usize = load<u32>(layer, LayerSlot.Weight << 2);
  const scale = load<f32>(layer, LayerSlot.BackwardScale << 2);
  for (let block = first; block < end; block++) transposeBlock(weight, block, inBlocks, panels, scale);
}

/** What a pass over the layers does with this thread's share. */
const enum Pass {
  /** Reduction and Adam at once. */
  Whole,
  Reduce,
  /** Adam, or Muon's momentum, from the reduced gradient. */
  Adam,
  /** The end of Muon. */
  Muon,
}

/** This thread's share of one pass. `factor`: of the gradient, where it is reduced already. */
export function updateLayers(thread: usize, threads: usize, rate: usize, pass: u32, factor: f32): void {
  const layers: i32 = word(Slot.Layers);
  const muon = word(Slot.Muon) != 0;
  const decay = load<f32>(rate, RateSlot.Decay << 2);
  const chunks: usize = pass == Pass.Whole ? word(Slot.Chunks) : 1;
  for (let l = 0; l < layers; l++) {
    const layer = layerAt(l);
    const panels: usize = load<u32>(layer, LayerSlot.OutPanels << 2);
    const weight: usize = load<u32>(layer, LayerSlot.Weight << 2);
    const bias: usize = load<u32>(layer, LayerSlot.Bias << 2);
    const biasBytes = ((panels + 1) >> 1) << 6;
    const gradientScale = load<f32>(layer, LayerSlot.GradientScale << 2);
    const forwardScale = load<f32>(layer, LayerSlot.ForwardScale << 2);
    const blocks = (<usize>load<u32>(layer, LayerSlot.InBlocks << 2)) * panels;
    const first = (blocks * thread) / threads;
    const end = (blocks * (thread + 1)) / threads;
    const hidden = muon && l > 0 && l < layers - 1;
    if (pass == Pass.Reduce) {
      reduceSpan(weight + (first << 8), (end - first) << 8, gradientScale);
      if (thread == 0) reduceSpan(bias, biasBytes, gradientScale);
      continue;
    }
    if (pass == Pass.Muon) {
      if (!hidden) continue;
      applyMuon(l, first, end, rate);
    } else {
      const scale = pass == Pass.Whole ? gradientScale : factor;
      if (thread == 0) updateSpan(bias, biasBytes, rate, 0, scale, forwardScale, chunks);
      if (hidden) {
        muonMoments(l, first, end, factor);
        continue;
      }
      // Of inputs that fit one block, padding is not worth the roots: it stays 0.
      const rows = ((<usize>load<u32>(layer, LayerSlot.FanIn << 2) << 5) + 63) & ~63;
      if (rows < 256) {
        for (let block = first; block < end; block++) updateSpan(weight + (block << 8), rows, rate, decay, scale, forwardScale, chunks);
      } else {
        updateSpan(weight + (first << 8), (end - first) << 8, rate, decay, scale, forwardScale, chunks);
      }
    }
    transposeBlocks(l, first, end);
  }
}

/** This thread's share of the update of all parameters. Returns 2 when a thread died, else 0. */
export function update(thread: usize, threads: usize, scratch: usize, rate: usize): i32 {
  const muon = word(Slot.Muon) != 0;
  if (word(Slot.Squares) == 0) {
    if (word(Slot.Levels) != 0) updateAllTables(rate, 1);
    updateLayers(thread, threads, rate, Pass.Whole, 1);
    return 0;
  }
  if (word(Slot.Levels) != 0) squareTables();
  updateLayers(thread, threads, rate, Pass.Reduce, 1);
  if (barrier(<i32>threads) == 2) return 2;
  const factor = clipFactor();
  if (word(Slot.Levels) != 0) updateAllTables(rate, factor);
  updateLayers(thread, threads, rate, Pass.Adam, factor);
  if (!muon) return 0;
  if (barrier(<i32>threads) == 2) return 2;
  if (orthogonalize(<i32>threads, scratch) == 2) return 2;
  updateLayers(thread, threads, rate, Pass.Muon, 1);
  return 0;
}

/** Derives forward and backward weights from the stored parameters, as an update does; for a state that was just written. */
export function derive(): void {
  const layers: i32 = word(Slot.Layers);
  const master: usize = word(Slot.Master);
  const forward: usize = word(Slot.Forward);
  for (let l = 0; l < layers; l++) {
    const layer = layerAt(l);
    const blocks = <usize>load<u32>(layer, LayerSlot.InBlocks << 2) * load<u32>(layer, LayerSlot.OutPanels << 2);
    const panels: usize = load<u32>(layer, LayerSlot.OutPanels << 2);
    const weight: usize = load<u32>(layer, LayerSlot.Weight << 2);
    const bias: usize = load<u32>(layer, LayerSlot.Bias << 2);
    const scale = load<f32>(layer, LayerSlot.ForwardScale << 2);
    for (let at: usize = 0; at < blocks << 8; at += 4) store<f32>(forward + weight + at, scale * load<f32>(master + weight + at));
    for (let at: usize = 0; at < panels << 5; at += 4) store<f32>(forward + bias + at, scale * load<f32>(master + bias + at));
    if (word(Slot.Backward) != 0) transposeBlocks(l, 0, blocks);
  }
}
