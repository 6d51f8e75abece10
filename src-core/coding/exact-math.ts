/**
 * The arithmetic of the normative synthesis (docs/FORMAT.md, "Synthesis"): every operation is an IEEE 754 binary32 operation
 * rounded to nearest even, in the order written here, without fused multiply-add. That makes the decoded samples the same on
 * every machine and in every implementation; a WebAssembly SIMD twin must hash-match this file.
 *
 * Why Math.fround around each operation is enough: a double product of two float32 numbers is exact, and for +, - and x the
 * detour over 53 bits never changes the result of rounding to 24 bits, since 53 >= 2 * 24 + 2 (Figueroa 1995).
 *
 * Sines work in half-turns, sin(pi h): the range reduction h - round(h) is then exact, and no approximation of pi is
 * subtracted. On [-1/2, 1/2] the sine is an odd polynomial of degree 9, fitted here to the least largest absolute error with
 * the coefficients fixed to float32 one after the other: 7.6e-9 as a real polynomial, 1.8e-7 with all roundings.
 *
 * The sign of a zero never decides anything: no division by a value that can be 0, no comparison that tells -0 from +0.
 */
const { fround } = Math;

/**
 * sin(pi r) = r * (c[0] + c[1] u + c[2] u^2 + c[3] u^3 + c[4] u^4), u = r^2. Each number is exactly a float32 (bits in
 * docs/FORMAT.md).
 */
export const SINE_COEFFICIENTS: readonly number[] = Object.freeze([
  3.1415927410125732, -5.1677141189575195, 2.55012583732605, -0.5985170006752014, 0.07802040874958038,
].map(fround));

/** Named once here, so that the inner loop reads constants and no array. */
const [c0, c1, c2, c3, c4] = SINE_COEFFICIENTS as readonly [number, number, number, number, number];

/** float32(1 / pi), 0x3ea2f983. */
export const INVERSE_PI = fround(0.31830987334251404);

/** From here on every float32 is an integer: the remainder of the range reduction is 0. */
const ALL_INTEGERS = 8388608;

/** 1.5 * 2^52: adding and subtracting it in doubles rounds to the nearest integer, ties to even. */
const ROUNDING_CONSTANT = 6755399441055744;

/** Nearest integer, ties to even, of a float32 number; NaN and infinities stay (f32x4.nearest in WebAssembly). */
export function roundHalfEven(value: number): number {
  return Math.abs(value) < ALL_INTEGERS ? value + ROUNDING_CONSTANT - ROUNDING_CONSTANT : value;
}

/**
 * sin(pi h) of a float32 number of half-turns.
 *
 *     t = nearest(h)           r = h - t                        (exact)
 *     odd = t - 2 * floor(t * 0.5)                              (exact: 0 or 1)
 *     u = r * r                p = ((((c4 * u + c3) * u + c2) * u + c1) * u + c0) * r
 *     result = (1 - 2 * odd) * p                                (exact)
 *
 * Infinities and NaN give NaN.
 */
export function sinHalfTurns(h: number): number {
  const t = roundHalfEven(h);
  const r = h - t;
  const u = fround(r * r);
  let p = fround(fround(c4 * u) + c3);
  p = fround(fround(p * u) + c2);
  p = fround(fround(p * u) + c1);
  p = fround(fround(p * u) + c0);
  p = fround(p * r);
  return t - 2 * Math.floor(t * 0.5) === 1 ? -p : p;
}

/** cos(pi h) = sinHalfTurns(h + 0.5), the sum rounded. */
export function cosHalfTurns(h: number): number {
  return sinHalfTurns(fround(h + 0.5));
}

/**
 * 2^f = 1 + f * (e[1] + e[2] f + ... + e[6] f^5) on [-1/2, 1/2], fitted to the least largest relative error with the coefficients fixed to
 * float32 one after the other: 6.3e-9 as a real polynomial, 9e-8 with all roundings. 1 at 0, so that 2^t is exact for integers.
 */
export const EXP2_COEFFICIENTS: readonly number[] = Object.freeze([
  1, 0.6931471824645996, 0.24022650718688965, 0.055503636598587036, 0.009617907926440239, 0.0013389158993959427, 0.00015529469237662852,
].map(fround));

const [, e1, e2, e3, e4, e5, e6] = EXP2_COEFFICIENTS as readonly [number, number, number, number, number, number, number];

/** Below this power of two results are 0, so that none is subnormal. */
const LEAST_EXPONENT = -126;

/** 2^n for n = -126 ... 0. */
const POWERS = Float32Array.from({ length: 1 - LEAST_EXPONENT }, (_, i) => 2 ** (i + LEAST_EXPONENT));

/**
 * 2^t of a float32 number t <= 0. Exponentials work in powers of two for the reason that sines work in half-turns: the range reduction
 * is exact.
 *
 *     0 where t < -126
 *     n = nearest(t)           f = t - n                        (exact)
 *     p = (((((e6 * f + e5) * f + e4) * f + e3) * f + e2) * f + e1) * f + 1
 *     result = p * 2^n                                          (exact: p >= 1 where n = -126)
 *
 * NaN gives NaN. No other t occurs: arguments are negated squares and absolute values.
 */
export function exp2(t: number): number {
  if (t < LEAST_EXPONENT) return 0;
  const n = roundHalfEven(t);
  const f = t - n;
  let p = fround(fround(e6 * f) + e5);
  p = fround(fround(p * f) + e4);
  p = fround(fround(p * f) + e3);
  p = fround(fround(p * f) + e2);
  p = fround(fround(p * f) + e1);
  p = fround(fround(p * f) + 1);
  return p * (POWERS[n - LEAST_EXPONENT] ?? NaN);
}

/**
 * Factor that turns the pre-activation z of a sine layer into half-turns: sin(omega z) = sin(pi (z * sineScale(omega))).
 * One product of two float32 numbers: float32(omega) * INVERSE_PI.
 */
export function sineScale(omega: number): number {
  return fround(fround(omega) * INVERSE_PI);
}

/**
 * h of the head (exact-activations.ts) -> stored sample in [0, maximum]: half * h + half with half = maximum / 2 (127.5
 * or 32767.5, both exact), product and sum rounded; NaN becomes 0; clamped to [0, maximum]; rounded to nearest, ties to even.
 */
export function sampleOf(h: number, maximum: number): number {
  const half = maximum / 2;
  const value = fround(fround(half * h) + half);
  const notBelow = value > 0 ? value : 0; // false for NaN
  return roundHalfEven(notBelow < maximum ? notBelow : maximum);
}
