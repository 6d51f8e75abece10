// Random Fourier features: sin(pi b_j.x) for all j, then cos(pi b_j.x) for all j. CPU twin: encodePoint in
// src-engine/reference.ts; the directions come from fourierMatrix in src-core/field/encoding.ts.
@group(1) @binding(DIRECTIONS_BINDING) var<storage, read> directions: array<f32>;

fn encodedFeature(point: vec4f, feature: u32) -> f32 {
  let direction = feature % FOURIER_FEATURES;
  var phase = 0.0;
  for (var axis = 0u; axis < INPUTS; axis++) {
    phase += directions[direction * INPUTS + axis] * point[axis];
  }
  let value = sineCosineHalfTurns(phase);
  return select(value.sine, value.cosine, feature >= FOURIER_FEATURES);
}
