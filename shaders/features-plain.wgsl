// All features of one point, into the buffer of a thread's own (network-point.wgsl), of encodings without tables. CPU twin: encodePoint in
// src-engine/reference.ts.
fn encodePoint(point: vec4f) {
  for (var feature = 0u; feature < FEATURES; feature++) {
    values[feature] = encodedFeature(point, feature);
  }
}
