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
  var own = vec2f();
  for (var item = 0u; item < LOSS_ITEMS; item++) {
    let index = (number * LOSS_ITEMS + item) * 256u + local;
    if (index >= work.count * OUTPUTS) {
      break;
    }
    let sample = activated(head[index]);
    let goal = targetOf(index / OUTPUTS, index % OUTPUTS);
    let loss = sampleLoss(sample.value, goal);
    head[index] = loss.slope * sample.slope * domain.lossScale;
    own += vec2f(loss.loss, (sample.value - goal) * (sample.value - goal));
  }
  sums[local] = own;
  // Two turns of sixteen: each barrier of a tree would cost software adapters as much as the losses themselves.
  workgroupBarrier();
  if (local < 16u) {
    for (var other = local + 16u; other < 256u; other += 16u) {
      own += sums[other];
    }
    sums[local] = own;
  }
  workgroupBarrier();
  if (local == 0u && number < domain.lossGroups) {
    for (var other = 1u; other < 16u; other++) {
      own += sums[other];
    }
    losses[work.slot * domain.lossGroups + number] = own;
  }
}
