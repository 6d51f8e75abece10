import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { presetById } from '#core/fit/presets';
import { applyOptions } from '#core/fit/options';
import { bestTrade, leastBitsReaching, mostBitsWithin, nearlyBest, predictedBytes, TARGET_BITS, widestFor, type Measured } from './targets';

const RGB = { inputs: 2, channels: 3 };
const siren = presetById('siren').config;

/** A coder whose bytes and decibels grow with the bits, as real ones do; counts its calls. */
const coder = (bytesPerBit: number, decibelsPerBit: number, calls: number[] = []) => (bits: number): Promise<Measured> => {
  calls.push(bits);
  return Promise.resolve({ bits, bytes: bytesPerBit * bits, psnr: decibelsPerBit * bits });
};

describe('the width for a number of bytes', () => {
  it('is the widest that fits by prediction', () => {
    fc.assert(
      fc.property(fc.integer({ min: 700, max: 600_000 }), fc.constantFrom(1, 3, 4), fc.integer({ min: 0, max: 400 }), (bytes, channels, extra) => {
        const config = widestFor(siren, { inputs: 2, channels }, bytes, extra, true);
        const { width } = config.network;
        expect(predictedBytes(config, { inputs: 2, channels }, extra)).toBeLessThanOrEqual(bytes);
        if (width < 256) expect(predictedBytes({ ...config, network: { ...config.network, width: width + 4 } }, { inputs: 2, channels }, extra)).toBeGreaterThan(bytes);
        expect(config).toEqual({ ...siren, network: { ...siren.network, width } });
      }),
    );
  });

  it('takes the learning rate along, unless the user has set it', () => {
    const narrow = widestFor(siren, RGB, 6000, 0, false);
    expect(narrow.plan.optimizer.learningRate).toBeCloseTo((siren.plan.optimizer.learningRate * 64) / narrow.network.width);
    const finer = applyOptions(siren, { activation: 'finer', optimizer: 'muon' });
    expect(widestFor(finer, RGB, 6000, 0, false).plan).toEqual({ ...narrow.plan, optimizer: { ...finer.plan.optimizer, learningRate: narrow.plan.optimizer.learningRate } });
    const relu = presetById('nerf').config;
    expect(widestFor(relu, RGB, 6000, 0, false).plan).toEqual(relu.plan);
  });

  it('is refused below the smallest network, which the message tells', () => {
    expect(() => widestFor(siren, RGB, 100, 0, true)).toThrow(/--target-bytes 100: the narrowest network .* needs about \d+ B/);
  });
});

describe('bits', () => {
  it('for bytes are the most that fit, or an error that says what would', async () => {
    expect((await mostBitsWithin(1000, coder(100, 3))).bits).toBe(10);
    expect((await mostBitsWithin(10_000, coder(100, 3))).bits).toBe(TARGET_BITS.highest);
    await expect(mostBitsWithin(399, coder(100, 3))).rejects.toMatchObject({ code: 'target.bytes', message: expect.stringContaining('has 400 bytes') as string });
  });

  it('for decibels are the fewest that reach them, found in few tries', async () => {
    await fc.assert(
      fc.asyncProperty(fc.double({ min: 1, max: 70, noNaN: true }), async (decibel) => {
        const calls: number[] = [];
        const found = await leastBitsReaching(decibel, coder(100, 4, calls));
        const expected = Array.from({ length: 13 }, (_, index) => index + 4).find((bits) => 4 * bits >= decibel);
        expect(found?.bits).toBe(expected);
        expect(calls.length).toBeLessThanOrEqual(5);
      }),
    );
  });

  it('are as few as lose nothing when the decibels are out of reach', async () => {
    const saturating = (bits: number): Promise<Measured> => Promise.resolve({ bits, bytes: bits, psnr: bits < 9 ? 2 * bits : 30 - 0.05 / bits });
    expect(await leastBitsReaching(40, saturating)).toBeNull();
    expect((await nearlyBest(saturating)).bits).toBe(9);
  });

  it('for lambda give the smallest cost of all bits', async () => {
    await fc.assert(
      fc.asyncProperty(fc.double({ min: 1e-5, max: 0.1, noNaN: true }), async (lambda) => {
        const measure = coder(500, 3.5);
        const cost = ({ psnr, bytes }: Measured): number => 10 ** (-psnr! / 10) + (lambda * 8 * bytes) / 4096;
        const all = await Promise.all(Array.from({ length: 13 }, (_, index) => measure(index + 4)));
        expect(cost(await bestTrade(lambda, 4096, measure))).toBeCloseTo(Math.min(...all.map(cost)), 12);
      }),
    );
  });
});
