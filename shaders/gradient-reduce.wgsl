// Reduces the partial gradients once where more than one kernel wants them, and leaves each workgroup's sum of squares for the norm.
// CPU twin: the gradient of src-engine/reference.ts.
@group(1) @binding(1) var<storage, read_write> gradients: array<f32>;
@group(1) @binding(2) var<storage, read_write> squares: array<f32>;

alias Summand = f32;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let workgroup = groupNumber(group, groups);
  let number = workgroup * 256u + local;
  var gradient = 0.0;
  if (number < DENSE) {
    gradient = gradientAt(number);
    gradients[number] = gradient;
  }
  let whole = workgroupSum(local, gradient * gradient);
  if (local == 0u && number < DENSE) {
    squares[workgroup] = whole;
  }
}
