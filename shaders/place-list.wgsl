// Where a sample of the slice lies: as a list of points says, INPUTS coordinates each. What rounding put beyond [-1, 1] is taken for the
// border. CPU twin: dataCoordinates in src-engine/reference.ts.
@group(1) @binding(PLACE_BINDING) var<storage, read> places: array<f32>;

fn placeOf(sample: u32) -> vec4f {
  let point = pointOf(sample);
  var place = vec4f();
  for (var axis = 0u; axis < INPUTS; axis++) {
    place[axis] = clamp(places[point * INPUTS + axis], -1.0, 1.0);
  }
  return place;
}
