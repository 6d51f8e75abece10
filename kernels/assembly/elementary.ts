/**
 * Elementary functions of four lanes for the trainer; not those of the exact decoder, which fixes every rounding.
 */

// @ts-ignore: decorator
@inline
function splat(value: f32): v128 {
  return f32x4.splat(value);
}

/**
 * exp(x), relative error below 2e-7; exactly 0 below -87.33, where float32 has no normal numbers left; exp(88) above 88.
 *
 * x = n ln 2 + r with n the nearest integer of x / ln 2 (Cody and Waite 1980): ln 2 in two parts, the first of so few bits that its
 * product with n is exact; exp(r) by the polynomial of Cephes expf (Moshier 1992); 2^n put together from its bits.
 */
// @ts-ignore: decorator
@inline
export function exponential(x: v128): v128 {
  const within = f32x4.pmin(x, splat(88));
  // Adding 1.5 * 2^23 rounds to an integer, which then stands in the lowest bits.
  const magic = splat(12582912);
  const shifted = f32x4.add(f32x4.mul(within, splat(1.4426950408889634)), magic);
  const n = f32x4.sub(shifted, magic);
  const r = f32x4.sub(f32x4.sub(within, f32x4.mul(n, splat(0.693359375))), f32x4.mul(n, splat(-2.12194440e-4)));
  let p = splat(1.9875691500e-4);
  p = f32x4.add(f32x4.mul(p, r), splat(1.3981999507e-3));
  p = f32x4.add(f32x4.mul(p, r), splat(8.3334519073e-3));
  p = f32x4.add(f32x4.mul(p, r), splat(4.1665795894e-2));
  p = f32x4.add(f32x4.mul(p, r), splat(1.6666665459e-1));
  p = f32x4.add(f32x4.mul(p, r), splat(5.0000001201e-1));
  p = f32x4.add(f32x4.add(f32x4.mul(p, f32x4.mul(r, r)), r), splat(1));
  const power = i32x4.add(i32x4.shl(shifted, 23), i32x4.splat(0x3f800000));
  return v128.andnot(f32x4.mul(p, power), f32x4.lt(x, splat(-87.33)));
}

/** 1 / (1 + exp(-x)), without overflow on either side. */
// @ts-ignore: decorator
@inline
export function logistic(x: v128): v128 {
  const e = exponential(f32x4.neg(f32x4.abs(x)));
  const d = f32x4.div(splat(1), f32x4.add(splat(1), e));
  return v128.bitselect(d, f32x4.mul(e, d), f32x4.ge(x, splat(0)));
}
