/**
 * Activations, heads and residual blocks of the normative synthesis on four lanes: the operations of
 * src-core/coding/exact-activations.ts and exact-math.ts in the same order, hence the same bits (docs/FORMAT.md, part 3). Nothing here
 * is shared with the trainer, which rounds as it likes.
 *
 * Two shortcuts that change no bit: adding and subtracting 1.5 * 2^23 is nearest() for the small t of exp2, and leaves the exponent of
 * 2^n in the lowest bits of the sum; where t is below -126 or NaN the result does not depend on it.
 */
import { ActivationKind, LayerSlot, Slot } from '../slots';
import { sinpiRows } from './grid';
import { floatWord, word } from './record';

// @ts-ignore: decorator
@inline
function splat(value: f32): v128 {
  return f32x4.splat(value);
}

/** Horner's rule: p f + c, product and sum rounded. */
// @ts-ignore: decorator
@inline
function horner(p: v128, f: v128, c: f32): v128 {
  return f32x4.add(f32x4.mul(p, f), f32x4.splat(c));
}

/** 2^t for t <= 0; 0 below -126; NaN for NaN. */
// @ts-ignore: decorator
@inline
function exp2(t: v128): v128 {
  const magic = splat(12582912);
  const shifted = f32x4.add(t, magic);
  const f = f32x4.sub(t, f32x4.sub(shifted, magic));
  let p = horner(splat(0.00015529469237662852), f, 0.0013389158993959427);
  p = horner(p, f, 0.009617907926440239);
  p = horner(p, f, 0.055503636598587036);
  p = horner(p, f, 0.24022650718688965);
  p = horner(p, f, 0.6931471824645996);
  p = horner(p, f, 1);
  const power = i32x4.add(i32x4.shl(shifted, 23), i32x4.splat(0x3f800000));
  return v128.andnot(f32x4.mul(p, power), f32x4.lt(t, splat(-126)));
}

/** 2^-(z a)^2. */
// @ts-ignore: decorator
@inline
function bell(z: v128, a: v128): v128 {
  const d = f32x4.mul(z, a);
  return exp2(f32x4.neg(f32x4.mul(d, d)));
}

/** In place z -> z > 0 ? z : 0; NaN becomes 0. `bytes` is a multiple of 64 here and below. */
export function rectify(at: usize, bytes: usize): void {
  const zero = splat(0);
  for (const end = at + bytes; at < end; at += 16) {
    const z = v128.load(at);
    v128.store(at, v128.and(z, f32x4.gt(z, zero)));
  }
}

export function exactGelu(at: usize, bytes: usize): void {
  const one = splat(1);
  for (const end = at + bytes; at < end; at += 16) {
    const z = v128.load(at);
    const u = f32x4.mul(z, z);
    const t = f32x4.mul(z, f32x4.add(f32x4.mul(splat(0.10294324159622192), u), splat(2.302208185195923)));
    const e = exp2(f32x4.neg(f32x4.abs(t)));
    const share = f32x4.div(v128.bitselect(e, one, f32x4.lt(t, splat(0))), f32x4.add(one, e));
    v128.store(at, f32x4.mul(z, share));
  }
}

/** Phase of FINER in half-turns, in place. */
function finerPhase(at: usize, bytes: usize, scale: f32): void {
  const s = splat(scale);
  const one = splat(1);
  for (const end = at + bytes; at < end; at += 16) {
    const z = v128.load(at);
    v128.store(at, f32x4.mul(f32x4.mul(z, s), f32x4.add(f32x4.abs(z), one)));
  }
}

export function exactFiner(at: usize, bytes: usize, scale: f32, c: usize): void {
  finerPhase(at, bytes, scale);
  sinpiRows(at, bytes, 1, c);
}

