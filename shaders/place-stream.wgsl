// Where a sample of the slice lies, where the list of points is streamed: the CPU sent the coordinates of the submit in order. What
// rounding put beyond [-1, 1] is taken for the border. CPU twin: src-engine/webgpu/stream.ts.
@group(1) @binding(PLACE_BINDING) var<storage, read> places: array<f32>;

fn placeOf(sample: u32) -> vec4f {
  var place = vec4f();
  for (var axis = 0u; axis < INPUTS; axis++) {
    place[axis] = clamp(places[(work.targets + sample) * INPUTS + axis], -1.0, 1.0);
  }
  return place;
}
