// First part of Muon: the momentum of the hidden matrices and, from it, the Nesterov direction that is to be orthogonalized; formulas in
// src-core/fit/optimizer.ts. MATRIX_GROUPS workgroups a matrix, each leaves its sum of squares for the Frobenius norm.
// CPU twin: referenceUpdate in src-engine/reference.ts.
@group(1) @binding(1) var<storage, read_write> moment1: array<f32>;
@group(1) @binding(2) var<storage, read_write> directions: array<f32>;
@group(1) @binding(3) var<storage, read_write> squares: array<f32>;

alias Summand = f32;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let workgroup = groupNumber(group, groups);
  let matrix = workgroup / MATRIX_GROUPS;
  let element = workgroup % MATRIX_GROUPS * 256u + local;
  var direction = 0.0;
  if (element < HIDDEN_WEIGHTS) {
    let number = FIRST_LAYER + matrix * HIDDEN_LAYER + element;
    let at = DENSE_FIRST + number;
    let gradient = ONE_MINUS_MOMENTUM * gradientAt(number);
    let m = MOMENTUM * moment1[at] + gradient;
    moment1[at] = m;
    direction = gradient + MOMENTUM * m;
    directions[matrix * HIDDEN_WEIGHTS + element] = direction;
  }
  let whole = workgroupSum(local, direction * direction);
  if (local == 0u) {
    squares[workgroup] = whole;
  }
}
