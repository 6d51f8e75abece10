// Adds up the chunks' gradients in order and takes one step of Adam (Kingma and Ba 2015, algorithm 1), one thread a parameter.
// CPU twin: the update of src-engine/reference.ts. The bias corrections come from the CPU: 1 - beta^t cancels in float32.
@group(1) @binding(0) var<storage, read> partials: array<f32>;
@group(1) @binding(1) var<storage, read_write> parameters: array<f32>;
@group(1) @binding(2) var<storage, read_write> moment1: array<f32>;
@group(1) @binding(3) var<storage, read_write> moment2: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let at = groupNumber(group, groups) * 64u + local;
  if (at >= PARAMETERS) {
    return;
  }
  var gradient = 0.0;
  for (var chunk = 0u; chunk < CHUNKS; chunk++) {
    gradient += partials[chunk * PARAMETERS + at];
  }
  let m = BETA1 * moment1[at] + ONE_MINUS_BETA1 * gradient;
  let v = BETA2 * moment2[at] + ONE_MINUS_BETA2 * gradient * gradient;
  moment1[at] = m;
  moment2[at] = v;
  parameters[at] -= work.rate * m / (sqrt(v * work.correction) + EPSILON);
}
