/**
 * The training loop of the cpu engine: forward pass, gradient (passes.ts) and update (optimizer.ts) of one field, all steps of one call
 * inside WebAssembly, on several threads over one shared memory.
 *
 * Invariants:
 * - Same bits for every number of threads: the batch is cut into a fixed number of chunks, whichever thread takes a chunk sums its
 *   gradient into the chunk's own buffer sample by sample, and buffers are added in the order of the chunks.
 * - Forward weights of sine layers carry omega / pi, so their sums are half-turns, and backward weights carry omega; the raw gradient
 *   lacks omega / (batch * channels), which the optimizer multiplies in (LayerSlot.GradientScale). All other layers have their
 *   weights as they are: omega is 1 in these three places.
 * - Padding (features to a multiple of 8, samples to a multiple of 4) has zero weights and zero gradient and stays so.
 *
 * One step: chunks are taken from a counter; barrier; every thread updates its share of the parameters; barrier. With a grid
 * encoding the first part goes in phases (rounds.ts), with clipping or Muon the second. Functions are exported so that the compiler keeps them apart: each then
 * tiers up by itself while the loop that calls them never returns.
 */
import { Control, LayerSlot, RateSlot, Slot } from '../slots';
import { coordinates } from './grid';
import { headErrors, headSamples } from './loss';
import { update } from './optimizer';
import { backwardTile, forwardTile } from './passes';
import { layerAt, word } from './record';
import { trainRounds } from './rounds';
import { drawTile } from './sampling';
import { barrier, nextTask } from './threads';

/** Gradient and loss of one chunk of the batch of `step`. */
export function trainChunk(scratch: usize, step: u32, chunk: u32): void {
  const tile = word(Slot.Tile);
  const stride: usize = word(Slot.GradientStride);
  const gradient: usize = <usize>word(Slot.Gradients) + chunk * stride;
  const head = scratch + load<u32>(layerAt(<i32>word(Slot.Layers) - 1), LayerSlot.Result << 2);
  const targets = head + (<usize>tile << 6);
  const first = chunk * word(Slot.ChunkSamples);
  const end = min(first + word(Slot.ChunkSamples), word(Slot.Batch));
  const sums: usize = <usize>word(Slot.ChunkLoss) + (<usize>chunk << 4);
  memory.fill(sums, 0, 16);
  for (let at = first; at < end; at += tile) {
    const count = min(tile, end - at);
    const samples: usize = (count + 3) & ~3;
    drawTile(scratch, targets, step, at, count);
    forwardTile(scratch, samples, true);
    headErrors(head, targets, count, samples, sums);
    backwardTile(scratch, gradient, samples, at == first);
  }
}

/** Runs `steps` steps from step `first` (0-based) as one of `threads` threads. Returns 0, or why it ended early (Control.Stop). */
export function run(thread: u32, threads: u32, first: u32, steps: u32): i32 {
  const control: usize = word(Slot.Control);
  const chunks = word(Slot.Chunks);
  const scratch: usize = <usize>word(Slot.Scratch) + <usize>thread * word(Slot.ScratchStride);
  const samples = <f64>word(Slot.Batch) * <f64>word(Slot.Outputs);
  for (let step: u32 = 0; step < steps; step++) {
    const rate: usize = word(Slot.Rates) + <usize>step * (<usize>RateSlot.Words << 2);
    if (word(Slot.Levels) != 0) {
      if (trainRounds(threads, scratch, first + step) == 2) return 2;
    } else {
      let chunk: u32;
      while ((chunk = nextTask()) < chunks) trainChunk(scratch, first + step, chunk);
      if (barrier(threads) == 2) return 2;
    }
    if (update(thread, threads, scratch, rate) == 2) return 2;
    if (thread == 0) {
      let sums = f64x2.splat(0);
      for (let c: u32 = 0; c < chunks; c++) sums = f64x2.add(sums, v128.load(<usize>word(Slot.ChunkLoss) + (<usize>c << 4)));
      const total: usize = word(Slot.LossTotal);
      v128.store(total, f64x2.add(v128.load(total), f64x2.div(sums, f64x2.splat(samples))));
      store<u32>(control + (Control.StepsDone << 2), step + 1);
    }
    const stop = barrier(threads);
    if (stop != 0) return stop;
  }
  return 0;
}

/** Samples of grid points [first, first + count), or of those places of the list of points, interleaved, not clamped, to this thread's output. */
export function evaluate(thread: u32, first: u32, count: u32): void {
  const tile = word(Slot.Tile);
  const inputs: i32 = word(Slot.Inputs);
  const outputs: usize = word(Slot.Outputs);
  const scratch: usize = <usize>word(Slot.Scratch) + <usize>thread * word(Slot.ScratchStride);
  const head = scratch + load<u32>(layerAt(<i32>word(Slot.Layers) - 1), LayerSlot.Result << 2);
  const list: usize = word(Slot.PointList);
  let to: usize = <usize>word(Slot.Output) + <usize>thread * word(Slot.OutputStride);
  for (let done: u32 = 0; done < count; done += tile) {
    const part = min(tile, count - done);
    for (let s: u32 = 0; s < part; s++) {
      const place = first + done + s;
      coordinates(list == 0 ? place : load<u32>(list + (<usize>place << 2)), Slot.Grid, inputs, scratch + (<usize>s << 6));
    }
    forwardTile(scratch, (part + 3) & ~3, false);
    headSamples(head, part);
    for (let s: usize = 0; s < part; s++) {
      for (let channel: usize = 0; channel < outputs; channel++) {
        store<f32>(to, load<f32>(head + (s << 6) + (channel << 2)));
        to += 4;
      }
    }
  }
}

// Kept apart from their callers for the compiler, and at hand for measurements.
export { activateRelu, activateSine } from './activations';
export { backProduct, biasGradient, product, weightGradient } from './dense';
export { encode } from './grid';
export { applyMuon, combine, copyColumns, multiplyColumns, muonMoments, orthogonalize, turnRows } from './muon';
export { derive, reduceSpan, transposeBlock, transposeBlocks, update, updateLayers, updateSpan } from './optimizer';
export { headErrors, headSamples } from './loss';
export { narrowBackProduct, narrowProduct, narrowWeightGradient } from './narrow';
export { pairProduct, pairWeightGradient } from './pair';
export { activate, backBlock, backwardTile, forwardTile } from './passes';
export { closeBlock, joinGradients } from './residual';
export { cellOf, drawInCell, drawPoints, drawTile } from './sampling';
export { averageSpan, drawPart, encodePart, scatterPart, squareTables, trainPart } from './rounds';
export { activateFiner, activateGabor, activateGaussian, activateGelu, activateSnake } from './smooth';
export { runMembers } from './swarm';
export { cornersOfFour, encodeTables, featureGradients, gatherTile, interpolate, scatter, updateTables } from './tables';
