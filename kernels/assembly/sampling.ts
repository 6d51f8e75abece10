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

/** Draws elements [first, first + count) of the batch of `step`: coordinates to `scratch`, targets in [0, 1] to rows of up to 4, 8, 12 or 16 at `targets`. */
export function drawTile(scratch: usize, targets: usize, step: u32, first: u32, count: u32): void {
  const inputs: i32 = word(Slot.Inputs);
  const outputs: u32 = word(Slot.Outputs);
  const row: usize = rowBytes();
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
      store<f32>(targets + (<usize>channel << 2), <f32>raw / maximum);
    }
    targets += row;
  }
}
