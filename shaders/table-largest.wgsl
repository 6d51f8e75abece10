// The largest absolute value among the gradients of a slice's features, one partial result a workgroup. Not a number and infinity come
// out as the largest bit patterns. CPU twin: none; table-scatter.wgsl says what for.
@group(1) @binding(0) var<storage, read> gradients: array<u32>;
@group(1) @binding(1) var<storage, read_write> partials: array<u32>;

var<workgroup> largest: array<u32, 256>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let count = work.count * LEVELS * GRID_FEATURES;
  var own = 0u;
  for (var at = group.x * 256u + local; at < count; at += 256u * LARGEST_GROUPS) {
    own = max(own, gradients[at] & 0x7fffffffu);
  }
  largest[local] = own;
  for (var stride = 128u; stride > 0u; stride /= 2u) {
    workgroupBarrier();
    if (local < stride) {
      largest[local] = max(largest[local], largest[local + stride]);
    }
  }
  if (local == 0u) {
    partials[group.x] = largest[0];
  }
}
