import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bandsOf, forwardWavelet, inverseWavelet, type Extents } from './wavelet';

const extents = fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 23 }), fc.integer({ min: 1, max: 19 })) as fc.Arbitrary<Extents>;

describe('integer wavelet', () => {
  it('is undone exactly, on boxes of any shape and numbers of any size', () => {
    fc.assert(
      fc.property(extents, fc.integer(), fc.integer({ min: 0, max: 31 }), (size, seed, shift) => {
        const data = Int32Array.from({ length: size[0] * size[1] * size[2] }, (_, i) => Math.imul(i + seed, 0x9e3779b1) >> shift);
        const copy = data.slice();
        forwardWavelet(copy, size);
        if (shift < 28 && data.length > 200 && Math.max(...size) >= 9) expect(copy).not.toEqual(data);
        inverseWavelet(copy, size);
        expect(copy).toEqual(data);
      }),
      { numRuns: 60 },
    );
  });

  it('covers every coefficient with exactly one band', () => {
    fc.assert(
      fc.property(extents, (size) => {
        const covered = new Uint8Array(size[0] * size[1] * size[2]);
        for (const { at, size: extent } of bandsOf(size)) {
          for (let z = 0; z < extent[2]; z++) for (let y = 0; y < extent[1]; y++) for (let x = 0; x < extent[0]; x++) covered[at[0] + x + size[0] * (at[1] + y + size[1] * (at[2] + z))]++;
        }
        expect(covered.every((count) => count === 1)).toBe(true);
      }),
    );
  });

  it('has basis functions of the norms that the bands say', () => {
    const size: Extents = [80, 72, 10];
    for (const band of bandsOf(size)) {
      const data = new Int32Array(size[0] * size[1] * size[2]);
      const middle = ([0, 1, 2] as const).map((a) => band.at[a] + (band.size[a] >> 1));
      data[middle[0] + size[0] * (middle[1] + size[1] * middle[2])] = 2 ** 20;
      inverseWavelet(data, size);
      const norm = Math.sqrt(data.reduce((sum, value) => sum + (value / 2 ** 20) ** 2, 0));
      // Few samples an axis: mirrored ends change the norms there.
      expect(Math.abs(Math.log(norm / (band.norm / 2 ** 42))), `level ${band.level}, kind ${band.kind}`).toBeLessThan(0.25);
    }
  });

  it('leaves nothing but the low band of a constant', () => {
    const size: Extents = [33, 17, 9];
    const data = new Int32Array(33 * 17 * 9).fill(1600);
    forwardWavelet(data, size);
    const low = bandsOf(size)[0].size;
    expect(data.filter((value) => Math.abs(value) > 2).length).toBeLessThanOrEqual(low[0] * low[1] * low[2]);
  });
});
