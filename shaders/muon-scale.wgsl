// Second part of Muon: directions over their matrix's Frobenius norm. CPU twin: orthogonalized in src-core/fit/optimizer.ts.
@group(1) @binding(0) var<storage, read> squares: array<f32>;
@group(1) @binding(1) var<storage, read_write> directions: array<f32>;

alias Summand = f32;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let workgroup = groupNumber(group, groups);
  let matrix = workgroup / MATRIX_GROUPS;
  var sum = 0.0;
  for (var i = local; i < MATRIX_GROUPS; i += 256u) {
    sum += squares[matrix * MATRIX_GROUPS + i];
  }
  let whole = workgroupSum(local, sum);
  let element = workgroup % MATRIX_GROUPS * 256u + local;
  if (element < HIDDEN_WEIGHTS) {
    directions[matrix * HIDDEN_WEIGHTS + element] /= sqrt(whole) + NORM_EPSILON;
  }
}
