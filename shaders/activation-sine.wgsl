// Sine layer: sin(omega z) and its derivative by z. CPU twin: activate in src-core/field/activation.ts.
struct Activated {
  value: f32,
  slope: f32,
}

fn activated(z: f32) -> Activated {
  let value = sineCosineRadians(OMEGA * z);
  return Activated(value.sine, OMEGA * value.cosine);
}
