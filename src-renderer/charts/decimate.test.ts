import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Curve, decimate } from './decimate';

describe('decimate', () => {
  it('keeps ends and extremes, stays ascending and within the target', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 500 }), fc.integer({ min: 4, max: 100 }), (values, target) => {
        const kept = decimate(values, target);
        expect(kept.length).toBeLessThanOrEqual(Math.max(target, values.length <= target ? values.length : 0));
        expect(kept[0]).toBe(0);
        expect(kept.at(-1)).toBe(values.length - 1);
        for (let i = 1; i < kept.length; i++) expect(kept[i]!).toBeGreaterThan(kept[i - 1]!);
        expect(Math.max(...kept.map((i) => values[i]!))).toBe(Math.max(...values));
        expect(Math.min(...kept.map((i) => values[i]!))).toBe(Math.min(...values));
      }),
    );
  });

  it('does not lose a single spike among thousands of points', () => {
    const values = new Float64Array(50_000).fill(1);
    values[31_234] = 99;
    expect(decimate(values, 400)).toContain(31_234);
  });
});

describe('Curve', () => {
  const point = (step: number, loss = 1) => ({ step, seconds: step / 100, loss, psnr: -10 * Math.log10(loss) });

  it('stays bounded however long the fit runs, and keeps the newest point', () => {
    const curve = new Curve(256);
    for (let step = 1; step <= 10_000; step++) curve.push(point(step, 1 / step));
    expect(curve.length).toBeLessThanOrEqual(256);
    expect(curve.points.at(-1)!.step).toBe(10_000);
    expect(curve.points[0]!.step).toBe(1);
  });

  it('goes back when the fit goes back to a checkpoint', () => {
    const curve = new Curve();
    for (const step of [10, 20, 30, 40]) curve.push(point(step));
    curve.push(point(25));
    expect(curve.points.map((each) => each.step)).toEqual([10, 20, 25]);
  });

  it('leaves unknown losses out of what is drawn', () => {
    const curve = new Curve();
    curve.push(point(1, Number.NaN));
    curve.push(point(2, 0.5));
    expect(curve.columns('step', 'loss', 100)).toEqual([[2], [0.5]]);
  });
});
