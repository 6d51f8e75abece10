/**
 * The training loop of the cpu engine: forward pass, gradient and Adam (Kingma and Ba 2015) for one dense field, all steps of one
 * call inside WebAssembly, on several threads over one shared memory.
 *
 * Invariants:
 * - Same bits for every number of threads: the batch is cut into a fixed number of chunks, whichever thread takes a chunk sums its
 *   gradient into the chunk's own buffer sample by sample, and buffers are added in the order of the chunks.
 * - Forward weights carry omega / pi, so a sine layer's sums are half-turns; backward weights carry omega; the raw gradient
 *   lacks omega / (batch * channels), which the optimizer multiplies in (LayerSlot.GradientScale).
 * - Padding (features to a multiple of 8, samples to a multiple of 4) has zero weights and zero gradient and stays so.
 *
 * One step: chunks are taken from a counter; barrier; every thread reduces and updates its share of the parameters; barrier. A
 * barrier spins shortly, then sleeps: the machine may have more work than cores. Functions are exported so that the compiler
 * keeps them apart: each then tiers up by itself while the loop that calls them never returns.
 */
import { Control, LayerSlot, Place, Slot } from '../slots';
import { backProduct, biasGradient, product, weightGradient } from './dense';
import { coordinates, encode, word } from './grid';

/** Spins before a thread sleeps at a barrier, a few tens of microseconds. */
const SPINS = 4000;
/** A sleeper looks every 100 ms whether the run was called off (nanoseconds). */
const NAP: i64 = 100000000;

const TABLE: usize = <usize>Place.Job + (<usize>Slot.LayerTable << 2);

// @ts-ignore: decorator
@inline
function layerAt(index: i32): usize {
  return TABLE + <usize>index * (<usize>LayerSlot.Words << 2);
}

/** First word of pcg3d; twin of src-core/fit/random.ts. */
// @ts-ignore: decorator
@inline
function pcg3d(a: u32, b: u32, c: u32): u32 {
  let x = a * 1664525 + 1013904223;
  let y = b * 1664525 + 1013904223;
  let z = c * 1664525 + 1013904223;
  x += y * z;
  y += z * x;
  z += x * y;
  x ^= x >> 16;
  y ^= y >> 16;
  z ^= z >> 16;
  return x + y * z;
}

/** In place sums in half-turns -> sines; cosines to `slope`. `bytes` is a multiple of 64. */
export function activateSine(at: usize, slope: usize, bytes: usize, c: usize): void {
  // Adding and subtracting 1.5 * 2^23 rounds to the nearest integer, whose parity is then the lowest bit (|h| < 2^22).
  const magic = f32x4.splat(12582912);
  const end = at + bytes;
  while (at < end) {
    let a0 = v128.load(at);
    let a1 = v128.load(at, 16);
    let t0 = f32x4.add(a0, magic);
    let t1 = f32x4.add(a1, magic);
    a0 = f32x4.sub(a0, f32x4.sub(t0, magic));
    a1 = f32x4.sub(a1, f32x4.sub(t1, magic));
    t0 = i32x4.shl(t0, 31);
    t1 = i32x4.shl(t1, 31);
    const u0 = f32x4.mul(a0, a0);
    const u1 = f32x4.mul(a1, a1);
    let k = v128.load(c);
    let p0 = f32x4.mul(k, u0);
    let p1 = f32x4.mul(k, u1);
    k = v128.load(c, 80);
    let q0 = f32x4.mul(k, u0);
    let q1 = f32x4.mul(k, u1);
    k = v128.load(c, 16);
    p0 = f32x4.mul(f32x4.add(p0, k), u0);
    p1 = f32x4.mul(f32x4.add(p1, k), u1);
    k = v128.load(c, 96);
    q0 = f32x4.mul(f32x4.add(q0, k), u0);
    q1 = f32x4.mul(f32x4.add(q1, k), u1);
    k = v128.load(c, 32);
    p0 = f32x4.mul(f32x4.add(p0, k), u0);
    p1 = f32x4.mul(f32x4.add(p1, k), u1);
    k = v128.load(c, 112);
    q0 = f32x4.mul(f32x4.add(q0, k), u0);
    q1 = f32x4.mul(f32x4.add(q1, k), u1);
    k = v128.load(c, 48);
    p0 = f32x4.mul(f32x4.add(p0, k), u0);
    p1 = f32x4.mul(f32x4.add(p1, k), u1);
    k = v128.load(c, 128);
    q0 = f32x4.mul(f32x4.add(q0, k), u0);
    q1 = f32x4.mul(f32x4.add(q1, k), u1);
    k = v128.load(c, 64);
    p0 = f32x4.mul(f32x4.add(p0, k), a0);
    p1 = f32x4.mul(f32x4.add(p1, k), a1);
    k = v128.load(c, 144);
    q0 = f32x4.add(q0, k);
    q1 = f32x4.add(q1, k);
    v128.store(at, v128.xor(p0, t0));
    v128.store(at, v128.xor(p1, t1), 16);
    v128.store(slope, v128.xor(q0, t0));
    v128.store(slope, v128.xor(q1, t1), 16);
    at += 32;
    slope += 32;
  }
}

