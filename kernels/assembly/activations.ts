/**
 * The activations of the trainer over rows of sums: in place the values, beside them the slopes that the backward pass multiplies.
 */
import { madd } from './fused';

/**
 * In place sums in half-turns -> sines; cosines to `slope`. `bytes` is a multiple of 64; `c` addresses the coefficients (Slot.Coefficients).
 * Four vectors side by side hide the latency of the two Horner schemes; six coefficients stay in registers, the rest is loaded anew,
 * which is the fastest split that was measured.
 */
export function activateSine(at: usize, slope: usize, bytes: usize, c: usize): void {
  // Adding and subtracting 1.5 * 2^23 rounds to the nearest integer, whose parity is then the lowest bit (|h| < 2^22).
  const magic = f32x4.splat(12582912);
  const s0 = v128.load(c, 64);
  const c4 = v128.load(c, 80);
  const c3 = v128.load(c, 96);
  const c2 = v128.load(c, 112);
  const c1 = v128.load(c, 128);
  const c0 = v128.load(c, 144);
  const end = at + bytes;
  while (at < end) {
    let a0 = v128.load(at);
    let a1 = v128.load(at, 16);
    let a2 = v128.load(at, 32);
    let a3 = v128.load(at, 48);
    const s4 = v128.load(c);
    const s3 = v128.load(c, 16);
    const s2 = v128.load(c, 32);
    const s1 = v128.load(c, 48);
    let t0 = f32x4.add(a0, magic);
    let t1 = f32x4.add(a1, magic);
    let t2 = f32x4.add(a2, magic);
    let t3 = f32x4.add(a3, magic);
    a0 = f32x4.sub(a0, f32x4.sub(t0, magic));
    a1 = f32x4.sub(a1, f32x4.sub(t1, magic));
    a2 = f32x4.sub(a2, f32x4.sub(t2, magic));
    a3 = f32x4.sub(a3, f32x4.sub(t3, magic));
    t0 = i32x4.shl(t0, 31);
    t1 = i32x4.shl(t1, 31);
    t2 = i32x4.shl(t2, 31);
    t3 = i32x4.shl(t3, 31);
    const u0 = f32x4.mul(a0, a0);
    const u1 = f32x4.mul(a1, a1);
    const u2 = f32x4.mul(a2, a2);
    const u3 = f32x4.mul(a3, a3);
    let p0 = madd(s4, u0, s3);
    let p1 = madd(s4, u1, s3);
    let p2 = madd(s4, u2, s3);
    let p3 = madd(s4, u3, s3);
    let q0 = madd(c4, u0, c3);
    let q1 = madd(c4, u1, c3);
    let q2 = madd(c4, u2, c3);
    let q3 = madd(c4, u3, c3);
    p0 = madd(p0, u0, s2);
    p1 = madd(p1, u1, s2);
    p2 = madd(p2, u2, s2);
    p3 = madd(p3, u3, s2);
    q0 = madd(q0, u0, c2);
    q1 = madd(q1, u1, c2);
    q2 = madd(q2, u2, c2);
    q3 = madd(q3, u3, c2);
    p0 = madd(p0, u0, s1);
    p1 = madd(p1, u1, s1);
    p2 = madd(p2, u2, s1);
    p3 = madd(p3, u3, s1);
    q0 = madd(q0, u0, c1);
    q1 = madd(q1, u1, c1);
    q2 = madd(q2, u2, c1);
    q3 = madd(q3, u3, c1);
    p0 = madd(p0, u0, s0);
    p1 = madd(p1, u1, s0);
    p2 = madd(p2, u2, s0);
    p3 = madd(p3, u3, s0);
    q0 = madd(q0, u0, c0);
    q1 = madd(q1, u1, c0);
    q2 = madd(q2, u2, c0);
    q3 = madd(q3, u3, c0);
    v128.store(at, v128.xor(f32x4.mul(p0, a0), t0));
    v128.store(at, v128.xor(f32x4.mul(p1, a1), t1), 16);
    v128.store(at, v128.xor(f32x4.mul(p2, a2), t2), 32);
    v128.store(at, v128.xor(f32x4.mul(p3, a3), t3), 48);
    v128.store(slope, v128.xor(q0, t0));
    v128.store(slope, v128.xor(q1, t1), 16);
    v128.store(slope, v128.xor(q2, t2), 32);
    v128.store(slope, v128.xor(q3, t3), 48);
    at += 64;
    slope += 64;
  }
}

/** In place sums -> max(0, z); 1 or 0 to `slope`. */
export function activateRelu(at: usize, slope: usize, bytes: usize): void {
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  const end = at + bytes;
  while (at < end) {
    const z = v128.load(at);
    const mask = f32x4.gt(z, zero);
    v128.store(at, v128.and(z, mask));
    v128.store(slope, v128.and(one, mask));
    at += 16;
    slope += 16;
  }
}
