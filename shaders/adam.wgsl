// One step of Adam with decoupled weight decay, one thread a dense parameter; formulas in src-core/fit/optimizer.ts.
// CPU twin: referenceUpdate in src-engine/reference.ts. The bias corrections come from the CPU: 1 - beta^t cancels in float32.
@group(1) @binding(1) var<storage, read_write> parameters: array<f32>;
@group(1) @binding(2) var<storage, read_write> moment1: array<f32>;
@group(1) @binding(3) var<storage, read_write> moment2: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let number = groupNumber(group, groups) * 64u + local;
  if (number >= DENSE || (LEAVES_HIDDEN && isHiddenMatrix(number))) {
    return;
  }
  let at = DENSE_FIRST + number;
  let gradient = gradientAt(number);
  let m = BETA1 * moment1[at] + ONE_MINUS_BETA1 * gradient;
  let v = BETA2 * moment2[at] + ONE_MINUS_BETA2 * gradient * gradient;
  moment1[at] = m;
  moment2[at] = v;
  let value = parameters[at];
  let decay = select(0.0, work.decay * value, DECAYS && isWeight(number));
  settle(at, value - (work.rate * m / (sqrt(v * work.correction) + EPSILON) + decay));
}
