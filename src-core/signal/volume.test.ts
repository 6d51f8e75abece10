import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decibelOf, sourceBytes, headerOf, voxelQuality } from './subject';
import { codeType, newVoxels, PLAIN_GEOMETRY, repairVoxels, VOXEL_TYPES, volumeSignal, voxelsOf, type VoxelType } from './volume';

const LIMITS: Readonly<Record<VoxelType, readonly [number, number]>> = {
  uint8: [0, 255],
  int8: [-128, 127],
  uint16: [0, 65535],
  int16: [-32768, 32767],
  uint32: [0, 2 ** 32 - 1],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  float32: [-1e30, 1e30],
  float64: [-1e300, 1e300],
};

function voxelsFrom(type: VoxelType, values: readonly number[]) {
  const [least, most] = LIMITS[type];
  const voxels = newVoxels(type, values.length);
  values.forEach((value, i) => (voxels[i] = least / 2 + (most / 2 - least / 2) * value));
  return voxels;
}

const facts = (type: VoxelType, length: number) => ({ size: [length, 1, 1], channels: 1, voxelType: type, geometry: PLAIN_GEOMETRY });

describe('a volume', () => {
  it.each(VOXEL_TYPES)('gives its %s voxels back from their codes, to half a step of the codes', (type) => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 1, maxLength: 40 }), (values) => {
        const voxels = voxelsFrom(type, values);
        const signal = volumeSignal(voxels, facts(type, values.length));
        expect(signal.type).toBe(codeType(type));
        const back = voxelsOf(signal.samples, signal.metadata);
        expect(back.constructor).toBe(voxels.constructor);
        const [lowest, highest] = signal.metadata.range;
        const whole = type !== 'float32' && type !== 'float64';
        const step = (highest - lowest) / (signal.type === 'uint8' ? 255 : 65535);
        const allowed = whole && step <= 1 ? 0 : step / 2 + (whole ? 0.5 : 1e-6 * Math.max(Math.abs(lowest), Math.abs(highest)));
        for (let i = 0; i < voxels.length; i++) expect(Math.abs(back[i]! - voxels[i]!)).toBeLessThanOrEqual(allowed);
        const { psnr } = voxelQuality(voxels, back);
        expect(psnr === null || psnr > 90).toBe(true);
        expect(decibelOf(signal, signal.samples)).toBe(psnr);
      }),
    );
  });

  it('of one value is that value', () => {
    const signal = volumeSignal(Float32Array.of(3.25, 3.25), facts('float32', 2));
    expect([...voxelsOf(signal.samples, signal.metadata)]).toEqual([3.25, 3.25]);
    expect(voxelQuality(signal.voxels, signal.voxels)).toMatchObject({ psnr: null, maximumError: 0, range: 1 });
  });

  it('whose values span more than a float64 is refused', () => {
    expect(() => volumeSignal(Float64Array.of(-1.7e308, 1.7e308), facts('float64', 2))).toThrow(expect.objectContaining({ code: 'input.range' }));
  });

  it('is repaired where it is not finite, and said how often', () => {
    const voxels = Float32Array.of(NaN, 2, Infinity, -1, -Infinity);
    expect(repairVoxels(voxels)).toBe(3);
    expect([...voxels]).toEqual([-1, 2, 2, -1, -1]);
    expect(repairVoxels(Float32Array.of(NaN))).toBe(1);
    expect(repairVoxels(Uint8Array.of(1, 2))).toBe(0);
  });

  it('is measured over the range of its data, in its own units', () => {
    const { psnr, maximumError, rootMeanSquare } = voxelQuality(Int16Array.of(-1000, 3000, 0, 0), Int16Array.of(-1000, 3000, 40, 0));
    expect(maximumError).toBeCloseTo(40, 9);
    expect(rootMeanSquare).toBeCloseTo(20, 9);
    expect(psnr).toBeCloseTo(20 * Math.log10(4000 / 20), 9);
  });

  it('counts the bytes of its voxels as they were stored', () => {
    expect(sourceBytes(headerOf(volumeSignal(new Float64Array(6), { ...facts('float64', 6), channels: 1 })))).toBe(48);
  });
});
