/**
 * Averaged residual blocks (Lu et al. 2021, neurcomp): a_l = (a_{l-2} + act(z_l)) / 2 for l = 2, 4, ...
 *
 * Backward, with d_l = dL/da_l: the sum gets d_l act'(z_l) / 2, of which the half is put into the stored slope by the forward pass, and
 * a_{l-2} gets d_l / 2 besides what comes through layer l - 1. That share is carried past layer l - 1 in a buffer of its own; one is
 * enough, since the next one is made after this one was used.
 */

/** value = (value + shortcut) / 2 and slope = slope / 2, in place, over `bytes` (a multiple of 16). */
export function closeBlock(value: usize, slope: usize, shortcut: usize, bytes: usize): void {
  const half = f32x4.splat(0.5);
  for (let at: usize = 0; at < bytes; at += 16) {
    v128.store(value + at, f32x4.mul(half, f32x4.add(v128.load(shortcut + at), v128.load(value + at))));
    v128.store(slope + at, f32x4.mul(half, v128.load(slope + at)));
  }
}

/**
 * slope *= d, d = gradient + carry, over `bytes` (a multiple of 16); carry = d / 2 where the layer closes a block. A layer that no
 * shortcut leads to (`joins` false) has d = gradient.
 */
export function joinGradients(slope: usize, gradient: usize, carry: usize, bytes: usize, joins: bool, closes: bool): void {
  const half = f32x4.splat(0.5);
  for (let at: usize = 0; at < bytes; at += 16) {
    let d = v128.load(gradient + at);
    if (joins) d = f32x4.add(d, v128.load(carry + at));
    v128.store(slope + at, f32x4.mul(d, v128.load(slope + at)));
    if (closes) v128.store(carry + at, f32x4.mul(half, d));
  }
}
