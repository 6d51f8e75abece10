// Last part of Muon: the step along the orthogonalized directions, with decay. CPU twin: referenceUpdate in src-engine/reference.ts.
@group(1) @binding(0) var<storage, read> directions: array<f32>;
@group(1) @binding(1) var<storage, read_write> parameters: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let index = groupNumber(group, groups) * 64u + local;
  if (index >= MATRICES * HIDDEN_WEIGHTS) {
    return;
  }
  let at = DENSE_FIRST + FIRST_LAYER + index / HIDDEN_WEIGHTS * HIDDEN_LAYER + index % HIDDEN_WEIGHTS;
  let value = parameters[at];
  settle(at, value - (work.muonRate * directions[index] + work.muonDecay * value));
}
