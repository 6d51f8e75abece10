// Gabor layer: cos(omega z) exp(-(scale z)^2) and its derivative. CPU twin: activate in src-core/field/activation.ts.
// The envelope is 0 where it is below 1e-37.
struct Activated {
  value: f32,
  slope: f32,
}

fn activated(z: f32) -> Activated {
  let high = leadingBits(z);
  let phase = sineCosineOfProduct(high, z - high);
  let decay = GABOR_SQUARE * z * z;
  if (decay >= 85.0) {
    return Activated(0.0, 0.0);
  }
  let envelope = exp(-decay);
  return Activated(phase.cosine * envelope, -envelope * (OMEGA * phase.sine + 2.0 * GABOR_SQUARE * z * phase.cosine));
}
