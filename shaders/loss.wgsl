// Loss of a slice and the head's delta: with y = activated(z) the head's sample and t the target, the delta is dloss/dy dy/dz over
// (batch * channels), written over z. A workgroup writes the sums of its losses and of its squared errors. CPU twin: the loss of
// src-engine/reference.ts.
@group(1) @binding(0) var<storage, read_write> head: array<f32>;
@group(1) @binding(2) var<storage, read_write> losses: array<vec2f>;

// Loss and squared error.
var<workgroup> sums: array<vec2f, 256>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let number = groupNumber(group, groups);
  let index = number * 256u + local;
  var own = vec2f();
  if (index < work.count * OUTPUTS) {
    let sample = activated(head[index]);
    let goal = targetOf(index / OUTPUTS, index % OUTPUTS);
    let loss = sampleLoss(sample.value, goal);
    head[index] = loss.slope * sample.slope * domain.lossScale;
    own = vec2f(loss.loss, (sample.value - goal) * (sample.value - goal));
  }
  sums[local] = own;
  for (var stride = 128u; stride > 0u; stride /= 2u) {
    workgroupBarrier();
    if (local < stride) {
      sums[local] += sums[local + stride];
    }
  }
  if (local == 0u && number < domain.lossGroups) {
    losses[work.slot * domain.lossGroups + number] = sums[0];
  }
}
