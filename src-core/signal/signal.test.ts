import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pointCount, reducedSize } from './signal';

const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 2 ** 23 - 1 })), { minLength: 1, maxLength: 4 });

describe('a reduced grid', () => {
  it('has at most the points that are asked for, and no axis that is longer or gone', () => {
    fc.assert(
      fc.property(sizes, fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 2 ** 30 })), (size, points) => {
        const reduced = reducedSize(size, points);
        expect(pointCount(reduced)).toBeLessThanOrEqual(points);
        reduced.forEach((extent, axis) => {
          expect(Number.isInteger(extent)).toBe(true);
          expect(extent).toBeGreaterThanOrEqual(1);
          expect(extent).toBeLessThanOrEqual(size[axis]!);
        });
        if (pointCount(size) <= points) expect(reduced).toEqual(size);
      }),
    );
  });

  it('keeps proportions, in any number of axes', () => {
    expect(reducedSize([4000, 1000], 250_000)).toEqual([1000, 250]);
    expect(reducedSize([200, 100, 400], 1_000_000)).toEqual([100, 50, 200]);
    expect(reducedSize([100_000, 1], 64)).toEqual([64, 1]);
    expect(reducedSize([9, 100_000, 2], 1)).toEqual([1, 1, 1]);
  });
});
