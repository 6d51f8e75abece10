import { describe, expect, it } from 'vitest';
import { presetById } from '#core/fit/presets';
import { box } from '#engine/surface/test-shapes';
import { SubjectCache } from './subject-cache';
import { surfaceOf } from './surface-ingest';

const { signal } = surfaceOf(box([0.5, 0.3, 0.2]), 'box');
const base = presetById('surface').config;
const config = { ...base, surface: { ...base.surface!, points: 4096 } };
const other = { ...config, seed: 9 };

describe('the subjects of a surface', () => {
  it('are made once for those who ask alike, and anew for another draw', async () => {
    const cache = new SubjectCache(signal);
    const [one, two] = await Promise.all([cache.get(config), cache.get({ ...config, coding: { bits: 7 } })]);
    expect(two).toBe(one);
    expect(cache.last).toBe(one);
    const third = await cache.get(other);
    expect(third.data.coordinates).not.toEqual(one.data.coordinates);
    expect(cache.last).toBe(third);
  });

  it('go on being made while anybody waits, and not longer', async () => {
    const cache = new SubjectCache(signal);
    const [first, second] = [new AbortController(), new AbortController()];
    const told: number[] = [];
    const leaving = cache.get(config, { signal: first.signal });
    const staying = cache.get(config, { signal: second.signal, onProgress: (fraction) => told.push(fraction) });
    first.abort();
    await expect(leaving).rejects.toMatchObject({ kind: 'cancelled' });
    expect((await staying).data.size).toEqual([4096]);
    expect(told.at(-1)).toBe(1);

    const alone = new AbortController();
    const given = cache.get(other, { signal: alone.signal });
    alone.abort();
    await expect(given).rejects.toMatchObject({ kind: 'cancelled' });
    expect(cache.last).toBeNull();
    expect((await cache.get(other)).data.size).toEqual([4096]);
  });

  it('are given up with their signal', async () => {
    const cache = new SubjectCache(signal);
    const asked = cache.get(config);
    cache.close();
    await expect(asked).rejects.toMatchObject({ kind: 'cancelled' });
  });
});
