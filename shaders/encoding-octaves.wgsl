// NeRF octaves: [x,] then for each octave k and axis i: sin(2^k pi x_i), cos(2^k pi x_i). CPU twin: encodePoint in
// src-engine/reference.ts. 2^k x is exact, so the phase is formed in half-turns.
fn encodedFeature(point: vec4f, feature: u32) -> f32 {
  const first = select(0u, INPUTS, INCLUDE_INPUT);
  if (feature < first) {
    return point[feature];
  }
  let number = feature - first;
  let octave = number / (2u * INPUTS);
  let axis = (number / 2u) % INPUTS;
  let value = sineCosineHalfTurns(point[axis] * f32(1u << octave));
  return select(value.sine, value.cosine, (number & 1u) == 1u);
}
