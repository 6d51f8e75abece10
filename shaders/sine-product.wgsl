// Sine and cosine of omega q where rounding the product would show: at a phase of 500 float32 numbers lie 6e-5 apart. CPU twin:
// Math.sin and Math.cos of the product in float64; within 1e-6 to +-10000 radians.
// The phase is formed in half-turns. omega / pi = TURNS_HIGH + TURNS_LOW and q = high + low, the high parts with 12 leading bits:
// their product is exact, so its whole half-turns come off without loss, and the other products are 2^-11 of it and less.
// Bits are cut off by a mask, which no compiler takes for an expression that it may simplify.
fn leadingBits(x: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(x) & 0xfffff000u);
}

// `high` has at most 12 leading bits.
fn sineCosineOfProduct(high: f32, low: f32) -> SineCosine {
  let coarse = TURNS_HIGH * high;
  let whole = round(coarse);
  let rest = (coarse - whole) + (TURNS_HIGH * low + TURNS_LOW * (high + low));
  let more = round(rest);
  return sineCosineReduced((rest - more) * 3.141592653589793, whole + more);
}
