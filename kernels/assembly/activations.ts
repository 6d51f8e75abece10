/**
 * The activations of the trainer over rows of sums: in place the values, beside them the slopes that the backward pass multiplies.
 */

/** In place sums in half-turns -> sines; cosines to `slope`. `bytes` is a multiple of 64. */
export function activateSine(at: usize, slope: usize, bytes: usize, c: usize): void {
  // Adding and subtracting 1.5 * 2^23 rounds to the nearest integer, whose parity is then the lowest bit (|h| < 2^22).
  const magic = f32x4.splat(12582912);
  const end = at + bytes;
  while (at < end) {
    let a0 = v128.load(at);
    let a1 = v128.load(at, 16);
    let t0 = f32x4.add(a0, magic);
    let t1 = f32x4.add(a1, magic);
    a0 = f32x4.sub(a0, f32x4.sub(t0, magic));
    a1 = f32x4.sub(a1, f32x4.sub(t1, magic));
    t0 = i32x4.shl(t0, 31);
    t1 = i32x4.shl(t1, 31);
    const u0 = f32x4.mul(a0, a0);
    const u1 = f32x4.mul(a1, a1);
    let k = v128.load(c);
    let p0 = f32x4.mul(k, u0);
    let p1 = f32x4.mul(k, u1);
    k = v128.load(c, 80);
    let q0 = f32x4.mul(k, u0);
    let q1 = f32x4.mul(k, u1);
    k = v128.load(c, 16);
    p0 = f32x4.mul(f32x4.add(p0, k), u0);
    p1 = f32x4.mul(f32x4.add(p1, k), u1);
    k = v128.load(c, 96);
    q0 = f32x4.mul(f32x4.add(q0, k), u0);
    q1 = f32x4.mul(f32x4.add(q1, k), u1);
    k = v128.load(c, 32);
    p0 = f32x4.mul(f32x4.add(p0, k), u0);
    p1 = f32x4.mul(f32x4.add(p1, k), u1);
    k = v128.load(c, 112);
    q0 = f32x4.mul(f32x4.add(q0, k), u0);
    q1 = f32x4.mul(f32x4.add(q1, k), u1);
    k = v128.load(c, 48);
    p0 = f32x4.mul(f32x4.add(p0, k), u0);
    p1 = f32x4.mul(f32x4.add(p1, k), u1);
    k = v128.load(c, 128);
    q0 = f32x4.mul(f32x4.add(q0, k), u0);
    q1 = f32x4.mul(f32x4.add(q1, k), u1);
    k = v128.load(c, 64);
    p0 = f32x4.mul(f32x4.add(p0, k), a0);
    p1 = f32x4.mul(f32x4.add(p1, k), a1);
    k = v128.load(c, 144);
    q0 = f32x4.add(q0, k);
    q1 = f32x4.add(q1, k);
    v128.store(at, v128.xor(p0, t0));
    v128.store(at, v128.xor(p1, t1), 16);
    v128.store(slope, v128.xor(q0, t0));
    v128.store(slope, v128.xor(q1, t1), 16);
    at += 32;
    slope += 32;
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
