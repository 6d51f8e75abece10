/**
 * Elementary functions of four lanes for the trainer; not those of the exact decoder, which fixes every rounding.
 *
 * Constants are spread from memory, one instruction each: V8 puts a vector constant together from four or five, every time.
 */
import { madd } from './fused';

/** 88, 1.5 * 2^23, 1 / ln 2, ln 2 in two parts, the polynomial of exp from its highest power, 1, -87.33. */
const EXPONENTIAL: usize = memory.data<f32>([
  88, 12582912, 1.4426950408889634, 0.693359375, -2.1219444e-4,
  1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1, 1, -87.33,
]);
const HALF: usize = memory.data<f32>([0.5]);
/** Coefficients of sin(pi r) / r in r^2, highest first: those of src-core/coding/exact-math.ts. */
const SINE: usize = memory.data<f32>([0.07802040874958038, -0.5985170006752014, 2.55012583732605, -5.1677141189575195, 3.1415927410125732]);
/** Coefficients of cos(pi r) in r^2, highest first: least largest error by the Remez exchange, 4.7e-8. */
const COSINE: usize = memory.data<f32>([0.21969679810265408, -1.3318801611749775, 4.0584119142052195, -4.9347928586823, 0.9999999534667598]);
/** 1.5 * 2^52: adding it to a float64 rounds to an integer, whose lowest bits are then those of the sum. */
const ROUND: usize = memory.data<f64>([6755399441055744]);

/**
 * exp(x), relative error below 2e-7; exactly 0 below -87.33, where float32 has no normal numbers left; exp(88) above 88.
 *
 * x = n ln 2 + r with n the nearest integer of x / ln 2 (Cody and Waite 1980): ln 2 in two parts, the first of so few bits that its
 * product with n is exact; exp(r) by the polynomial of Cephes expf (Moshier 1992); 2^n put together from its bits.
 */
// @ts-ignore: decorator
@inline
export function exponential(x: v128): v128 {
  const within = f32x4.pmin(x, v128.load32_splat(EXPONENTIAL));
  // Adding 1.5 * 2^23 rounds to an integer, which then stands in the lowest bits.
  const magic = v128.load32_splat(EXPONENTIAL, 4);
  const shifted = madd(within, v128.load32_splat(EXPONENTIAL, 8), magic);
  const n = f32x4.sub(shifted, magic);
  const r = f32x4.sub(f32x4.sub(within, f32x4.mul(n, v128.load32_splat(EXPONENTIAL, 12))), f32x4.mul(n, v128.load32_splat(EXPONENTIAL, 16)));
  // Even and odd powers apart (Estrin): a shorter chain of operations that wait for each other.
  const u = f32x4.mul(r, r);
  const high = madd(v128.load32_splat(EXPONENTIAL, 20), r, v128.load32_splat(EXPONENTIAL, 24));
  const middle = madd(v128.load32_splat(EXPONENTIAL, 28), r, v128.load32_splat(EXPONENTIAL, 32));
  const low = madd(v128.load32_splat(EXPONENTIAL, 36), r, v128.load32_splat(EXPONENTIAL, 40));
  const q = madd(madd(high, u, middle), u, low);
  const one = v128.load32_splat(EXPONENTIAL, 44);
  const p = f32x4.add(madd(q, u, r), one);
  // The bits of 1 hold the exponent of 2^0.
  const power = i32x4.add(i32x4.shl(shifted, 23), one);
  return v128.andnot(f32x4.mul(p, power), f32x4.lt(x, v128.load32_splat(EXPONENTIAL, 48)));
}

/** 1 / (1 + exp(-x)), without overflow on either side. */
// @ts-ignore: decorator
@inline
export function logistic(x: v128): v128 {
  const e = exponential(f32x4.neg(f32x4.abs(x)));
  const one = v128.load32_splat(EXPONENTIAL, 44);
  const d = f32x4.div(one, f32x4.add(one, e));
  return v128.bitselect(d, f32x4.mul(e, d), f32x4.ge(x, f32x4.splat(0)));
}

/**
 * h - nearest(h) of four numbers of half-turns, as float32. `low` and `high` hold them as float64, so that phases of many turns keep
 * their fraction. Beyond 2^51, where there is none, the result is some number of [-1/2, 1/2].
 */
// @ts-ignore: decorator
@inline
export function fraction(low: v128, high: v128): v128 {
  const magic = v128.load64_splat(ROUND);
  const a = f32x4.demote_f64x2_zero(f64x2.sub(low, f64x2.sub(f64x2.add(low, magic), magic)));
  const b = f32x4.demote_f64x2_zero(f64x2.sub(high, f64x2.sub(f64x2.add(high, magic), magic)));
  const half = v128.load32_splat(HALF);
  return f32x4.pmin(f32x4.pmax(v128.shuffle<f64>(a, b, 0, 2), f32x4.neg(half)), half);
}

/** The sign bit that sine and cosine of the fraction are to be flipped by: nearest(h) is odd. */
// @ts-ignore: decorator
@inline
export function parity(low: v128, high: v128): v128 {
  const magic = v128.load64_splat(ROUND);
  return i32x4.shl(v128.shuffle<i32>(f64x2.add(low, magic), f64x2.add(high, magic), 0, 2, 4, 6), 31);
}

/** sin(pi r) for |r| <= 1/2: the polynomial of src-core/coding/exact-math.ts, absolute error below 2e-7. */
// @ts-ignore: decorator
@inline
export function sineOf(r: v128): v128 {
  const u = f32x4.mul(r, r);
  const high = madd(v128.load32_splat(SINE), u, v128.load32_splat(SINE, 4));
  const low = madd(v128.load32_splat(SINE, 8), u, v128.load32_splat(SINE, 12));
  const p = madd(madd(high, f32x4.mul(u, u), low), u, v128.load32_splat(SINE, 16));
  return f32x4.mul(p, r);
}

/** cos(pi r) for |r| <= 1/2, least largest error by the Remez exchange; with roundings below 2e-7. */
// @ts-ignore: decorator
@inline
export function cosineOf(r: v128): v128 {
  const u = f32x4.mul(r, r);
  const high = madd(v128.load32_splat(COSINE), u, v128.load32_splat(COSINE, 4));
  const low = madd(v128.load32_splat(COSINE, 8), u, v128.load32_splat(COSINE, 12));
  return madd(madd(high, f32x4.mul(u, u), low), u, v128.load32_splat(COSINE, 16));
}

/** Sum of four lanes as float64. */
// @ts-ignore: decorator
@inline
export function sumOfLanes(values: v128): f64 {
  const pairs = f64x2.add(f64x2.promote_low_f32x4(values), f64x2.promote_low_f32x4(v128.shuffle<f64>(values, values, 1, 1)));
  return f64x2.extract_lane(pairs, 0) + f64x2.extract_lane(pairs, 1);
}

/** Sum of `bytes` of float64 numbers. */
export function sumOf(at: usize, bytes: usize): f64 {
  let sum: f64 = 0;
  for (const end = at + bytes; at < end; at += 8) sum += load<f64>(at);
  return sum;
}
