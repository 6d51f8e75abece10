// Heads whose sample is logistic(HEAD_GAIN z): sigmoid (gain 1) and tanh (gain 2, for 0.5 + 0.5 tanh(z) = logistic(2 z)), and the
// derivative by z. CPU twin: headSample in src-core/field/activation.ts. Only exp of negative numbers is taken, and
// s (1 - s) = e / (1 + e)^2 has no difference of near-equal numbers.
struct Activated {
  value: f32,
  slope: f32,
}

fn activated(z: f32) -> Activated {
  let x = HEAD_GAIN * z;
  let e = exp(-min(abs(x), 80.0));
  let larger = 1.0 / (1.0 + e);
  return Activated(select(e * larger, larger, x >= 0.0), HEAD_GAIN * e * larger * larger);
}
