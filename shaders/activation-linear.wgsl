// The head while training: z itself.
struct Activated {
  value: f32,
  slope: f32,
}

fn activated(z: f32) -> Activated {
  return Activated(z, 1.0);
}
