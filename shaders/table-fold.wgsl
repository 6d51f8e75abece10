// Between the slices of a step: adds the slice's sums to the gradient of the tables, or begins it.
@group(1) @binding(2) var<storage, read_write> gradients: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let at = groupNumber(group, groups) * 64u + local;
  if (at >= TABLE_NUMBERS) {
    return;
  }
  let sum = takeSum(at);
  if (work.accumulate == 1u) {
    gradients[at] += sum;
  } else {
    gradients[at] = sum;
  }
}
