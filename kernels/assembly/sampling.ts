/** The batch of a step: twin of src-core/fit/random.ts, sampling.ts and importance.ts, which define the draws. */
import { SamplingKind, Slot } from '../slots';
import { coordinates } from './grid';
import { rowBytes, word } from './record';

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

/** Streams and constants of src-core/fit/sampling.ts and importance.ts. */
const STRATUM_STREAM: u32 = 0x53545241;
const CELL_STREAM: u32 = 0x43454c4c;
const GOLDEN_STEP: u32 = 2654435769;
const TURN_SHIFT: u32 = 6;

// @ts-ignore: decorator
@inline
function scaleToRange(random: u32, bound: u32): u32 {
  return <u32>((<u64>random * <u64>bound) >> 32);
}

/**
 * The first cell whose limit is above `random`, else the last. The guide holds this cell for every multiple of 2^20, so that the
 * search begins between two neighbours of it: some cells instead of 65536.
 */
export function cellOf(random: u32): u32 {
  const limits: usize = word(Slot.CellLimits);
  const guide = <usize>word(Slot.CellGuide) + (<usize>(random >> 20) << 2);
  let low = load<u32>(guide);
  let high = load<u32>(guide, 4);
  while (low < high) {
    const middle = (low + high) >> 1;
    if (random < load<u32>(limits + (<usize>middle << 2))) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Grid index of element `element` of the batch of `step`. */
export function drawIndex(step: u32, element: u32): u32 {
  const seed = word(Slot.Seed);
  const points = word(Slot.Points);
  const kind = word(Slot.Sampling);
  if (kind == SamplingKind.Full) return element;
  const driven = kind == SamplingKind.Error && word(Slot.Cells) != 0;
  if (kind != SamplingKind.Stratified && !driven) return scaleToRange(pcg3d(seed, step, element), points);
  const arc = word(Slot.Arc);
  const within = scaleToRange(pcg3d(seed, STRATUM_STREAM, element) + step * GOLDEN_STEP, arc);
  const stratified = pcg3d(seed, step >> TURN_SHIFT, 0xffffffff) + element * arc + within;
  if (!driven) return scaleToRange(stratified, points);
  const length = word(Slot.CellPoints);
  const first = cellOf(stratified) * length;
  return first + scaleToRange(pcg3d(seed ^ CELL_STREAM, element, step), min(length, points - first));
}

/** Byte of a sample's row of 16 coordinates, of which at most 4 are used, that keeps the number of its point. */
const INDEX: usize = 60;

/**
 * Draws elements [first, first + count) of the batch of `step`: coordinates to `scratch`, targets in [0, 1] to rows of up to 4, 8, 12 or
 * 16 at `targets`. Lanes beyond the last channel are not defined.
 *
 * Points lie anywhere in a data set that is larger than the caches. So all samples are asked for first, in a loop so short that the
 * processor waits for a dozen of them at once, and read afterwards: half the time for 512 x 512 points.
 */
export function drawTile(scratch: usize, targets: usize, step: u32, first: u32, count: u32): void {
  const inputs: i32 = word(Slot.Inputs);
  const row: usize = rowBytes();
  const data: usize = word(Slot.Data);
  const bytes: usize = word(Slot.DataBytes);
  const pointBytes: usize = <usize>word(Slot.Outputs) * bytes;
  drawIndices(scratch, step, first, count, data, pointBytes);
  const maximum = f32x4.splat(<f32>word(Slot.DataMaximum));
  for (let s: u32 = 0; s < count; s++) {
    const index = load<u32>(scratch, INDEX);
    coordinates(index, Slot.DataGrid, inputs, scratch);
    scratch += 64;
    let from = data + <usize>index * pointBytes;
    for (const end = targets + row; targets < end; targets += 16) {
      const raw = bytes == 1 ? i16x8.extend_low_i8x16_u(v128.load32_zero(from)) : v128.load64_zero(from);
      v128.store(targets, f32x4.div(f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(raw)), maximum));
      from += bytes << 2;
    }
  }
}

/** Numbers of the points of elements [first, first + count) to INDEX of their rows; asks for their samples. */
export function drawIndices(scratch: usize, step: u32, first: u32, count: u32, data: usize, pointBytes: usize): void {
  const points = word(Slot.Points);
  const seed = word(Slot.Seed);
  const uniform = word(Slot.Sampling) == SamplingKind.Uniform;
  let touched: u32 = 0;
  for (let s: u32 = 0; s < count; s++) {
    const index = uniform ? scaleToRange(pcg3d(seed, step, first + s), points) : drawIndex(step, first + s);
    store<u32>(scratch + (<usize>s << 6), index, INDEX);
    touched += load<u8>(data + <usize>index * pointBytes);
  }
  // Nobody reads the sum; without it the loads would be dropped.
  store<u32>(scratch, touched, INDEX - 4);
}
