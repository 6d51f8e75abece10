// The coordinates themselves. CPU twin: encodePoint in src-engine/reference.ts.
fn encodedFeature(point: vec4f, feature: u32) -> f32 {
  return point[feature];
}
