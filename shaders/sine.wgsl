// Sine and cosine that are right on every adapter: WGSL bounds the built-in ones only in [-pi, pi], and implementations do stray.
// CPU twin: Math.sin and Math.cos; within 3e-7 to +-1000 radians.
// The argument is reduced to [-pi/2, pi/2] by the nearest multiple k of pi, taken off in three parts of which the first two have so
// few bits (8 and 10) that k times them is exact up to k = 2^14 (Cody and Waite 1980). The polynomials are least-maximum
// fits on the reduced range, error 5e-9 (sine) and 3e-10 (cosine) before rounding.
struct SineCosine {
  sine: f32,
  cosine: f32,
}

fn sineCosineReduced(r: f32, halfTurns: f32) -> SineCosine {
  let s = r * r;
  let sine = r + r * s * (-0.16666656732559204 + s * (0.008333017118275166 + s * (-0.00019806587079074234 + s * 0.0000025999934223364107)));
  let cosine = 1.0 + s * (-0.5 + s * (0.04166664183139801 + s * (-0.0013888404937461019
    + s * (0.000024761924578342587 - s * 0.00000026077682946379355))));
  // Every odd half turn changes both signs.
  let sign = 1.0 - 2.0 * f32(i32(halfTurns) & 1);
  return SineCosine(sign * sine, sign * cosine);
}

fn sineCosineRadians(x: f32) -> SineCosine {
  let k = round(x * 0.3183098861837907);
  let r = ((x - k * 3.140625) - k * 0.0009679794311523438) + k * 3.2584136988589307e-7;
  return sineCosineReduced(r, k);
}

// The same of pi * x; the reduction is exact.
fn sineCosineHalfTurns(x: f32) -> SineCosine {
  let k = round(x);
  return sineCosineReduced((x - k) * 3.141592653589793, k);
}
