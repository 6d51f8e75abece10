import fc from 'fast-check';
import { expect, it } from 'vitest';
import { firstReaching } from './quality-search';

const growing = fc.array(fc.double({ min: 0.01, max: 3, noNaN: true }), { minLength: 100, maxLength: 100 }).map((steps) => {
  let sum = 0;
  return steps.map((step) => (sum += step));
});

it('finds the first quality that reaches the target, for every growing measure, with few evaluations', async () => {
  await fc.assert(
    fc.asyncProperty(growing, fc.double({ min: -1, max: 320, noNaN: true }), fc.uniqueArray(fc.integer({ min: 1, max: 100 }), { maxLength: 5 }), async (values, target, known) => {
      const asked = new Set<number>();
      const measure = (quality: number): Promise<number> => (asked.add(quality), Promise.resolve(values[quality - 1]!));
      const expected = values.findIndex((value) => value >= target);
      expect(await firstReaching(measure, target, { known, typicalSlope: 1 })).toBe(expected < 0 ? 101 : expected + 1);
      expect(asked.size).toBeLessThanOrEqual(known.length + 16);
    }),
  );
});

it('ends on measures that are not monotone, with an answer that holds', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.double({ min: 0, max: 10, noNaN: true }), { minLength: 100, maxLength: 100 }), fc.uniqueArray(fc.integer({ min: 1, max: 100 }), { maxLength: 6 }), async (values, known) => {
      const first = await firstReaching((quality) => Promise.resolve(values[quality - 1]!), 5, { known, typicalSlope: 0.1 });
      if (first <= 100) expect(values[first - 1]!).toBeGreaterThanOrEqual(5);
      if (first > 1) expect(values[first - 2]!).toBeLessThan(5);
    }),
  );
});
