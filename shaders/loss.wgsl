// Loss of a slice and the head's delta: with y = 0.5 + 0.5 z and target t, the loss is the mean of (y - t)^2 over batch and
// channels, so the delta is (y - t) / (batch * channels). The delta is written over z. CPU twin: the loss of
// src-engine/reference.ts. Raw samples lie packed in words, little end first.
@group(1) @binding(0) var<storage, read_write> head: array<f32>;
@group(1) @binding(1) var<storage, read> data: array<u32>;
@group(1) @binding(2) var<storage, read_write> losses: array<f32>;

const PER_WORD = 4u / SAMPLE_BYTES;
const BITS = 8u * SAMPLE_BYTES;

var<workgroup> squares: array<f32, 256>;

fn targetSample(at: u32) -> f32 {
  let word = data[at / PER_WORD];
  return f32(extractBits(word, at % PER_WORD * BITS, BITS)) / SAMPLE_MAXIMUM;
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let number = groupNumber(group, groups);
  let index = number * 256u + local;
  var square = 0.0;
  if (index < work.count * OUTPUTS) {
    let point = pointOf(index / OUTPUTS);
    let difference = 0.5 + 0.5 * head[index] - targetSample(point * OUTPUTS + index % OUTPUTS);
    head[index] = difference * domain.lossScale;
    square = difference * difference;
  }
  squares[local] = square;
  for (var stride = 128u; stride > 0u; stride /= 2u) {
    workgroupBarrier();
    if (local < stride) {
      squares[local] += squares[local + stride];
    }
  }
  if (local == 0u && number < domain.lossGroups) {
    losses[work.slot * domain.lossGroups + number] = squares[0];
  }
}
