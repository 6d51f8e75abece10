// FINER layer: sin(omega (|z| + 1) z) and its derivative. CPU twin: activate in src-core/field/activation.ts.
// q = z + z |z| is kept in two numbers. high = its leading 12 bits; the square of z's leading 12 bits is exact, and so is each
// of the two differences below, by cancellation.
struct Activated {
  value: f32,
  slope: f32,
}

fn activated(z: f32) -> Activated {
  let high = leadingBits(z + z * abs(z));
  let a = leadingBits(z);
  let b = z - a;
  let low = ((a - high) + a * abs(a)) + (b + b * abs(a + z));
  let value = sineCosineOfProduct(high, low);
  return Activated(value.sine, OMEGA * (2.0 * abs(z) + 1.0) * value.cosine);
}
