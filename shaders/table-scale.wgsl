// The scale of a slice's fixed-point sums, from the largest gradient m: the power of two with 2^24 <= m scale < 2^25, and its
// inverse; smaller where m is below 2^-76, since both have to be normal numbers. Where m is not finite both are 0: the fit has diverged,
// and the dense layers show it. table-scatter.wgsl says what for.
@group(1) @binding(0) var<storage, read> partials: array<u32>;
@group(1) @binding(1) var<storage, read_write> scale: array<f32, 2>;

var<workgroup> largest: array<u32, LARGEST_GROUPS>;

@compute @workgroup_size(LARGEST_GROUPS)
fn main(@builtin(local_invocation_index) local: u32) {
  largest[local] = partials[local];
  for (var stride = LARGEST_GROUPS / 2u; stride > 0u; stride /= 2u) {
    workgroupBarrier();
    if (local < stride) {
      largest[local] = max(largest[local], largest[local + stride]);
    }
  }
  if (local == 0u) {
    let exponent = i32(largest[0] >> 23u) - 127;
    let shift = clamp(24 - exponent, -103, 100);
    let finite = exponent < 128;
    scale[0] = select(0.0, bitcast<f32>(u32(127 + shift) << 23u), finite);
    scale[1] = select(0.0, bitcast<f32>(u32(127 - shift) << 23u), finite);
  }
}
