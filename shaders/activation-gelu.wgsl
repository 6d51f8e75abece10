// GELU layer, tanh form: z logistic(2 GELU_SCALE (z + GELU_CUBIC z^3)) and its derivative. CPU twin: activate in
// src-core/field/activation.ts. Beyond +-10 the logistic is 0 or 1 in float32, so z is clamped there and exp cannot overflow.
struct Activated {
  value: f32,
  slope: f32,
}

fn activated(z: f32) -> Activated {
  let c = clamp(z, -10.0, 10.0);
  let x = 2.0 * GELU_SCALE * (c + GELU_CUBIC * c * c * c);
  let e = exp(-abs(x));
  let larger = 1.0 / (1.0 + e);
  let gate = select(e * larger, larger, x >= 0.0);
  let gateSlope = 2.0 * GELU_SCALE * (1.0 + 3.0 * GELU_CUBIC * c * c) * e * larger * larger;
  return Activated(z * gate, gate + c * gateSlope);
}
