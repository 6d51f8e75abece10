/**
 * The batch of a step: twin of src-core/fit/random.ts, sampling.ts and importance.ts, which define the draws, and of
 * src-core/signal/coordinates.ts. Four elements at a time, one a lane: the generator is integer arithmetic alone, so that lanes
 * have the bits of the scalar definition.
 */
import { SamplingKind, Slot } from '../slots';
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

/** pcg3d of four elements: `a` and `b` are those of all, `c` is each lane's own. */
// @ts-ignore: decorator
@inline
function pcg3dOfFour(a: u32, b: u32, c: v128): v128 {
  const multiplier = i32x4.splat(1664525);
  const increment = i32x4.splat(1013904223);
  let x = i32x4.splat(a * 1664525 + 1013904223);
  let y = i32x4.splat(b * 1664525 + 1013904223);
  let z = i32x4.add(i32x4.mul(c, multiplier), increment);
  x = i32x4.add(x, i32x4.mul(y, z));
  y = i32x4.add(y, i32x4.mul(z, x));
  z = i32x4.add(z, i32x4.mul(x, y));
  x = v128.xor(x, i32x4.shr_u(x, 16));
  y = v128.xor(y, i32x4.shr_u(y, 16));
  z = v128.xor(z, i32x4.shr_u(z, 16));
  return i32x4.add(x, i32x4.mul(y, z));
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

/** scaleToRange lane by lane: the upper halves of the products. */
// @ts-ignore: decorator
@inline
function scaleFour(random: v128, bound: u32): v128 {
  const range = i32x4.splat(bound);
  return v128.shuffle<i32>(i64x2.extmul_low_i32x4_u(random, range), i64x2.extmul_high_i32x4_u(random, range), 1, 3, 5, 7);
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

/** Grid indices of elements `element` to `element` + 3 of the batch of `step`; of those beyond the batch, any index of the grid. */
// @ts-ignore: decorator
@inline
function drawFour(step: u32, element: u32): v128 {
  const seed = word(Slot.Seed);
  const points = word(Slot.Points);
  const kind = word(Slot.Sampling);
  const elements = i32x4.add(i32x4.splat(element), i32x4(0, 1, 2, 3));
  if (kind == SamplingKind.Full) return i32x4.min_u(elements, i32x4.splat(points - 1));
  const driven = kind == SamplingKind.Error && word(Slot.Cells) != 0;
  if (kind != SamplingKind.Stratified && !driven) return scaleFour(pcg3dOfFour(seed, step, elements), points);
  const arc = word(Slot.Arc);
  const within = scaleFour(i32x4.add(pcg3dOfFour(seed, STRATUM_STREAM, elements), i32x4.splat(step * GOLDEN_STEP)), arc);
  const turn = i32x4.splat(pcg3d(seed, step >> TURN_SHIFT, 0xffffffff));
  const stratified = i32x4.add(i32x4.add(turn, i32x4.mul(elements, i32x4.splat(arc))), within);
  if (!driven) return scaleFour(stratified, points);
  return i32x4(
    drawInCell(i32x4.extract_lane(stratified, 0), seed, element, step),
    drawInCell(i32x4.extract_lane(stratified, 1), seed, element + 1, step),
    drawInCell(i32x4.extract_lane(stratified, 2), seed, element + 2, step),
    drawInCell(i32x4.extract_lane(stratified, 3), seed, element + 3, step),
  );
}

/** A point of the cell that `random` falls into. */
export function drawInCell(random: u32, seed: u32, element: u32, step: u32): u32 {
  const length = word(Slot.CellPoints);
  const first = cellOf(random) * length;
  return first + scaleToRange(pcg3d(seed ^ CELL_STREAM, element, step), min(length, word(Slot.Points) - first));
}

/**
 * index / extent without remainder. A quotient (index + 1/2) / extent is at least 1 / (2 extent) away from the next integer, far
 * more than some roundings of float64 can move it; so its floor is the nearest integer of what is 1/2 less, which adding 1.5 * 2^52 leaves
 * in the lowest bits.
 */
// @ts-ignore: decorator
@inline
function quotients(index: v128, extent: u32): v128 {
  const inverse = f64x2.splat(1 / <f64>extent);
  const shift = f64x2.splat(0.5 / <f64>extent - 0.5);
  const magic = f64x2.splat(6755399441055744);
  const low = f64x2.add(f64x2.mul(f64x2.convert_low_i32x4_u(index), inverse), shift);
  const high = f64x2.add(f64x2.mul(f64x2.convert_low_i32x4_u(v128.shuffle<i64>(index, index, 1, 1)), inverse), shift);
  return v128.shuffle<i32>(f64x2.add(low, magic), f64x2.add(high, magic), 0, 2, 4, 6);
}

/** Writes four numbers to the rows of 64 bytes from `to`. */
// @ts-ignore: decorator
@inline
function storeFour(to: usize, values: v128): void {
  v128.store32_lane(to, values, 0);
  v128.store32_lane(to, values, 1, 64);
  v128.store32_lane(to, values, 2, 128);
  v128.store32_lane(to, values, 3, 192);
}

/** Coordinates of the points `index` of the data set to the rows from `to`. */
// @ts-ignore: decorator
@inline
function storeCoordinates(to: usize, index: v128): void {
  const inputs: i32 = word(Slot.Inputs);
  for (let axis = 0; axis < inputs; axis++) {
    const extent = word(Slot.DataGrid + axis);
    const extents = i32x4.splat(extent);
    // What is left on the last axis is its position: no division.
    const rest = axis + 1 < inputs ? quotients(index, extent) : i32x4.splat(0);
    const position = i32x4.sub(index, i32x4.mul(rest, extents));
    const centred = i32x4.sub(i32x4.add(i32x4.add(position, position), i32x4.splat(1)), extents);
    storeFour(to + (<usize>axis << 2), f32x4.div(f32x4.convert_i32x4_s(centred), f32x4.splat(<f32>extent)));
    index = rest;
  }
}

/** Coordinates of one point of a list; lanes that are not `used` are 0. What rounding put beyond [-1, 1] is taken for the border. */
// @ts-ignore: decorator
@inline
function copyPoint(to: usize, from: usize, used: v128): void {
  const inside = f32x4.pmax(f32x4.pmin(v128.load(from), f32x4.splat(1)), f32x4.splat(-1));
  v128.store(to, v128.and(inside, used));
}

/** Coordinates of the points `index` of the list to the rows from `to`. There are 16 bytes behind the list, so that a point is one read. */
// @ts-ignore: decorator
@inline
function copyCoordinates(to: usize, index: v128): void {
  const inputs = word(Slot.Inputs);
  const address = i32x4.add(i32x4.splat(word(Slot.DataPoints)), i32x4.mul(index, i32x4.splat(inputs << 2)));
  const used = i32x4.gt_s(i32x4.splat(inputs), i32x4(0, 1, 2, 3));
  copyPoint(to, i32x4.extract_lane(address, 0), used);
  copyPoint(to + 64, i32x4.extract_lane(address, 1), used);
  copyPoint(to + 128, i32x4.extract_lane(address, 2), used);
  copyPoint(to + 192, i32x4.extract_lane(address, 3), used);
}

/** Byte of a sample's row of 16 coordinates, of which at most 4 are used, that keeps the number of its point. */
const INDEX: usize = 60;

/**
 * Draws elements [first, first + count) of the batch of `step`: coordinates to `scratch`, targets in [0, 1] to rows of up to 4, 8, 12 or
 * 16 at `targets`. Lanes beyond the last channel are not defined, nor up to three rows beyond the last coordinates.
 *
 * Points lie anywhere in a data set that is larger than the caches. So all samples are asked for first, in a loop so short that the
 * processor waits for a dozen of them at once, and read afterwards: half the time for 512 x 512 points.
 */
export function drawTile(scratch: usize, targets: usize, step: u32, first: u32, count: u32): void {
  const row: usize = rowBytes();
  const data: usize = word(Slot.Data);
  const bytes: usize = word(Slot.DataBytes);
  const pointBytes: usize = <usize>word(Slot.Outputs) * bytes;
  drawPoints(scratch, step, first, count);
  const maximum = f32x4.splat(<f32>word(Slot.DataMaximum));
  if (bytes == 1 && row == 16) {
    // Samples are far below 2^31: numbers with a sign are converted by one instruction, those without by eight.
    for (const end = targets + (<usize>count << 4); targets < end; targets += 16) {
      const raw = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(data + <usize>load<u32>(scratch, INDEX) * pointBytes)));
      v128.store(targets, f32x4.div(f32x4.convert_i32x4_s(raw), maximum));
      scratch += 64;
    }
    return;
  }
  for (let s: u32 = 0; s < count; s++) {
    let from = data + <usize>load<u32>(scratch, INDEX) * pointBytes;
    scratch += 64;
    for (const end = targets + row; targets < end; targets += 16) {
      const raw = bytes == 1 ? i16x8.extend_low_i8x16_u(v128.load32_zero(from)) : v128.load64_zero(from);
      v128.store(targets, f32x4.div(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(raw)), maximum));
      from += bytes << 2;
    }
  }
}

/** Coordinates and, at INDEX, numbers of the points of elements [first, first + count) to their rows; asks for their samples. */
export function drawPoints(scratch: usize, step: u32, first: u32, count: u32): void {
  const data = i32x4.splat(word(Slot.Data));
  const pointBytes = i32x4.splat(word(Slot.Outputs) * word(Slot.DataBytes));
  const listed = word(Slot.DataPoints) != 0;
  let touched: u32 = 0;
  let to = scratch;
  for (let s: u32 = 0; s < count; s += 4) {
    const index = drawFour(step, first + s);
    if (listed) copyCoordinates(to, index);
    else storeCoordinates(to, index);
    storeFour(to + INDEX, index);
    const address = i32x4.add(data, i32x4.mul(index, pointBytes));
    touched += load<u8>(i32x4.extract_lane(address, 0));
    touched += load<u8>(i32x4.extract_lane(address, 1));
    touched += load<u8>(i32x4.extract_lane(address, 2));
    touched += load<u8>(i32x4.extract_lane(address, 3));
    to += 256;
  }
  // Nobody reads the sum; without it the loads would be dropped.
  store<u32>(scratch, touched, INDEX - 4);
}
