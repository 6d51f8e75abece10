/**
 * A training step of a network on a grid encoding. Tables want to be read and written level by level over many samples
 * (tables.ts), the dense layers want tiles: so a step goes in phases over all samples, and what passes from phase to phase is
 * kept in memory: points and targets, and one vector per level and sample, first the features, then their gradients.
 *
 *     draw      points and targets                       a task is a chunk
 *     encode    points -> features                       ... a level of a chunk
 *     train     features -> gradients of the features    ... a chunk, tile by tile
 *     scatter   gradients -> sums of the tables          ... a level, or a range of its vectors
 *
 * Each phase ends at a barrier. Batches whose vectors would take too much memory go in several rounds: every round takes the
 * next Slot.RoundSamples samples of every chunk. Rounds follow from batch and field alone, never from the number of threads.
 *
 * A sum gets its contributions in the order round, chunk, sample, whoever owns it: the ranges of a level's vectors may follow
 * from the number of threads without changing a bit.
 */
import { LayerSlot, LevelSlot, RateSlot, Slot } from '../slots';
import { sumOf } from './elementary';
import { headErrors } from './loss';
import { backwardTile, forwardLayers } from './passes';
import { floatWord, layerAt, rowBytes, word } from './record';
import { drawTile } from './sampling';
import { featureGradients, gatherTile, interpolate, levelAt, scatter, updateTables } from './tables';
import { barrier, nextTask } from './threads';

/** Bytes of a table that a thread updates at a time. */
const SPAN: usize = 1 << 17;

/** First element of a chunk's part in a round. */
// @ts-ignore: decorator
@inline
function partFirst(chunk: u32, round: u32): u32 {
  return chunk * word(Slot.ChunkSamples) + round * word(Slot.RoundSamples);
}

/** Elements of a chunk's part in a round: those of the batch that belong to the chunk. */
// @ts-ignore: decorator
@inline
function partCount(chunk: u32, round: u32): u32 {
  const first = partFirst(chunk, round);
  const end = min(min((chunk + 1) * word(Slot.ChunkSamples), word(Slot.Batch)), first + word(Slot.RoundSamples));
  return end > first ? end - first : 0;
}

/** Bytes from axis to axis of the points of a round; those of a level's vectors are Slot.VectorBytes / 4 times as many. */
// @ts-ignore: decorator
@inline
function axisBytes(): usize {
  return (<usize>word(Slot.Chunks) * word(Slot.RoundSamples)) << 2;
}

/** Points [axis][sample] and targets of a chunk's part. */
export function drawPart(scratch: usize, step: u32, chunk: u32, round: u32): void {
  const tile = word(Slot.Tile);
  const inputs: usize = word(Slot.Inputs);
  const first = partFirst(chunk, round);
  const count = partCount(chunk, round);
  const place: usize = <usize>chunk * word(Slot.RoundSamples);
  const axis = axisBytes();
  let points = <usize>word(Slot.RoundPoints) + (place << 2);
  const row = rowBytes();
  let targets = <usize>word(Slot.RoundTargets) + place * row;
  for (let done: u32 = 0; done < count; done += tile) {
    const some = min(tile, count - done);
    drawTile(scratch, targets, step, first + done, some);
    for (let i: usize = 0; i < inputs; i++) {
      for (let s: usize = 0; s < some; s++) store<f32>(points + i * axis + (s << 2), load<f32>(scratch + (s << 6) + (i << 2)));
    }
    points += <usize>tile << 2;
    targets += <usize>tile * row;
  }
}

/** Features of a chunk's part in one level. */
export function encodePart(scratch: usize, level: usize, chunk: u32, round: u32): void {
  const count = partCount(chunk, round);
  if (count == 0) return;
  const place: usize = <usize>chunk * word(Slot.RoundSamples);
  const axis = axisBytes();
  const vector: usize = word(Slot.VectorBytes);
  const to = <usize>word(Slot.RoundVectors) + level * (axis >> 2) * vector + place * vector;
  interpolate(levelAt(level), <usize>word(Slot.RoundPoints) + (place << 2), axis, count, to, scratch + word(Slot.TableScratch));
}

/** Loss and gradients of a chunk's part; the gradients of its features take the place of the features. */
export function trainPart(scratch: usize, chunk: u32, round: u32): void {
  const tile = word(Slot.Tile);
  const stride: usize = word(Slot.GradientStride);
  const gradient: usize = <usize>word(Slot.Gradients) + chunk * stride;
  const head = scratch + load<u32>(layerAt(<i32>word(Slot.Layers) - 1), LayerSlot.Result << 2);
  const features = scratch + load<u32>(layerAt(0), LayerSlot.Input << 2);
  const count = partCount(chunk, round);
  const place: usize = <usize>chunk * word(Slot.RoundSamples);
  const row = rowBytes();
  const vector: usize = word(Slot.VectorBytes);
  const levelBytes = (axisBytes() >> 2) * vector;
  let targets = <usize>word(Slot.RoundTargets) + place * row;
  let vectors = <usize>word(Slot.RoundVectors) + place * vector;
  const sums: usize = <usize>word(Slot.ChunkLoss) + (<usize>chunk << 4);
  if (round == 0) memory.fill(sums, 0, 16);
  for (let done: u32 = 0; done < count; done += tile) {
    const some = min(tile, count - done);
    const samples: usize = (some + 3) & ~3;
    gatherTile(vectors, levelBytes, features, some);
    forwardLayers(scratch, samples, true);
    headErrors(head, targets, some, samples, sums);
    backwardTile(scratch, gradient, samples, round == 0 && done == 0);
    featureGradients(scratch, vectors, levelBytes, some);
    vectors += <usize>tile * vector;
    targets += <usize>tile * row;
  }
}

