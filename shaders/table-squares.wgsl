// Sums of squares of the tables' gradients for the norm of the whole gradient, one a workgroup, in a fixed order. CPU twin: clipFactor in
// src-core/fit/optimizer.ts.
@group(1) @binding(0) var<storage, read> folded: array<f32>;
@group(1) @binding(1) var<storage, read_write> squares: array<f32>;

var<workgroup> sums: array<f32, 256>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  var sum = 0.0;
  for (var at = group.x * 256u + local; at < TABLE_NUMBERS; at += 256u * TABLE_SQUARES) {
    sum += folded[at] * folded[at];
  }
  sums[local] = sum;
  for (var stride = 128u; stride > 0u; stride /= 2u) {
    workgroupBarrier();
    if (local < stride) {
      sums[local] += sums[local + stride];
    }
  }
  if (local == 0u) {
    squares[SQUARE_OFFSET + group.x] = sums[0];
  }
}
