import { describe, expect, it } from 'vitest';
import { activate } from '#core/field/activation';
import type { Activation } from '#core/field/field';
import { Place, Slot } from '#kernels/slots';
import { HOST_BUILD, kernelModules, type KernelBuild } from './modules';
import { Arena, planNetwork } from './plan';

interface Kernels {
  activateGelu(at: number, slope: number, bytes: number): void;
  activateGaussian(at: number, slope: number, bytes: number, rate: number): void;
  activateFiner(at: number, slope: number, bytes: number, turns: number): void;
  activateGabor(at: number, slope: number, bytes: number, turns: number, rate: number): void;
  activateSnake(at: number, slope: number, bytes: number): void;
  activateSine(at: number, slope: number, bytes: number, coefficients: number): void;
}

const PAGES = 20;
const AT = 65536 * 2;
const SLOPE = 65536 * 11;
const memory = new WebAssembly.Memory({ initial: PAGES, maximum: 65536, shared: true });
const BUILDS: readonly KernelBuild[] = HOST_BUILD === 'relaxed' ? ['plain', 'relaxed'] : ['plain'];

/** Float32 numbers of either sign, denser towards 0, up to `limit`; a multiple of 16. */
function sweep(limit: number, count = 65536): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => {
    const place = (2 * i + 1) / count - 1;
    return limit * place * Math.abs(place);
  });
}

/** Values and slopes of a kernel at `z`. */
function outputs(z: Float32Array, kernel: (at: number, slope: number, bytes: number) => void): { values: Float32Array; slopes: Float32Array } {
  new Float32Array(memory.buffer, AT, z.length).set(z);
  kernel(AT, SLOPE, z.byteLength);
  const read = (address: number): Float32Array => new Float32Array(memory.buffer, address, z.length).slice();
  return { values: read(AT), slopes: read(SLOPE) };
}

/** Largest errors of values and slopes against the float64 definition, values divided by max(1, |z|), slopes by `steepness(z)`. */
function errors(activation: Activation, z: Float32Array, steepness: (z: number) => number, kernel: (at: number, slope: number, bytes: number) => void): { value: number; slope: number } {
  const { values, slopes } = outputs(z, kernel);
  let value = 0;
  let slope = 0;
  z.forEach((each, i) => {
    const exact = activate(activation, 0, each);
    const off = [Math.abs(values[i]! - exact.value) / Math.max(1, Math.abs(each)), Math.abs(slopes[i]! - exact.slope) / steepness(each)];
    // A NaN is not larger than anything.
    if (!(off[0]! <= value)) value = off[0]!;
    if (!(off[1]! <= slope)) slope = off[1]!;
  });
  return { value, slope };
}

