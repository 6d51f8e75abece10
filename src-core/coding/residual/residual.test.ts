import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StudioError } from '../../errors';
import { pcg3d } from '../../fit/random';
import { sampleMaximum, type SampleType } from '../../signal/signal';
import { sampleBytes, sha256 } from '../sha256';
import { decodeResidual as decodeOn, encodeResidual as encodeOn, type Codes } from './residual';

const encodeResidual = (original: Codes, field: Codes, size: readonly number[], channels: number, type: SampleType, step: number): Uint8Array => encodeOn(original, field, { size, channels, type }, step);
const decodeResidual = (bytes: Uint8Array, field: Codes, size: readonly number[], channels: number, type: SampleType): Codes => decodeOn(bytes, field, { size, channels, type });

/** A bright ball in noise, as a scanner sees it; `seed` moves it. */
function ball(size: readonly number[], channels: number, type: SampleType, seed: number, noise = 0.02): Codes {
  const [width, height = 1, depth = 1] = size;
  const most = sampleMaximum(type);
  const codes = new (type === 'uint8' ? Uint8Array : Uint16Array)(width * height * depth * channels);
  const centre = [0, 1, 2].map((k) => 0.3 + (0.4 * (pcg3d(seed, k, 0) & 255)) / 255);
  for (let i = 0; i < codes.length; i++) {
    const at = Math.floor(i / channels);
    const [x, y, z] = [(at % width) / width, (Math.floor(at / width) % height) / height, Math.floor(at / width / height) / depth];
    const inside = (x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2 < 0.07;
    const value = (inside ? 0.8 : 0.1) + noise * (pcg3d(seed, 5, i) / 2 ** 31 - 1);
    codes[i] = Math.max(0, Math.min(most, Math.round(most * value)));
  }
  return codes;
}

const zeros = (codes: Codes): Codes => codes.slice().fill(0);
const rootMeanSquare = (a: Codes, b: Codes): number => Math.sqrt(Array.from(a).reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0) / a.length);

const shapes = fc.record({
  size: fc.array(fc.integer({ min: 1, max: 26 }), { minLength: 1, maxLength: 3 }),
  channels: fc.integer({ min: 1, max: 3 }),
  type: fc.constantFrom<SampleType>('uint8', 'uint16'),
  seed: fc.nat(),
});

