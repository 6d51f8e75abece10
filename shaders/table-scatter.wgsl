// Backward pass of a grid encoding: adds every sample's gradient of its features, times the corner's weight, to the sums of the corner's
// vector (grid-corners.wgsl). CPU twin: referenceGradient in src-engine/reference.ts.
//
// Many threads add to one sum, in an order that nobody knows, and WGSL has atomics for 32-bit integers alone. So sums are exact
// integers, which no order changes: a contribution is x = round(weight gradient scale) with |x| <= 2^25, the scale following from
// the largest gradient of the slice (table-scale.wgsl). It is cut into x = 2^12 high + low with -2^11 <= low < 2^11, and each part is
// added to a word of its own. Neither word can overflow. Let a slice have S samples. A sample contributes at most 2^d times to
// one vector, since its corners may share it by the hash:
//   low:   |sum| <= S 2^d 2^11 <= 2^31 for S <= 2^(20 - d), and +2^31 is not reached since low < 2^11;
//   high:  |high| <= |x| / 2^12 + 1/2, and the weights of a sample's corners add up to 1, so |sum| <= S (2^13 + 2^d) < 2^31 for S <= 2^17.
// LARGEST_TABLE_SLICE in src-engine/webgpu/tables.ts keeps slices that short. Rounding errs by at most half a unit: 2^-25 of the
// largest gradient, about what float32 sums would lose.
@group(1) @binding(1) var<storage, read> gradients: array<f32>;
@group(1) @binding(2) var<storage, read> scale: array<f32, 2>;
@group(1) @binding(3) var<storage, read_write> sums: array<atomic<i32>>;

fn add(number: u32, x: i32) {
  let high = (x + 2048) >> 12u;
  let low = x - (high << 12u);
  if (low != 0) {
    atomicAdd(&sums[2u * number], low);
  }
  if (high != 0) {
    atomicAdd(&sums[2u * number + 1u], high);
  }
}

fn visitCell(level: Level, cell: Cell, first: u32) {
  for (var number = 0u; number < CORNERS; number++) {
    let corner = cornerAt(level, cell, number);
    let factor = corner.weight * scale[0];
    for (var j = 0u; j < GRID_FEATURES; j++) {
      add(corner.offset + j, i32(round(factor * gradients[first + j])));
    }
  }
}