/** 64 bytes at a time: the phases go where the sums were, their envelopes wait in registers. */
export function exactGabor(at: usize, bytes: usize, scale: f32, envelope: f32, c: usize): void {
  const s = splat(scale);
  const a = splat(envelope);
  const quarter = splat(0.5);
  for (const end = at + bytes; at < end; at += 64) {
    const z0 = v128.load(at);
    const z1 = v128.load(at, 16);
    const z2 = v128.load(at, 32);
    const z3 = v128.load(at, 48);
    v128.store(at, f32x4.add(f32x4.mul(z0, s), quarter));
    v128.store(at, f32x4.add(f32x4.mul(z1, s), quarter), 16);
    v128.store(at, f32x4.add(f32x4.mul(z2, s), quarter), 32);
    v128.store(at, f32x4.add(f32x4.mul(z3, s), quarter), 48);
    sinpiRows(at, 64, 1, c);
    v128.store(at, f32x4.mul(v128.load(at), bell(z0, a)));
    v128.store(at, f32x4.mul(v128.load(at, 16), bell(z1, a)), 16);
    v128.store(at, f32x4.mul(v128.load(at, 32), bell(z2, a)), 32);
    v128.store(at, f32x4.mul(v128.load(at, 48), bell(z3, a)), 48);
  }
}

export function exactGaussian(at: usize, bytes: usize, envelope: f32): void {
  const a = splat(envelope);
  for (const end = at + bytes; at < end; at += 16) v128.store(at, bell(v128.load(at), a));
}

export function exactSnake(at: usize, bytes: usize, scale: f32, c: usize): void {
  const half = splat(0.5);
  for (const end = at + bytes; at < end; at += 64) {
    const z0 = v128.load(at);
    const z1 = v128.load(at, 16);
    const z2 = v128.load(at, 32);
    const z3 = v128.load(at, 48);
    sinpiRows(at, 64, scale, c);
    for (let vector: usize = 0; vector < 64; vector += 16) {
      const sine = v128.load(at + vector);
      v128.store(at + vector, f32x4.mul(sine, sine));
    }
    v128.store(at, f32x4.add(f32x4.mul(half, z0), v128.load(at)));
    v128.store(at, f32x4.add(f32x4.mul(half, z1), v128.load(at, 16)), 16);
    v128.store(at, f32x4.add(f32x4.mul(half, z2), v128.load(at, 32)), 32);
    v128.store(at, f32x4.add(f32x4.mul(half, z3), v128.load(at, 48)), 48);
  }
}

/** Activation of the hidden layer whose record is at `layer`, in place. */
export function activate(layer: usize, at: usize, bytes: usize): void {
  const kind = word(Slot.Activation);
  const scale = load<f32>(layer, LayerSlot.ForwardScale << 2);
  const envelope = floatWord(Slot.ActivationRate);
  const coefficients: usize = word(Slot.Coefficients);
  if (kind == ActivationKind.Sine) sinpiRows(at, bytes, scale, coefficients);
  else if (kind == ActivationKind.Relu) rectify(at, bytes);
  else if (kind == ActivationKind.Gelu) exactGelu(at, bytes);
  else if (kind == ActivationKind.Finer) exactFiner(at, bytes, scale, coefficients);
  else if (kind == ActivationKind.Gabor) exactGabor(at, bytes, scale, envelope, coefficients);
  else if (kind == ActivationKind.Gaussian) exactGaussian(at, bytes, envelope);
  else exactSnake(at, bytes, scale, coefficients);
}

/** In place v -> 0.5 (shortcut + v). */
export function residualMean(at: usize, shortcut: usize, bytes: usize): void {
  const half = splat(0.5);
  for (const end = at + bytes; at < end; at += 16) {
    v128.store(at, f32x4.mul(half, f32x4.add(v128.load(shortcut), v128.load(at))));
    shortcut += 16;
  }
}

/** In place z -> tanh of the head, k = `scale`; 0: the linear head, nothing to do. */
export function exactHead(at: usize, bytes: usize, scale: f32): void {
  if (scale == 0) return;
  const k = splat(scale);
  const one = splat(1);
  for (const end = at + bytes; at < end; at += 16) {
    const z = v128.load(at);
    const e = exp2(f32x4.neg(f32x4.abs(f32x4.mul(z, k))));
    const m = f32x4.div(f32x4.sub(one, e), f32x4.add(one, e));
    v128.store(at, v128.bitselect(f32x4.neg(m), m, f32x4.lt(z, splat(0))));
  }
}
