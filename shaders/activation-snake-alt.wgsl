// SnakeAlt layer: z / 2 + sin^2(z) and its derivative 1 / 2 + sin(2 z). CPU twin: activate in src-core/field/activation.ts.
struct Activated {
  value: f32,
  slope: f32,
}

fn activated(z: f32) -> Activated {
  let phase = sineCosineRadians(z);
  return Activated(0.5 * z + phase.sine * phase.sine, 0.5 + 2.0 * phase.sine * phase.cosine);
}