describe('coded residual', () => {
  it('meets the error that the step sets, over any field', () => {
    fc.assert(
      fc.property(shapes, fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean(), ({ size, channels, type, seed }, coarse, plain) => {
        const step = (sampleMaximum(type) / 255) * (0.5 + 15 * coarse);
        const original = ball(size, channels, type, seed);
        const field = plain ? zeros(original) : ball(size, channels, type, seed + 1, 0.3);
        const bytes = encodeResidual(original, field, size, channels, type, step);
        expect(encodeResidual(original, field, size, channels, type, step)).toEqual(bytes);
        const decoded = decodeResidual(bytes, field, size, channels, type);
        expect(decoded.constructor).toBe(original.constructor);
        expect(rootMeanSquare(decoded, original)).toBeLessThan(0.6 * step + 0.3);
      }),
      { numRuns: 60 },
    );
  });

  it('comes back nearly exactly at the finest step, from the extremes of 16 bits too', () => {
    const size = [40, 21, 12];
    for (const type of ['uint8', 'uint16'] as const) {
      const most = sampleMaximum(type);
      const original = ball(size, 1, type, 3).map((_, i) => (pcg3d(1, 2, i) & 4 ? most : 0)) as Codes;
      const field = original.map((value) => most - value) as Codes;
      const decoded = decodeResidual(encodeResidual(original, field, size, 1, type, 0.25), field, size, 1, type);
      expect(original.every((value, i) => Math.abs(value - decoded[i]) <= 1)).toBe(true);
    }
  });

  it('takes a dozen bytes where the field is right, and gives the field', () => {
    const field = ball([64, 64, 32], 1, 'uint8', 5);
    const bytes = encodeResidual(field, field, [64, 64, 32], 1, 'uint8', 4);
    expect(bytes.length).toBeLessThan(50);
    expect(decodeResidual(bytes, field, [64, 64, 32], 1, 'uint8')).toEqual(field);
  });

  it('knows edges from their surroundings: well below the entropy of what it codes', () => {
    const size = [64, 64, 48];
    const original = ball(size, 1, 'uint8', 8);
    const bytes = encodeResidual(original, zeros(original), size, 1, 'uint8', 10);
    const error = rootMeanSquare(decodeResidual(bytes, zeros(original), size, 1, 'uint8'), original);
    expect(error).toBeLessThan(4);
    // A uniform quantizer of the samples with that error has steps of error * sqrt(12).
    const counts = new Map<number, number>();
    for (const value of original) counts.set(Math.round(value / (error * Math.sqrt(12))), (counts.get(Math.round(value / (error * Math.sqrt(12)))) ?? 0) + 1);
    const entropy = [...counts.values()].reduce((sum, count) => sum - count * Math.log2(count / original.length), 0) / 8;
    expect(bytes.length).toBeLessThan(0.4 * entropy);
  });

  it('goes over more than one brick', () => {
    const size = [515, 10, 9];
    const original = ball(size, 1, 'uint8', 9);
    const field = zeros(original);
    expect(rootMeanSquare(decodeResidual(encodeResidual(original, field, size, 1, 'uint8', 3), field, size, 1, 'uint8'), original)).toBeLessThan(2);
  });

  it('is the same on every machine', () => {
    const size = [45, 38, 33];
    const original = ball(size, 2, 'uint16', 77);
    const field = ball(size, 2, 'uint16', 78);
    const bytes = encodeResidual(original, field, size, 2, 'uint16', 900);
    const decoded = decodeResidual(bytes, field, size, 2, 'uint16');
    expect([bytes.length, sha256(bytes).slice(0, 16), sha256(sampleBytes(decoded)).slice(0, 16)]).toMatchInlineSnapshot(`
      [
        45066,
        "feefeab63145641d",
        "d521ae448337d6c8",
      ]
    `);
  });
});

describe('damaged residuals', () => {
  const size = [24, 19, 17];
  const original = ball(size, 1, 'uint8', 21);
  const field = zeros(original);
  const good = encodeResidual(original, field, size, 1, 'uint8', 5);

  /** null, or what decoding throws. */
  const failure = (bytes: Uint8Array): unknown => {
    try {
      expect(decodeResidual(bytes, field, size, 1, 'uint8').length).toBe(field.length);
      return null;
    } catch (error) {
      return error;
    }
  };

  it('are refused where they end too early or go on', () => {
    for (const bytes of [new Uint8Array(0), good.subarray(0, good.length >> 1), good.subarray(0, good.length - 4), Uint8Array.of(...good, 0)]) {
      expect(failure(bytes)).toMatchObject({ kind: 'container', code: 'container.residual' });
    }
  });

  it('give samples or a StudioError, whatever the bytes', () => {
    const changed = fc.array(fc.tuple(fc.nat({ max: good.length - 1 }), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 }).map((edits) => {
      const bytes = good.slice();
      for (const [at, value] of edits) bytes[at] = value;
      return bytes;
    });
    const anything = fc.uint8Array({ maxLength: 400 });
    let refused = 0;
    fc.assert(
      fc.property(fc.oneof(changed, anything), (bytes) => {
        const error = failure(bytes);
        if (error === null) return;
        refused++;
        expect(error).toBeInstanceOf(StudioError);
        expect((error as StudioError).code).toBe('container.residual');
      }),
      { numRuns: 150 },
    );
    expect(refused).toBeGreaterThan(50);
  });

  it('refuses steps and codes that fit nothing', () => {
    const encode = (step: number) => () => encodeResidual(original, field, size, 1, 'uint8', step);
    for (const step of [0, -1, NaN, 0.2, 65536]) expect(encode(step)).toThrow(/step of a residual/);
    expect(() => encodeResidual(original, field, [24, 19, 16], 1, 'uint8', 5)).toThrow(/another shape/);
    expect(() => decodeResidual(good, field, size, 1, 'uint16')).toThrow(/another shape/);
    expect(() => decodeResidual(good, field, [24, 19, 17, 1], 1, 'uint8')).toThrow(/one to three axes/);
  });
});