describe.each(BUILDS)('activation kernels of the %s build, against float64', (build) => {
  const kernels = new WebAssembly.Instance(kernelModules(build).trainer, { env: { memory } }).exports as unknown as Kernels;

  it.each([1, 30, 1000])('sine and cosine of FINER phases, omega %i', (omega) => {
    const activation: Activation = { kind: 'finer', omega0: omega, omegaHidden: omega, biasRange: 1 };
    for (const limit of [0.1, 3, 300]) {
      const { value, slope } = errors(activation, sweep(limit), (z) => omega * (2 * Math.abs(z) + 1), (at, to, bytes) => kernels.activateFiner(at, to, bytes, omega / Math.PI));
      expect(value).toBeLessThan(2e-7);
      expect(slope).toBeLessThan(3e-7);
    }
  });

  it.each([0.01, 1, 20])('Gabor wavelets, scale %d', (scale) => {
    const omega = 40;
    const activation: Activation = { kind: 'gabor', omega0: omega, omegaHidden: omega, scale };
    for (const limit of [1, 50, 1e6]) {
      const { value, slope } = errors(activation, sweep(limit), () => omega + scale, (at, to, bytes) => kernels.activateGabor(at, to, bytes, omega / Math.PI, -(scale ** 2)));
      expect(value).toBeLessThan(3e-7);
      expect(slope).toBeLessThan(4e-7);
    }
  });

  it.each([0.01, 0.3, 5])('Gaussians, sigma %d', (sigma) => {
    const activation: Activation = { kind: 'gaussian', sigma };
    for (const limit of [sigma, 14 * sigma, 1e6]) {
      const { value, slope } = errors(activation, sweep(limit), () => 1 / sigma, (at, to, bytes) => kernels.activateGaussian(at, to, bytes, -1 / (2 * sigma ** 2)));
      expect(value).toBeLessThan(2e-7);
      expect(slope).toBeLessThan(2e-7);
    }
  });

  it('GELU', () => {
    for (const limit of [0.1, 5, 1e6]) {
      const { value, slope } = errors({ kind: 'gelu' }, sweep(limit), () => 1, kernels.activateGelu);
      expect(value).toBeLessThan(3e-7);
      expect(slope).toBeLessThan(4e-7);
    }
  });

  it('SnakeAlt', () => {
    for (const limit of [1, 10, 1e5]) {
      const { value, slope } = errors({ kind: 'snake-alt' }, sweep(limit), () => 1, kernels.activateSnake);
      expect(value).toBeLessThan(3e-7);
      expect(slope).toBeLessThan(3e-7);
    }
  });

  it('exp has a small relative error all the way down, and is 0 below', () => {
    // Squares of 256ths up to 16 are exact in float32, so the exponent is.
    const z = Float32Array.from({ length: 4096 }, (_, i) => i / 256);
    const { values } = outputs(z, (at, to, bytes) => kernels.activateGaussian(at, to, bytes, -1));
    z.forEach((each, i) => {
      const exact = Math.exp(-each * each);
      if (each * each > 87.33) expect(values[i]).toBe(0);
      else expect(Math.abs(values[i]! / exact - 1)).toBeLessThan(3e-7);
    });
  });

  it('stays finite where sums explode, and lets NaN through', () => {
    const huge = Float32Array.of(1e12, -1e12, 1e18, -1e18, 1e5, -1e5, 3e7, -3e7, 1e9, -1e9, 1e10, 1e11, 2e12, 5e13, -6e14, 7e15);
    const all: ((at: number, slope: number, bytes: number) => void)[] = [
      kernels.activateGelu,
      kernels.activateSnake,
      (at, slope, bytes) => kernels.activateFiner(at, slope, bytes, 10),
      (at, slope, bytes) => kernels.activateGabor(at, slope, bytes, 10, -1),
      (at, slope, bytes) => kernels.activateGaussian(at, slope, bytes, -1),
    ];
    for (const kernel of all) {
      const { values, slopes } = outputs(huge, kernel);
      expect([...values, ...slopes].every(Number.isFinite)).toBe(true);
      expect(outputs(new Float32Array(16).fill(NaN), kernel).values.every(Number.isNaN)).toBe(true);
    }
  });

  it('sines and cosines of half-turns, as sine layers have them', () => {
    const arena = new Arena();
    const network = planNetwork(arena, { inputs: 1, outputs: 1, encoding: { kind: 'identity' }, depth: 1, width: 4, activation: { kind: 'sine', omega0: 30, omegaHidden: 30 } }, 1, 1, false);
    expect(arena.pages * 65536).toBeLessThanOrEqual(AT);
    network.write(memory.buffer);
    const coefficients = new DataView(memory.buffer).getUint32(Place.Job + Slot.Coefficients * 4, true);
    const halfTurns = sweep(1000);
    const { values, slopes } = outputs(halfTurns, (at, slope, bytes) => kernels.activateSine(at, slope, bytes, coefficients));
    // Float64 has no sinpi: the fraction first, which is exact.
    const turned = [...halfTurns].map((h) => Math.PI * (h - 2 * Math.round(h / 2)));
    expect(Math.max(...turned.map((phase, i) => Math.abs(values[i]! - Math.sin(phase))))).toBeLessThan(2e-7);
    expect(Math.max(...turned.map((phase, i) => Math.abs(slopes[i]! - Math.cos(phase))))).toBeLessThan(2e-7);
  });
});
