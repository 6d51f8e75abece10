// Adds the partial losses and squared errors of a whole submit (`work.count` pairs) to the run's totals, in a fixed order. CPU twin:
// the loss of src-engine/reference.ts.
@group(1) @binding(0) var<storage, read> losses: array<vec2f>;
@group(1) @binding(1) var<storage, read_write> total: vec2f;

alias Summand = vec2f;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) local: u32) {
  var sum = vec2f();
  for (var i = local; i < work.count; i += 256u) {
    sum += losses[i];
  }
  let whole = workgroupSum(local, sum);
  if (local == 0u) {
    total += whole;
  }
}
