// Sums of squares of the tables' gradients for the norm of the whole gradient, one a workgroup, in a fixed order. CPU twin: clipFactor in
// src-core/fit/optimizer.ts.
@group(1) @binding(0) var<storage, read> folded: array<f32>;
@group(1) @binding(1) var<storage, read_write> squares: array<f32>;

alias Summand = f32;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  var sum = 0.0;
  for (var at = group.x * 256u + local; at < TABLE_NUMBERS; at += 256u * TABLE_SQUARES) {
    sum += folded[at] * folded[at];
  }
  let whole = workgroupSum(local, sum);
  if (local == 0u) {
    squares[SQUARE_OFFSET + group.x] = whole;
  }
}
