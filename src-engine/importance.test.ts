import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cellOf, drawInCell } from '#core/fit/importance';
import type { TrainingSet } from './engine';
import { errorTable, stretches } from './importance';

describe('stretches of error-driven sampling', () => {
  it('cover the run in order and refresh at multiples of the interval, and at the start without a table', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.nat(40), fc.nat(50), fc.boolean(), (refresh, step, count, hasTable) => {
        const wanted: number[] = [];
        for (let at = step; at < step + count; at++) if (at % refresh === 0 || (at === step && !hasTable)) wanted.push(at);
        const cut = stretches({ kind: 'error', refresh, uniform: 0.5 }, step, count, hasTable);
        expect(cut.filter((each) => each.refresh).map((each) => step + each.first)).toEqual(wanted);
        let next = 0;
        for (const each of cut) {
          expect(each.first).toBe(next);
          expect(each.count).toBeGreaterThan(0);
          next += each.count;
        }
        expect(next).toBe(count);
      }),
      { seed: 1 },
    );
  });

  it('are one for every other kind, none for no steps', () => {
    expect(stretches({ kind: 'uniform' }, 5, 9, false)).toEqual([{ first: 0, count: 9, refresh: false }]);
    expect(stretches({ kind: 'full' }, 5, 0, false)).toEqual([]);
  });
});

describe('the table of a model', () => {
  const data: TrainingSet = { size: [10, 7], channels: 2, type: 'uint8', samples: Uint8Array.from({ length: 140 }, (_, i) => (i * 31) & 255) };
  const plan = { sampling: { kind: 'error', refresh: 3, uniform: 0.25 } } as const;
  const wrongAt = (points: readonly number[]) => async (indices: Uint32Array) =>
    Float32Array.from({ length: indices.length * 2 }, (_, i) => {
      const index = indices[i >> 1]!;
      return data.samples[index * 2 + (i & 1)]! / 255 + (points.includes(index) ? (i & 1 ? -0.5 : 0.5) : 0);
    });

  it('gives the points where the model is wrong all that is not uniform', async () => {
    const table = await errorTable(data, plan, 7, 3, wrongAt([12, 55]));
    const hits = new Uint32Array(70);
    const draws = 70_000;
    for (let element = 0; element < draws; element++) hits[drawInCell(table, cellOf(table, (element * 61_356.675) >>> 0), 7, 3, element)]!++;
    const share = (at: number): number => hits[at]! / draws;
    expect(share(12)).toBeCloseTo(0.375 + 0.25 / 70, 2);
    expect(share(55)).toBeCloseTo(0.375 + 0.25 / 70, 2);
    expect(share(13)).toBeCloseTo(0.25 / 70, 3);
  });

  it('is uniform for a model without error', async () => {
    const black = { ...data, samples: new Uint8Array(140) };
    const { limits } = await errorTable(black, plan, 7, 3, async (indices) => new Float32Array(indices.length * 2));
    limits.forEach((limit, cell) => expect(Math.abs(limit - ((cell + 1) * 2 ** 32) / 70)).toBeLessThan(2));
  });

  it('belongs to error-driven plans alone', async () => {
    await expect(errorTable(data, { sampling: { kind: 'uniform' } }, 7, 3, wrongAt([]))).rejects.toThrow('error-driven');
  });
});
