// ReLU layer: max(0, z) and its derivative, 0 at 0. CPU twin: activate in src-core/field/activation.ts.
struct Activated {
  value: f32,
  slope: f32,
}

fn activated(z: f32) -> Activated {
  return Activated(max(z, 0.0), select(0.0, 1.0, z > 0.0));
}
