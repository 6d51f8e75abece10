// Adam (Kingma and Ba 2015, algorithm 1) over the tables of a grid, one thread a number. A number whose gradient is 0 is left alone, its
// moments too: most vectors of a table are not seen in a step; its average goes on. CPU twin: the update of src-engine/reference.ts.
@group(1) @binding(2) var<storage, read_write> parameters: array<f32>;
@group(1) @binding(3) var<storage, read_write> moment1: array<f32>;
@group(1) @binding(4) var<storage, read_write> moment2: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let at = groupNumber(group, groups) * 64u + local;
  if (at >= TABLE_NUMBERS) {
    return;
  }
  let gradient = takeSum(at);
  let value = parameters[at];
  if (gradient == 0.0) {
    if (AVERAGES) {
      settle(at, value);
    }
    return;
  }
  let m = BETA1 * moment1[at] + ONE_MINUS_BETA1 * gradient;
  let v = BETA2 * moment2[at] + ONE_MINUS_BETA2 * gradient * gradient;
  moment1[at] = m;
  moment2[at] = v;
  settle(at, value - work.rate * m / (sqrt(v * work.correction) + EPSILON));
}
