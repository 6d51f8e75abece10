import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Picture } from './luma';
import { meanSquaredError, psnr } from './psnr';
import { msSsim, ssim, structuralSimilarity } from './ssim';

const grey = (width: number, height: number, value: (x: number, y: number) => number): Picture => {
  const samples = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) samples[y * width + x] = value(x, y);
  return { size: [width, height], channels: 1, type: 'uint8', samples };
};
const noisy = (seed: number) => (x: number, y: number) => (Math.imul(x * 73856093 + seed, (y + 1) * 19349663) >>> 9) & 255;

/** The formula of the paper, window by window, with none of the shortcuts. */
function slowSsim(a: Picture, b: Picture): number {
  const [width, height] = a.size as [number, number];
  const kernel = Array.from({ length: 121 }, (_, i) => Math.exp(-(((i % 11) - 5) ** 2 + (Math.floor(i / 11) - 5) ** 2) / 4.5));
  const total = kernel.reduce((sum, each) => sum + each, 0);
  let sum = 0;
  for (let y = 0; y + 11 <= height; y++) {
    for (let x = 0; x + 11 <= width; x++) {
      const moments = [0, 0, 0, 0, 0];
      for (let i = 0; i < 121; i++) {
        const at = (y + Math.floor(i / 11)) * width + x + (i % 11);
        const p = a.samples[at]!;
        const q = b.samples[at]!;
        [p, q, p * p, q * q, p * q].forEach((value, moment) => (moments[moment]! += (kernel[i]! / total) * value));
      }
      const [ma, mb, aa, bb, ab] = moments as [number, number, number, number, number];
      const c1 = (0.01 * 255) ** 2;
      const c2 = (0.03 * 255) ** 2;
      sum += ((2 * ma * mb + c1) * (2 * (ab - ma * mb) + c2)) / ((ma * ma + mb * mb + c1) * (aa - ma * ma + bb - mb * mb + c2));
    }
  }
  return sum / ((width - 10) * (height - 10));
}

describe('psnr', () => {
  it('gives the values of the formula', () => {
    expect(psnr(Uint8Array.of(0, 0), Uint8Array.of(255, 255), 'uint8')).toBe(0);
    expect(psnr(Uint8Array.of(10, 20, 30, 40), Uint8Array.of(11, 19, 31, 39), 'uint8')).toBeCloseTo(48.130804, 5);
    expect(psnr(Uint16Array.of(1000), Uint16Array.of(1257), 'uint16')).toBeCloseTo(48.130804, 5);
  });

  it('is null, not infinite, for identical samples', () => {
    expect(psnr(Uint8Array.of(1, 2, 3), Uint8Array.of(1, 2, 3), 'uint8')).toBeNull();
  });

  it('is symmetric and exact over block borders', () => {
    const length = 150_000;
    const a = new Uint16Array(length).fill(65535);
    const b = new Uint16Array(length);
    expect(meanSquaredError(a, b)).toBe(65535 ** 2);
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 40 }), (values) => {
        const other = values.map((value) => 255 - value);
        return meanSquaredError(values, other) === meanSquaredError(other, values);
      }),
    );
  });

  it('refuses pictures of different sizes', () => {
    expect(() => psnr(new Uint8Array(3), new Uint8Array(4), 'uint8')).toThrow(RangeError);
  });
});

describe('ssim', () => {
  it('equals the formula of the paper, window by window', async () => {
    const a = grey(23, 17, noisy(1));
    const b = grey(23, 17, (x, y) => Math.min(255, noisy(1)(x, y) * 0.7 + noisy(2)(x, y) * 0.2 + 9));
    expect(await ssim(a, b)).toBeCloseTo(slowSsim(a, b), 6);
  });

  it('is 1 for identical pictures and the luminance term for two constants', async () => {
    const a = grey(40, 30, noisy(3));
    expect(await ssim(a, a)).toBeCloseTo(1, 12);
    const c1 = (0.01 * 255) ** 2;
    const expected = (2 * 100 * 150 + c1) / (100 ** 2 + 150 ** 2 + c1);
    expect(await ssim(grey(12, 12, () => 100), grey(12, 12, () => 150))).toBeCloseTo(expected, 6);
  });

  it('falls as noise grows, and looks at colour through luma without alpha', async () => {
    const base = grey(64, 64, (x, y) => 2 * x + y);
    const with_ = (amount: number): Picture => grey(64, 64, (x, y) => Math.max(0, Math.min(255, 2 * x + y + amount * (noisy(5)(x, y) / 255 - 0.5))));
    const values = [await ssim(base, with_(10)), await ssim(base, with_(40)), await ssim(base, with_(120))];
    expect(values[0]!).toBeGreaterThan(values[1]!);
    expect(values[1]!).toBeGreaterThan(values[2]!);
    const rgba = (alpha: number): Picture => ({ size: [20, 20], channels: 4, type: 'uint8', samples: Uint8Array.from({ length: 1600 }, (_, i) => (i % 4 === 3 ? alpha : (i * 37) % 256)) });
    expect(await ssim(rgba(10), rgba(200))).toBeCloseTo(1, 12);
  });

  it('does not depend on the bit depth', async () => {
    const a = grey(30, 30, noisy(1));
    const b = grey(30, 30, noisy(2));
    const wide = (picture: Picture): Picture => ({ ...picture, type: 'uint16', samples: Uint16Array.from(picture.samples, (value) => value * 257) });
    expect(await ssim(wide(a), wide(b))).toBeCloseTo((await ssim(a, b))!, 5);
  });

  it('has no value below 11 x 11, and MS-SSIM none below 176', async () => {
    const small = grey(40, 10, noisy(1));
    expect(await ssim(small, small)).toBeNull();
    const middle = grey(175, 200, noisy(1));
    expect(await structuralSimilarity(middle, middle)).toEqual({ ssim: expect.closeTo(1, 9), msSsim: null });
    const large = grey(176, 176, noisy(1));
    expect(await msSsim(large, large)).toBeCloseTo(1, 9);
  });

  it('weighs scales: fine noise costs MS-SSIM less than SSIM', async () => {
    const a = grey(200, 180, (x, y) => 40 + ((x * 3 + y * 2) >> 2));
    const b = grey(200, 180, (x, y) => 40 + ((x * 3 + y * 2) >> 2) + ((x + y) % 2 ? 12 : -12));
    const { ssim: plain, msSsim: multi } = await structuralSimilarity(a, b);
    expect(multi!).toBeGreaterThan(plain!);
    expect(multi!).toBeLessThan(1);
  });

  it('stops when told to', async () => {
    const a = grey(1500, 1500, noisy(1));
    const abort = new AbortController();
    const work = structuralSimilarity(a, a, { signal: abort.signal });
    abort.abort();
    await expect(work).rejects.toThrow(/abort/i);
  });
});
