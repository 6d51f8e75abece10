import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Field } from '#core/field/field';
import { MAXIMUM_UNITS, Pacer, TARGET_MILLISECONDS } from './pacing';
import { lossGroups, lossUnits } from './program';
import { sliceCapacity, slicesOf } from './slices';
import { foldGroups, tilingOf } from './tiles';
import { TUNINGS } from './tuning';

it('slices cover every sample once, in order', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2_000_000 }), fc.integer({ min: 1, max: 2000 }), (samples, blocks) => {
      const slices = slicesOf(samples, 64 * blocks);
      const lengths = slices.map(({ count }) => count);
      expect(slices.every(({ start }, i) => start === i * lengths[0])).toBe(true);
      expect(lengths.slice(0, -1).every((length) => length === lengths[0])).toBe(true);
      expect(lengths.at(-1)).toBeGreaterThan(0);
      expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(samples);
      expect(slices[0].count).toBeLessThanOrEqual(64 * blocks);
    }),
  );
});

it('slices stay within the binding limit for the largest network', () => {
  const field: Field = { inputs: 4, outputs: 16, encoding: { kind: 'fourier', features: 256, sigma: 1, seed: 0 }, depth: 12, width: 256, activation: { kind: 'relu' } };
  for (const software of [true, false]) {
    const capacity = sliceCapacity(field, { maximumBinding: 2 ** 27, software });
    expect(capacity % 64).toBe(0);
    expect(capacity * 512 * 4).toBeLessThanOrEqual(2 ** 27);
  }
  expect(sliceCapacity(field, { maximumBinding: 2 ** 27, software: true, maximumSlice: 100 })).toBe(64);
});

it('tiles cover the matrix within the default limits of WebGPU', () => {
  const extent = fc.integer({ min: 1, max: 512 });
  fc.assert(
    fc.property(fc.oneof(extent, fc.constant('samples' as const)), extent, fc.constantFrom(4, 8), fc.constantFrom(8, 16), (rows, cols, block, depth) => {
      const { tileRows, tileCols, rowTiles, colTiles, rowBlock, colBlock } = tilingOf(rows, cols, { kind: 'tiles', block, depth });
      if (rows !== 'samples') expect(tileRows * rowTiles).toBeGreaterThanOrEqual(rows);
      expect(tileCols * colTiles).toBeGreaterThanOrEqual(cols);
      expect(tileRows % rowBlock).toBe(0);
      expect(tileCols % colBlock).toBe(0);
      expect((tileRows * tileCols) / (rowBlock * colBlock)).toBeLessThanOrEqual(256);
      // A slab has a vec4 more in each row.
      expect(4 * depth * (tileRows + tileCols + 8)).toBeLessThanOrEqual(16384);
    }),
  );
});

it('folds any number of workgroups into two dimensions with little waste', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 31 }), (groups) => {
      const [x, y] = foldGroups(groups);
      expect(x).toBeLessThanOrEqual(65535);
      expect(y).toBeLessThanOrEqual(65535);
      expect(x * y).toBeGreaterThanOrEqual(groups);
      expect(x * y - groups).toBeLessThan(y);
    }),
  );
});

it('paces submits towards the target, and falls back when the GPU slows down', () => {
  const pacer = new Pacer();
  expect(pacer.units).toBe(1);
  for (let i = 0; i < 20; i++) pacer.record(pacer.units, pacer.units * 0.5);
  expect(pacer.units).toBe(TARGET_MILLISECONDS / 0.5);
  for (let i = 0; i < 20; i++) pacer.record(pacer.units, pacer.units * 20);
  expect(pacer.units).toBe(1);
  for (let i = 0; i < 20; i++) pacer.record(pacer.units, 0);
  expect(pacer.units).toBe(MAXIMUM_UNITS);
  const narrow = new Pacer(7);
  for (let i = 0; i < 20; i++) narrow.record(narrow.units, 0);
  expect(narrow.units).toBe(7);
});

it('leaves room for the losses of a submit, of long slices with many channels too', () => {
  const field: Field = { inputs: 1, outputs: 16, encoding: { kind: 'identity' }, depth: 1, width: 4, activation: { kind: 'relu' } };
  for (const name of ['mixed blocks', 'unrolled'] as const) {
    for (const longest of [64, 4096, 2 ** 16, 2 ** 20]) {
      const cut = { longest, tuning: TUNINGS[name], sweep: null };
      const units = lossUnits(field, cut, 2 ** 27);
      expect(units).toBeGreaterThanOrEqual(1);
      expect(8 * units * lossGroups(field, cut)).toBeLessThanOrEqual(2 ** 23);
      expect(8 * (units + 1) * lossGroups(field, cut)).toBeGreaterThan(2 ** 23);
    }
  }
});
