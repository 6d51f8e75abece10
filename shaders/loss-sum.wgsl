// Adds the partial losses of a whole submit (`work.count` of them) to the run's total, in a fixed order. CPU twin: the loss of
// src-engine/reference.ts.
@group(1) @binding(0) var<storage, read> losses: array<f32>;
@group(1) @binding(1) var<storage, read_write> total: array<f32>;

var<workgroup> sums: array<f32, 256>;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) local: u32) {
  var sum = 0.0;
  for (var i = local; i < work.count; i += 256u) {
    sum += losses[i];
  }
  sums[local] = sum;
  for (var stride = 128u; stride > 0u; stride /= 2u) {
    workgroupBarrier();
    if (local < stride) {
      sums[local] += sums[local + stride];
    }
  }
  if (local == 0u) {
    total[0] += sums[0];
  }
}
