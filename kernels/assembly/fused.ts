/**
 * The one operation in which the two builds of the trainer differ. Training may round as it likes as long as one machine always
 * rounds alike. The exact decoder may not, so it is built without relaxed SIMD and its own dense layer (product.ts) has no madd.
 */

/** a b + c: rounded once where the build has relaxed SIMD and the processor can, else after the product and after the sum. */
// @ts-ignore: decorator
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** a b + c as product and sum in every build: see dense.ts for when that is faster. */
// @ts-ignore: decorator
@inline
export function apart(a: v128, b: v128, c: v128): v128 {
  return f32x4.add(f32x4.mul(a, b), c);
}
