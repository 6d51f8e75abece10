// The head while evaluating: the sample 0.5 + 0.5 z, not clamped. CPU twin: referenceSample in src-engine/reference.ts.
struct Activated {
  value: f32,
  slope: f32,
}

fn activated(z: f32) -> Activated {
  return Activated(0.5 + 0.5 * z, 0.5);
}
