/**
 * Reduction of the chunks' gradients, Adam (Kingma and Ba 2015), and the forward and backward weights that follow from the stored
 * parameters. Every number is computed by itself, so it does not matter which thread does it.
 */
import { LayerSlot, Place, Slot } from '../slots';
import { layerAt, word } from './record';

/**
 * Reduces the chunks' gradients and applies Adam to `bytes` (a multiple of 64) of parameters at `offset`; writes the scaled
 * forward weights. `rate`: address of the step's two numbers.
 */
export function updateSpan(offset: usize, bytes: usize, rate: usize, gradientScale: f32, forwardScale: f32): void {
  const chunks: usize = word(Slot.Chunks);
  const stride: usize = word(Slot.GradientStride);
  const first: usize = <usize>word(Slot.Gradients) + offset;
  const toMaster: usize = word(Slot.Master);
  const toMoment1: usize = word(Slot.Moment1);
  const toMoment2: usize = word(Slot.Moment2);
  const toForward: usize = word(Slot.Forward);
  const scale = f32x4.splat(gradientScale);
  const scaleForward = f32x4.splat(forwardScale);
  const beta1 = v128.load32_splat(Place.Job + (Slot.Beta1 << 2));
  const rest1 = v128.load32_splat(Place.Job + (Slot.OneMinusBeta1 << 2));
  const beta2 = v128.load32_splat(Place.Job + (Slot.Beta2 << 2));
  const rest2 = v128.load32_splat(Place.Job + (Slot.OneMinusBeta2 << 2));
  const epsilon = v128.load32_splat(Place.Job + (Slot.Epsilon << 2));
  const rate1 = v128.load32_splat(rate);
  const rate2 = v128.load32_splat(rate, 4);
  for (let at: usize = 0; at < bytes; at += 64) {
    let from = first + at;
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
    for (let quarter = 0; quarter < 4; quarter++) {
      const g = f32x4.mul(g0, scale);
      g0 = g1;
      g1 = g2;
      g2 = g3;
      const to = offset + at + (<usize>quarter << 4);
      const m = f32x4.add(f32x4.mul(beta1, v128.load(toMoment1 + to)), f32x4.mul(rest1, g));
      const v = f32x4.add(f32x4.mul(beta2, v128.load(toMoment2 + to)), f32x4.mul(rest2, f32x4.mul(g, g)));
      const update = f32x4.div(f32x4.mul(rate1, m), f32x4.add(f32x4.mul(f32x4.sqrt(v), rate2), epsilon));
      const parameter = f32x4.sub(v128.load(toMaster + to), update);
      v128.store(toMoment1 + to, m);
      v128.store(toMoment2 + to, v);
      v128.store(toMaster + to, parameter);
      v128.store(toForward + to, f32x4.mul(parameter, scaleForward));
    }
  }
}

/** Writes the scaled transpose of 8 x 8 block `block` (counted along k, then panels) of the layer's weights. */
export function transposeBlock(weight: usize, block: usize, inBlocks: usize, panels: usize, scale: f32): void {
  const panel = block / inBlocks;
  const row = block - panel * inBlocks;
  const from = <usize>word(Slot.Master) + weight + (block << 8);
  const to = <usize>word(Slot.Backward) + weight + ((row * panels + panel) << 8);
  for (let k: usize = 0; k < 8; k++) {
    for (let n: usize = 0; n < 8; n++) store<f32>(to + (n << 5) + (k << 2), scale * load<f32>(from + (k << 5) + (n << 2)));
  }
}

/** This thread's share of the reduction, of Adam and of the derived weights. */
export function update(thread: usize, threads: usize, rate: usize): void {
  const layers: i32 = word(Slot.Layers);
  for (let l = 0; l < layers; l++) {
    const layer = layerAt(l);
    const inBlocks: usize = load<u32>(layer, LayerSlot.InBlocks << 2);
    const panels: usize = load<u32>(layer, LayerSlot.OutPanels << 2);
    const weight: usize = load<u32>(layer, LayerSlot.Weight << 2);
    const gradientScale = load<f32>(layer, LayerSlot.GradientScale << 2);
    const forwardScale = load<f32>(layer, LayerSlot.ForwardScale << 2);
    const blocks = inBlocks * panels;
    const first = (blocks * thread) / threads;
    const end = (blocks * (thread + 1)) / threads;
    updateSpan(weight + (first << 8), (end - first) << 8, rate, gradientScale, forwardScale);
    // The first layer's inputs need gradients only where they come from tables.
    if (l > 0 || word(Slot.Levels) != 0) {
      const scale = load<f32>(layer, LayerSlot.BackwardScale << 2);
      for (let block = first; block < end; block++) transposeBlock(weight, block, inBlocks, panels, scale);
    }
    if (thread == 0) updateSpan(load<u32>(layer, LayerSlot.Bias << 2), ((panels + 1) >> 1) << 6, rate, gradientScale, forwardScale);
  }
}

/** Derives forward and backward weights from the stored parameters, as an update does; for a state that was just written. */
export function derive(): void {
  const layers: i32 = word(Slot.Layers);
  const master: usize = word(Slot.Master);
  const forward: usize = word(Slot.Forward);
  for (let l = 0; l < layers; l++) {
    const layer = layerAt(l);
    const inBlocks: usize = load<u32>(layer, LayerSlot.InBlocks << 2);
    const panels: usize = load<u32>(layer, LayerSlot.OutPanels << 2);
    const weight: usize = load<u32>(layer, LayerSlot.Weight << 2);
    const bias: usize = load<u32>(layer, LayerSlot.Bias << 2);
    const scale = load<f32>(layer, LayerSlot.ForwardScale << 2);
    for (let at: usize = 0; at < (inBlocks * panels) << 8; at += 4) store<f32>(forward + weight + at, scale * load<f32>(master + weight + at));
    for (let at: usize = 0; at < panels << 5; at += 4) store<f32>(forward + bias + at, scale * load<f32>(master + bias + at));
    if ((l > 0 || word(Slot.Levels) != 0) && word(Slot.Backward) != 0) {
      const back = load<f32>(layer, LayerSlot.BackwardScale << 2);
      for (let block: usize = 0; block < inBlocks * panels; block++) transposeBlock(weight, block, inBlocks, panels, back);
    }
  }
}
