import { describe, expect, it } from 'vitest';
import { openDistances } from './distance-field';
import { openDistancesOn } from './pool-node';
import { pointsInCube, soup, together, torus } from './test-shapes';

/** Closed and open parts, so that every kind of answer differs from place to place. */
const mesh = together(torus(0.6, 0.2, 60, 30), soup(40, 3));
const points = pointsInCube(9000, 5);
const open = (threads: number, fewPoints = 0) => openDistancesOn({ threads, fewPoints, background: true })(mesh);

describe('distances on threads', () => {
  it('have the bits of one thread, whatever their number, one question after the other', async () => {
    const plain = openDistances(mesh);
    const expected = [await plain.distances(points, { truncation: 0.3 }), await plain.nearest(points), await plain.windings(points)];
    for (const threads of [1, 2, 3]) {
      const field = open(threads);
      const asked = await Promise.all([field.distances(points, { truncation: 0.3 }), field.nearest(points), field.windings(points)]);
      expect(asked).toEqual(expected);
      await field.dispose();
    }
  });

  it('take sheets for sheets', async () => {
    const rule = { mode: 'thickness', thickness: 0.04 } as const;
    const field = openDistancesOn({ threads: 2, fewPoints: 0 })(mesh, rule);
    const measured = await field.distances(points);
    expect(measured).toEqual(await openDistances(mesh, rule).distances(points));
    expect(Math.min(...measured)).toBeLessThan(0);
    await field.dispose();
  });

  it('answer few points without threads, to the same bits', async () => {
    const field = open(2, 10_000);
    expect(await field.distances(points)).toEqual(await openDistances(mesh).distances(points));
    await field.dispose();
  });

  it('tell how far they are and end when they are cancelled, and go on with the next question', async () => {
    const many = pointsInCube(400_000, 6);
    const field = open(2);
    const controller = new AbortController();
    const told: number[] = [];
    const asked = field.distances(many, { signal: controller.signal, onProgress: (fraction) => (told.push(fraction), controller.abort()) });
    await expect(asked).rejects.toMatchObject({ code: 'cancelled' });
    expect(told.length).toBeGreaterThan(0);
    expect(told[0]).toBeLessThan(1);
    await expect(field.distances(many, { signal: controller.signal })).rejects.toMatchObject({ code: 'cancelled' });
    const shares: number[] = [];
    expect(await field.distances(points, { onProgress: (fraction) => shares.push(fraction) })).toEqual(await openDistances(mesh).distances(points));
    expect(shares.at(-1)).toBe(1);
    await field.dispose();
  });

  it('end with their field, even in the middle', async () => {
    const field = open(2);
    const asked = field.distances(pointsInCube(400_000, 6)).catch((error: unknown) => error);
    await new Promise((resolve) => setTimeout(resolve, 60));
    await field.dispose();
    expect(await asked).toMatchObject({ code: 'cancelled' });
  });
});
