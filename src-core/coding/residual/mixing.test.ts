import { describe, expect, it } from 'vitest';
import { pcg3d } from '../../fit/random';
import { MixedBits } from './mixing';

/** Bits of code that a source of bits takes, given two views. */
function codeLength(bits: readonly number[], views: (i: number) => [number, number]): number {
  const mixed = new MixedBits(2, 512, 1);
  return bits.reduce((sum, bit, i) => {
    mixed.context.set(views(i));
    const p = mixed.probability(0) / 2 ** 21;
    expect(p > 0 && p < 1).toBe(true);
    mixed.update(bit);
    return sum - Math.log2(bit ? p : 1 - p);
  }, 0);
}

describe('mixed bits', () => {
  const draws = Array.from({ length: 20000 }, (_, i) => pcg3d(7, 11, i));

  it('come close to the entropy of the view that knows, whichever it is', () => {
    // P(1) is 1/16 or 15/16 by a fair coin that one view sees: 0.337 bits each, against 1 without it.
    const coin = draws.map((word) => word & 1);
    const bits = draws.map((word, i) => ((word >>> 8) % 16 === 0 ? 1 - coin[i] : coin[i]));
    const entropy = 20000 * (-(1 / 16) * Math.log2(1 / 16) - (15 / 16) * Math.log2(15 / 16));
    const first = codeLength(bits, (i) => [coin[i], 256]);
    const second = codeLength(bits, (i) => [0, 256 + coin[i]]);
    for (const length of [first, second]) expect(length / entropy).toBeLessThan(1.06);
    for (const length of [first, second]) expect(length / entropy).toBeGreaterThan(0.97);
    expect(codeLength(bits, () => [0, 256])).toBeGreaterThan(0.98 * 20000);
  });

  it('stay within the coder’s probabilities on runs without end', () => {
    for (const bit of [0, 1]) expect(codeLength(Array<number>(20000).fill(bit), () => [0, 256])).toBeLessThan(60);
  });
});