/** Sums of range `part` of `parts` of one level, over all samples of a round. */
export function scatterPart(scratch: usize, level: usize, part: usize, parts: usize, round: u32): void {
  const record = levelAt(level);
  const chunks = word(Slot.Chunks);
  const vector: usize = word(Slot.VectorBytes);
  const entries: usize = load<u32>(record, LevelSlot.Bytes << 2) / <u32>vector;
  const low = ((entries * part) / parts) * vector;
  const span = ((entries * (part + 1)) / parts) * vector - low;
  const axis = axisBytes();
  const vectors = <usize>word(Slot.RoundVectors) + level * (axis >> 2) * vector;
  for (let chunk: u32 = 0; chunk < chunks; chunk++) {
    const place: usize = <usize>chunk * word(Slot.RoundSamples);
    scatter(record, <usize>word(Slot.RoundPoints) + (place << 2), axis, partCount(chunk, round), vectors + place * vector, low, span, scratch + word(Slot.TableScratch));
  }
}

/** All rounds of one step, up to the sums of tables and chunks. Returns 2 when a thread died (Control.Stop), else 0. */
export function trainRounds(threads: u32, scratch: usize, step: u32): i32 {
  const chunks = word(Slot.Chunks);
  const levels = word(Slot.Levels);
  const rounds = word(Slot.Rounds);
  const parts = levels >= threads ? 1 : (2 * threads + levels - 1) / levels;
  for (let round: u32 = 0; round < rounds; round++) {
    let task: u32;
    while ((task = nextTask()) < chunks) drawPart(scratch, step, task, round);
    if (barrier(threads) == 2) return 2;
    while ((task = nextTask()) < chunks * levels) encodePart(scratch, task / chunks, task % chunks, round);
    if (barrier(threads) == 2) return 2;
    while ((task = nextTask()) < chunks) trainPart(scratch, task, round);
    if (barrier(threads) == 2) return 2;
    // The finest levels first: they take longest.
    while ((task = nextTask()) < levels * parts) scatterPart(scratch, levels - 1 - task / parts, task % parts, parts, round);
    if (barrier(threads) == 2) return 2;
  }
  return 0;
}

/** Adam over the tables, span by span, whoever comes. `factor`: of the gradient, besides its scale. */
export function updateAllTables(rate: usize, factor: f32): void {
  const bytes: usize = word(Slot.TableBytes);
  const scale = floatWord(Slot.TableScale) * factor;
  const average: usize = word(Slot.TableAverage);
  let first: usize;
  while ((first = <usize>nextTask() * SPAN) < bytes) {
    const end = min(first + SPAN, bytes);
    updateTables(first, end, rate, scale);
    if (average != 0) averageSpan(average + first, <usize>word(Slot.Tables) + first, end - first, rate);
  }
}

/** average = keep average + blend parameter over `bytes` (a multiple of 16). */
export function averageSpan(average: usize, parameters: usize, bytes: usize, rate: usize): void {
  const keep = v128.load32_splat(rate, RateSlot.Keep << 2);
  const blend = v128.load32_splat(rate, RateSlot.Blend << 2);
  for (let at: usize = 0; at < bytes; at += 16) {
    v128.store(average + at, f32x4.add(f32x4.mul(keep, v128.load(average + at)), f32x4.mul(blend, v128.load(parameters + at))));
  }
}

/** Sums of squares of the gradients of the tables, one a span, at Slot.TableSquares; whoever comes. */
export function squareTables(): void {
  const bytes: usize = word(Slot.TableBytes);
  const sums: usize = word(Slot.TableSums);
  let span: usize;
  while ((span = nextTask()) * SPAN < bytes) {
    const end = sums + min((span + 1) * SPAN, bytes);
    let total = f64x2.splat(0);
    for (let at = sums + span * SPAN; at < end; at += 16) {
      const g = v128.load(at);
      const low = f64x2.promote_low_f32x4(g);
      const high = f64x2.promote_low_f32x4(v128.shuffle<f64>(g, g, 1, 1));
      total = f64x2.add(total, f64x2.add(f64x2.mul(low, low), f64x2.mul(high, high)));
    }
    store<f64>(<usize>word(Slot.TableSquares) + (span << 3), f64x2.extract_lane(total, 0) + f64x2.extract_lane(total, 1));
  }
}

/** Sum of squares of the gradient of all tables; 0 without any. */
export function tableSquares(): f64 {
  if (word(Slot.Levels) == 0) return 0;
  const scale = <f64>floatWord(Slot.TableScale);
  return scale * scale * sumOf(word(Slot.TableSquares), ((<usize>word(Slot.TableBytes) + SPAN - 1) / SPAN) << 3);
}