/** In place sums -> max(0, z); 1 or 0 to `slope`. */
export function activateRelu(at: usize, slope: usize, bytes: usize): void {
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  const end = at + bytes;
  while (at < end) {
    const z = v128.load(at);
    const mask = f32x4.gt(z, zero);
    v128.store(at, v128.and(z, mask));
    v128.store(slope, v128.and(one, mask));
    at += 16;
    slope += 16;
  }
}

/** Coordinates at the start of `scratch` -> head, through all layers. */
export function forwardTile(scratch: usize, samples: usize): void {
  const coefficients: usize = word(Slot.Coefficients);
  const stride: usize = (<usize>word(Slot.Tile)) << 6;
  const forward: usize = word(Slot.Forward);
  const last: i32 = <i32>word(Slot.Layers) - 1;
  const sine = word(Slot.Sine) != 0;
  encode(scratch, scratch + load<u32>(TABLE, LayerSlot.Input << 2), samples);
  for (let l = 0; l <= last; l++) {
    const layer = layerAt(l);
    const panels: usize = load<u32>(layer, LayerSlot.OutPanels << 2);
    const panelBytes: usize = (<usize>load<u32>(layer, LayerSlot.InBlocks << 2)) << 8;
    const input = scratch + load<u32>(layer, LayerSlot.Input << 2);
    const result = scratch + load<u32>(layer, LayerSlot.Result << 2);
    const slope = scratch + load<u32>(layer, LayerSlot.Slope << 2);
    const fanIn: usize = load<u32>(layer, LayerSlot.FanIn << 2);
    const weight = forward + load<u32>(layer, LayerSlot.Weight << 2);
    const bias = forward + load<u32>(layer, LayerSlot.Bias << 2);
    if (l == last) {
      product(input, stride, fanIn, weight, panelBytes, bias, panels, result, stride, samples);
      return;
    }
    // Block by block, so that the activation finds its sums in the first-level cache.
    for (let p: usize = 0; p < panels; p += 2) {
      const at = (p >> 1) * stride;
      product(input, stride, fanIn, weight + p * panelBytes, panelBytes, bias + (p << 5), min(<usize>2, panels - p), result + at, stride, samples);
      if (sine) activateSine(result + at, slope + at, samples << 6, coefficients);
      else activateRelu(result + at, slope + at, samples << 6);
    }
  }
}

/** Head -> prediction error, in place (the gradient of the head up to GradientScale); returns the sum of squares. */
export function headErrors(head: usize, targets: usize, count: usize, samples: usize): f64 {
  const outputs: usize = word(Slot.Outputs);
  const padded: usize = (<usize>load<u32>(layerAt(<i32>word(Slot.Layers) - 1), LayerSlot.OutPanels << 2)) << 5;
  let sum: f64 = 0;
  for (let s: usize = 0; s < count; s++) {
    for (let channel: usize = 0; channel < outputs; channel++) {
      const at = head + (s << 6) + (channel << 2);
      const error: f32 = 0.5 + 0.5 * load<f32>(at) - load<f32>(targets);
      targets += 4;
      sum += <f64>error * <f64>error;
      store<f32>(at, error);
    }
  }
  for (let s = count; s < samples; s++) memory.fill(head + (s << 6), 0, padded);
  return sum;
}

