// Gaussian layer: exp(-z^2 / (2 sigma^2)) and its derivative. CPU twin: activate in src-core/field/activation.ts.
// 0 where it is below 1e-37.
struct Activated {
  value: f32,
  slope: f32,
}

fn activated(z: f32) -> Activated {
  let decay = 0.5 * GAUSSIAN_INVERSE_SQUARE * z * z;
  if (decay >= 85.0) {
    return Activated(0.0, 0.0);
  }
  let value = exp(-decay);
  return Activated(value, -GAUSSIAN_INVERSE_SQUARE * z * value);
}
