import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coveringIndex, readoutAt, type Picture } from './readout';
import { channelMap, channelWeights, halfBits, reductionFor, toTexels } from './texels';

function picture(size: readonly [number, number], channels: number, type: 'uint8' | 'uint16', value: (index: number) => number, alpha = false): Picture {
  const length = size[0] * size[1] * channels;
  const values = Array.from({ length }, (_, index) => value(index));
  const samples = type === 'uint8' ? Uint8Array.from(values) : Uint16Array.from(values);
  return { size, channels, type, samples, alpha };
}

/** The number that half float bits stand for. */
function fromHalf(bits: number): number {
  const exponent = (bits >> 10) & 31;
  return exponent === 0 ? (bits & 1023) * 2 ** -24 : (1 + (bits & 1023) / 1024) * 2 ** (exponent - 15);
}

describe('readout', () => {
  it('reads the samples of the array, not a rounded copy', () => {
    const original = picture([3, 2], 3, 'uint16', (index) => index * 1000 + 7);
    const reconstruction = picture([3, 2], 3, 'uint16', (index) => index * 1000);
    const readout = readoutAt(original, reconstruction, [3, 2], 2, 1, 'signed');
    expect(readout.original).toEqual([15007, 16007, 17007]);
    expect(readout.reconstruction).toEqual([15000, 16000, 17000]);
    expect(readout.difference).toEqual([-7, -7, -7]);
    expect(readout.error).toBeCloseTo((-7 * 255) / 65535, 9);
  });

  it('means over the channels, as the error map does', () => {
    const original = picture([1, 1], 3, 'uint8', () => 100);
    const reconstruction = picture([1, 1], 3, 'uint8', (index) => [103, 97, 100][index]!);
    expect(readoutAt(original, reconstruction, [1, 1], 0, 0, 'absolute').error).toBe(2);
    expect(readoutAt(original, reconstruction, [1, 1], 0, 0, 'squared').error).toBe(6);
    expect(readoutAt(original, reconstruction, [1, 1], 0, 0, 'signed').error).toBe(0);
  });

  it('reads a coarser reconstruction at the sample that covers the place', () => {
    expect([0, 1, 2, 3].map((index) => coveringIndex(index, 4, 2))).toEqual([0, 0, 1, 1]);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 5000 }), (from, to) => {
        expect(coveringIndex(0, from, to)).toBeGreaterThanOrEqual(0);
        expect(coveringIndex(from - 1, from, to)).toBeLessThan(to);
        if (from === to) expect(coveringIndex(from - 1, from, to)).toBe(from - 1);
      }),
    );
    const original = picture([4, 4], 1, 'uint8', (index) => index);
    const coarse = picture([2, 2], 1, 'uint8', (index) => 10 * index);
    expect(readoutAt(original, coarse, [4, 4], 3, 3, 'absolute').reconstruction).toEqual([30]);
  });

  it('gives what there is when one picture is missing', () => {
    const original = picture([1, 1], 1, 'uint8', () => 9);
    expect(readoutAt(original, null, [1, 1], 0, 0, 'absolute')).toMatchObject({ original: [9], reconstruction: null, error: null });
    expect(readoutAt(null, original, [1, 1], 0, 0, 'absolute')).toMatchObject({ original: null, reconstruction: [9], error: null });
  });
});

describe('texels', () => {
  const never = (): boolean => false;

  it('keeps 8-bit samples as they are and repeats grey', async () => {
    const texels = await toTexels(picture([2, 1], 2, 'uint8', (index) => [10, 20, 30, 40][index]!, true), 100, never);
    expect(texels).toMatchObject({ size: [2, 1], kind: 'byte', reduction: 1 });
    expect(Array.from(texels!.data)).toEqual([10, 10, 10, 20, 30, 30, 30, 40]);
    expect(channelMap(3, false)).toEqual([0, 1, 2, -1]);
    expect(channelMap(4, true)).toEqual([0, 1, 2, 3]);
  });

  it('keeps 16-bit samples to half a step of 8 bits and better', () => {
    for (let sample = 0; sample <= 65535; sample += 13) {
      expect(Math.abs(fromHalf(halfBits(sample / 65535)) - sample / 65535)).toBeLessThanOrEqual(2 ** -12);
    }
    expect(fromHalf(halfBits(1))).toBe(1);
    expect(halfBits(0)).toBe(0);
  });

  it('reduces what is too large by block means, edges included', async () => {
    expect(reductionFor([8192, 100], 8192)).toBe(1);
    expect(reductionFor([8193, 100], 8192)).toBe(2);
    const texels = await toTexels(picture([3, 2], 1, 'uint8', (index) => [0, 10, 100, 20, 30, 200][index]!), 2, never);
    expect(texels).toMatchObject({ size: [2, 1], reduction: 2 });
    expect(Array.from(texels!.data)).toEqual([15, 15, 15, 255, 150, 150, 150, 255]);
  });

  it('stops when a newer picture has come', async () => {
    expect(await toTexels(picture([2048, 512], 1, 'uint8', () => 1), 4096, () => true)).toBeTruthy();
    expect(await toTexels(picture([2048, 513], 1, 'uint8', () => 1), 4096, () => true)).toBeNull();
  });

  it('weights channels to their mean', () => {
    for (const [channels, alpha] of [[1, false], [2, true], [3, false], [4, true]] as const) {
      expect(channelWeights(channels, alpha).reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
    }
  });
});
