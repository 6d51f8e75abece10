/** The batch of a step: twin of src-core/fit/random.ts and sampling.ts. */
import { Slot } from '../slots';
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
  const points: u64 = word(Slot.Points);
  const seed = word(Slot.Seed);
  let touched: u32 = 0;
  for (let s: u32 = 0; s < count; s++) {
    const index = <u32>((<u64>pcg3d(seed, step, first + s) * points) >> 32);
    store<u32>(scratch + (<usize>s << 6), index, INDEX);
    touched += load<u8>(data + <usize>index * pointBytes);
  }
  // Nobody reads the sum; without it the loads would be dropped.
  store<u32>(scratch, touched, INDEX - 4);
}
