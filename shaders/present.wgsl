// Shows a slice of evaluated samples as texels: grey goes to red, green and blue, the second of two or the fourth channel to
// alpha, which is 1 where there is none. CPU twin: expected texels in src-engine/webgpu/present.test.ts.
@group(1) @binding(0) var<storage, read> samples: array<f32>;
@group(1) @binding(1) var picture: texture_storage_2d<rgba16float, write>;

fn texel(at: u32) -> vec4f {
  if (OUTPUTS == 1u) {
    return vec4f(vec3f(samples[at]), 1.0);
  }
  if (OUTPUTS == 2u) {
    return vec4f(vec3f(samples[at]), samples[at + 1u]);
  }
  let color = vec3f(samples[at], samples[at + 1u], samples[at + 2u]);
  if (OUTPUTS == 3u) {
    return vec4f(color, 1.0);
  }
  return vec4f(color, samples[at + 3u]);
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let sample = groupNumber(group, groups) * 256u + local;
  if (sample >= work.count) {
    return;
  }
  let point = work.start + sample;
  textureStore(picture, vec2u(point % domain.extent.x, point / domain.extent.x), texel(sample * OUTPUTS));
}