/** Adds the gradient of one tile, whose head holds the errors, to the buffer at `gradient`. */
export function backwardTile(scratch: usize, gradient: usize, samples: usize): void {
  const stride: usize = (<usize>word(Slot.Tile)) << 6;
  const backward: usize = word(Slot.Backward);
  const last: i32 = <i32>word(Slot.Layers) - 1;
  for (let l = last; l >= 0; l--) {
    const layer = layerAt(l);
    const panels: usize = load<u32>(layer, LayerSlot.OutPanels << 2);
    const fanIn: usize = load<u32>(layer, LayerSlot.FanIn << 2);
    const inBlocks: usize = load<u32>(layer, LayerSlot.InBlocks << 2);
    const weight: usize = load<u32>(layer, LayerSlot.Weight << 2);
    const g = scratch + (l == last ? load<u32>(layer, LayerSlot.Result << 2) : load<u32>(layer, LayerSlot.Slope << 2));
    const input = scratch + load<u32>(layer, LayerSlot.Input << 2);
    biasGradient(g, stride, panels, gradient + load<u32>(layer, LayerSlot.Bias << 2), samples);
    weightGradient(input, stride, (fanIn + 3) >> 2, g, stride, panels, gradient + weight, inBlocks << 8, samples);
    if (l > 0) {
      const slope = scratch + load<u32>(layerAt(l - 1), LayerSlot.Slope << 2);
      backProduct(g, stride, load<u32>(layer, LayerSlot.FanOut << 2), backward + weight, panels << 8, inBlocks, slope, stride, samples);
    }
  }
}

/** Draws elements [first, first + count) of the batch of `step`: coordinates to `scratch`, targets in [0, 1] to `targets`. */
export function drawTile(scratch: usize, targets: usize, step: u32, first: u32, count: u32): void {
  const inputs: i32 = word(Slot.Inputs);
  const outputs: u32 = word(Slot.Outputs);
  const points: u64 = word(Slot.Points);
  const seed = word(Slot.Seed);
  const data: usize = word(Slot.Data);
  const bytes = word(Slot.DataBytes);
  const maximum = <f32>word(Slot.DataMaximum);
  for (let s: u32 = 0; s < count; s++) {
    const index = <u32>((<u64>pcg3d(seed, step, first + s) * points) >> 32);
    coordinates(index, Slot.DataGrid, inputs, scratch + (<usize>s << 6));
    const from: usize = <usize>index * <usize>outputs;
    for (let channel: u32 = 0; channel < outputs; channel++) {
      const raw: u32 = bytes == 1 ? load<u8>(data + from + channel) : load<u16>(data + ((from + channel) << 1));
      store<f32>(targets, <f32>raw / maximum);
      targets += 4;
    }
  }
}

/** Gradient and loss of one chunk of the batch of `step`. */
export function trainChunk(scratch: usize, step: u32, chunk: u32): void {
  const tile = word(Slot.Tile);
  const stride: usize = word(Slot.GradientStride);
  const gradient: usize = <usize>word(Slot.Gradients) + chunk * stride;
  const head = scratch + load<u32>(layerAt(<i32>word(Slot.Layers) - 1), LayerSlot.Result << 2);
  const targets = head + (<usize>tile << 6);
  const first = chunk * word(Slot.ChunkSamples);
  const end = min(first + word(Slot.ChunkSamples), word(Slot.Batch));
  memory.fill(gradient, 0, stride);
  let sum: f64 = 0;
  for (let at = first; at < end; at += tile) {
    const count = min(tile, end - at);
    const samples: usize = (count + 3) & ~3;
    drawTile(scratch, targets, step, at, count);
    forwardTile(scratch, samples);
    sum += headErrors(head, targets, count, samples);
    backwardTile(scratch, gradient, samples);
  }
  store<f64>(<usize>word(Slot.ChunkLoss) + (<usize>chunk << 3), sum);
}

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
    if (l > 0) {
      const scale = load<f32>(layer, LayerSlot.BackwardScale << 2);
      for (let block = first; block < end; block++) transposeBlock(weight, block, inBlocks, panels, scale);
    }
    if (thread == 0) updateSpan(load<u32>(layer, LayerSlot.Bias << 2), ((panels + 1) >> 1) << 6, rate, gradientScale, forwardScale);
  }
}

/**
 * Waits until all threads are here. The last one resets the chunk counter and decides for all whether the run goes on, so
 * that no two threads part ways. Returns 0 to go on.
 */
