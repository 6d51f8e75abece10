// Linear head: the sample 0.5 + 0.5 z, not clamped, and its derivative. CPU twin: headSample in src-core/field/activation.ts.
struct Activated {
  value: f32,
  slope: f32,
}

fn activated(z: f32) -> Activated {
  return Activated(0.5 + 0.5 * z, 0.5);
}
