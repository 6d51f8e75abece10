/**
 * GELU, Gaussian and the waves that are not plain sines, over rows of sums: in place the values, to `slope` the derivatives by the sum.
 * Definitions: src-core/field/activation.ts. `bytes` is a multiple of 16.
 *
 * Unlike those of a sine layer these sums are the network's own z, nothing is folded into the weights. Phases are formed in
 * float64 from the float32 sum: a phase of hundreds of turns, which FINER's square makes of a sum of 10, would else have lost the
 * fraction that the sine is about.
 */
import { cosineOf, exponential, fraction, parity, sineOf } from './elementary';
import { madd } from './fused';

// @ts-ignore: decorator
@inline
function lowHalf(z: v128): v128 {
  return f64x2.promote_low_f32x4(z);
}

// @ts-ignore: decorator
@inline
function highHalf(z: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<f64>(z, z, 1, 1));
}

/** z -> z * logistic(2 sqrt(2 / pi) (z + 0.044715 z^3)). */
export function activateGelu(at: usize, slope: usize, bytes: usize): void {
  const one = f32x4.splat(1);
  const scale = f32x4.splat(1.5957691216057308);
  const cubic = f32x4.splat(0.044715);
  const cubic3 = f32x4.splat(0.134145);
  const end = at + bytes;
  for (; at < end; at += 16) {
    const z = v128.load(at);
    // From |z| = 10 on the logistic is 0 or 1: no square beyond that, which could overflow.
    const square = f32x4.pmin(f32x4.mul(z, z), f32x4.splat(100));
    const inner = f32x4.mul(f32x4.mul(scale, z), f32x4.add(one, f32x4.mul(cubic, square)));
    const e = exponential(f32x4.neg(f32x4.abs(inner)));
    const d = f32x4.div(one, f32x4.add(one, e));
    const rest = f32x4.mul(e, d);
    const share = v128.bitselect(d, rest, f32x4.ge(z, f32x4.splat(0)));
    const change = f32x4.mul(f32x4.mul(scale, f32x4.add(one, f32x4.mul(cubic3, square))), f32x4.mul(rest, d));
    v128.store(at, f32x4.mul(z, share));
    v128.store(slope, f32x4.add(share, f32x4.mul(z, change)));
    slope += 16;
  }
}

/** z -> exp(rate z^2), rate < 0. */
export function activateGaussian(at: usize, slope: usize, bytes: usize, rate: f32): void {
  const factor = f32x4.splat(rate);
  const end = at + bytes;
  for (; at < end; at += 16) {
    const z = v128.load(at);
    const fz = f32x4.mul(factor, z);
    const value = exponential(f32x4.mul(fz, z));
    v128.store(at, value);
    v128.store(slope, f32x4.mul(f32x4.add(fz, fz), value));
    slope += 16;
  }
}

/** z -> sin(pi turns (|z| + 1) z). */
export function activateFiner(at: usize, slope: usize, bytes: usize, turns: f64): void {
  const rate = f64x2.splat(turns);
  const one = f64x2.splat(1);
  const omega = f32x4.splat(<f32>(turns * Math.PI));
  const omega2 = f32x4.add(omega, omega);
  const end = at + bytes;
  for (; at < end; at += 16) {
    const z = v128.load(at);
    let low = lowHalf(z);
    let high = highHalf(z);
    low = f64x2.mul(f64x2.mul(low, rate), f64x2.add(f64x2.abs(low), one));
    high = f64x2.mul(f64x2.mul(high, rate), f64x2.add(f64x2.abs(high), one));
    const r = fraction(low, high);
    const sign = parity(low, high);
    v128.store(at, v128.xor(sineOf(r), sign));
    v128.store(slope, f32x4.mul(v128.xor(cosineOf(r), sign), madd(omega2, f32x4.abs(z), omega)));
    slope += 16;
  }
}

/** z -> cos(pi turns z) exp(rate z^2), rate < 0. */
export function activateGabor(at: usize, slope: usize, bytes: usize, turns: f64, rate: f32): void {
  const perSum = f64x2.splat(turns);
  const omega = f32x4.splat(<f32>(turns * Math.PI));
  const factor = f32x4.splat(rate);
  const end = at + bytes;
  for (; at < end; at += 16) {
    const z = v128.load(at);
    const low = f64x2.mul(lowHalf(z), perSum);
    const high = f64x2.mul(highHalf(z), perSum);
    const r = fraction(low, high);
    const fz = f32x4.mul(factor, z);
    const envelope = v128.xor(exponential(f32x4.mul(fz, z)), parity(low, high));
    const value = f32x4.mul(cosineOf(r), envelope);
    v128.store(at, value);
    v128.store(slope, f32x4.sub(f32x4.mul(f32x4.add(fz, fz), value), f32x4.mul(f32x4.mul(omega, sineOf(r)), envelope)));
    slope += 16;
  }
}

/** z -> z / 2 + sin^2(z) = z / 2 + (1 - cos(2 z)) / 2. */
export function activateSnake(at: usize, slope: usize, bytes: usize): void {
  const turns = f64x2.splat(2 / Math.PI);
  const half = f32x4.splat(0.5);
  const end = at + bytes;
  for (; at < end; at += 16) {
    const z = v128.load(at);
    const low = f64x2.mul(lowHalf(z), turns);
    const high = f64x2.mul(highHalf(z), turns);
    const r = fraction(low, high);
    const sign = parity(low, high);
    const cosine = v128.xor(cosineOf(r), sign);
    v128.store(at, f32x4.mul(half, f32x4.add(z, f32x4.sub(f32x4.splat(1), cosine))));
    v128.store(slope, f32x4.add(half, v128.xor(sineOf(r), sign)));
    slope += 16;
  }
}