export function barrier(threads: i32): i32 {
  const control: usize = word(Slot.Control);
  const generation = atomic.load<i32>(control + (Control.Generation << 2));
  if (atomic.add<i32>(control + (Control.Arrived << 2), 1) == threads - 1) {
    atomic.store<i32>(control + (Control.Arrived << 2), 0);
    atomic.store<i32>(control + (Control.NextChunk << 2), 0);
    atomic.store<i32>(control + (Control.Decision << 2), atomic.load<i32>(control + (Control.Stop << 2)));
    atomic.add<i32>(control + (Control.Generation << 2), 1);
    atomic.notify(control + (Control.Generation << 2), -1);
  } else {
    for (let spin = 0; spin < SPINS; spin++) {
      if (atomic.load<i32>(control + (Control.Generation << 2)) != generation) return atomic.load<i32>(control + (Control.Decision << 2));
    }
    while (atomic.load<i32>(control + (Control.Generation << 2)) == generation) {
      if (atomic.load<i32>(control + (Control.Stop << 2)) == 2) return 2;
      atomic.wait<i32>(control + (Control.Generation << 2), generation, NAP);
    }
  }
  return atomic.load<i32>(control + (Control.Decision << 2));
}

/** Runs `steps` steps from step `first` (0-based) as one of `threads` threads. Returns 0, or why it ended early (Control.Stop). */
export function run(thread: u32, threads: u32, first: u32, steps: u32): i32 {
  const control: usize = word(Slot.Control);
  const chunks: i32 = word(Slot.Chunks);
  const scratch: usize = <usize>word(Slot.Scratch) + <usize>thread * word(Slot.ScratchStride);
  const samples = <f64>word(Slot.Batch) * <f64>word(Slot.Outputs);
  for (let step: u32 = 0; step < steps; step++) {
    let chunk = atomic.add<i32>(control + (Control.NextChunk << 2), 1);
    while (chunk < chunks) {
      trainChunk(scratch, first + step, chunk);
      chunk = atomic.add<i32>(control + (Control.NextChunk << 2), 1);
    }
    let stop = barrier(threads);
    if (stop == 2) return stop;
    update(thread, threads, word(Slot.Rates) + (<usize>step << 3));
    if (thread == 0) {
      let sum: f64 = 0;
      for (let c = 0; c < chunks; c++) sum += load<f64>(<usize>word(Slot.ChunkLoss) + (<usize>c << 3));
      const total: usize = word(Slot.LossTotal);
      store<f64>(total, load<f64>(total) + sum / samples);
      store<u32>(control + (Control.StepsDone << 2), step + 1);
    }
    stop = barrier(threads);
    if (stop != 0) return stop;
  }
  return 0;
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
    if (l > 0 && word(Slot.Backward) != 0) {
      const back = load<f32>(layer, LayerSlot.BackwardScale << 2);
      for (let block: usize = 0; block < inBlocks * panels; block++) transposeBlock(weight, block, inBlocks, panels, back);
    }
  }
}

/** Values 0.5 + 0.5 * head of grid points [first, first + count), interleaved, to this thread's output. */
export function evaluate(thread: u32, first: u32, count: u32): void {
  const tile = word(Slot.Tile);
  const inputs: i32 = word(Slot.Inputs);
  const outputs: usize = word(Slot.Outputs);
  const scratch: usize = <usize>word(Slot.Scratch) + <usize>thread * word(Slot.ScratchStride);
  const head = scratch + load<u32>(layerAt(<i32>word(Slot.Layers) - 1), LayerSlot.Result << 2);
  let to: usize = <usize>word(Slot.Output) + <usize>thread * word(Slot.OutputStride);
  for (let done: u32 = 0; done < count; done += tile) {
    const part = min(tile, count - done);
    for (let s: u32 = 0; s < part; s++) coordinates(first + done + s, Slot.Grid, inputs, scratch + (<usize>s << 6));
    forwardTile(scratch, (part + 3) & ~3);
    for (let s: usize = 0; s < part; s++) {
      for (let channel: usize = 0; channel < outputs; channel++) {
        store<f32>(to, 0.5 + 0.5 * load<f32>(head + (s << 6) + (channel << 2)));
        to += 4;
      }
    }
  }
}

// Kept apart from their callers for the compiler, and at hand for measurements.
export { backProduct, biasGradient, product, weightGradient } from './dense';
export { encode } from './grid';
