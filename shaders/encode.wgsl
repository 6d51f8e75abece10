// Features of a slice of samples, [sample][feature], one thread a feature. CPU twin: encodePoint in src-engine/reference.ts.
@group(1) @binding(0) var<storage, read_write> features: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let index = groupNumber(group, groups) * 256u + local;
  if (index >= work.count * FEATURES) {
    return;
  }
  features[index] = encodedFeature(placeOf(index / FEATURES), index % FEATURES);
}
