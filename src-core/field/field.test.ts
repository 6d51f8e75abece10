import { describe, expect, it } from 'vitest';
import { decodeDemand, levelOf } from '../coding/limits';
import { axisCoordinates } from '../signal/coordinates';
import { fieldCost } from './cost';
import { encodedWidth, fieldFor } from './field';
import { fourierMatrix } from './encoding';
import { initialParameters } from './init';
import { parameterLayout } from './layout';

const siren = fieldFor({ encoding: { kind: 'identity' }, depth: 5, width: 64, activation: { kind: 'sine', omega0: 30, omegaHidden: 30 } }, 2, 3);

describe('parameter layout', () => {
  it('places every parameter once, without holes', () => {
    const layout = parameterLayout({ ...siren, encoding: { kind: 'octaves', octaves: 3, includeInput: true } });
    let next = 0;
    for (const tensor of layout.tensors) {
      expect(tensor.offset).toBe(next);
      expect(tensor.shape.reduce((a, b) => a * b, 1)).toBe(tensor.length);
      next += tensor.length;
    }
    expect(next).toBe(layout.length);
    expect(layout.layers[0].fanIn).toBe(14);
  });
  it('counts the parameters of the SIREN of five layers of 64', () => {
    expect(parameterLayout(siren).length).toBe(2 * 64 + 64 + 4 * (64 * 64 + 64) + 64 * 3 + 3);
    expect(fieldCost(siren, 1000, 8).multiplyAddsPerSample).toBe(2 * 64 + 4 * 64 * 64 + 64 * 3);
  });
});

describe('cost of a grid', () => {
  const encoding = { kind: 'hash-grid', levels: 3, features: 2, coarsest: 4, finest: 16, tableLog2: 6 } as const;
  const field = { ...siren, inputs: 3, encoding };
  it('counts the tables as parameters, their corners as multiply-adds', () => {
    const dense = fieldCost({ ...field, encoding: { kind: 'fourier', features: 4, sigma: 1, seed: 0 } }, 1000, 8);
    const grid = fieldCost(field, 1000, 8);
    const read = 8 * 3 * 2;
    const numbers = 3 * 64 * 2;
    expect(parameterLayout(field).layers[0].fanIn).toBe(6);
    expect(grid.parameters).toBe(dense.parameters - 2 * 64 + numbers);
    expect(grid.multiplyAddsPerSample).toBe(dense.multiplyAddsPerSample - 2 * 64 + read);
    expect(grid.operationsPerStep).toBe(1000 * (6 * (grid.multiplyAddsPerSample - read) + 4 * read));
    expect(decodeDemand(field, [10, 20, 30])).toEqual({ samples: 18000, parameters: grid.parameters, multiplyAdds: 6000 * grid.multiplyAddsPerSample });
  });
  it('a file of 16 levels with 2^19 pairs is of level 3, one of 2^22 of level 4', () => {
    const level = (tableLog2: number) => levelOf(decodeDemand({ ...siren, encoding: { ...encoding, levels: 16, coarsest: 16, finest: 2048, tableLog2 }, width: 64, depth: 2 }, [512, 512]));
    expect(level(19)).toBe(3);
    expect(level(22)).toBe(4);
  });
});

describe('encodings', () => {
  it('have the width that they announce', () => {
    expect(encodedWidth({ kind: 'identity' }, 3)).toBe(3);
    expect(encodedWidth({ kind: 'octaves', octaves: 4, includeInput: false }, 3)).toBe(24);
    expect(encodedWidth({ kind: 'fourier', features: 32, sigma: 1, seed: 0 }, 3)).toBe(64);
  });
  it('draw Fourier features of the asked standard deviation, the same for the same seed', () => {
    const matrix = fourierMatrix(2000, 2, 10, 7);
    const deviation = Math.sqrt(matrix.reduce((sum, value) => sum + value * value, 0) / matrix.length);
    expect(deviation).toBeGreaterThan(9.5);
    expect(deviation).toBeLessThan(10.5);
    expect(fourierMatrix(2000, 2, 10, 7)).toEqual(matrix);
    expect(fourierMatrix(2000, 2, 10, 8)).not.toEqual(matrix);
  });
});

describe('initialisation', () => {
  it('keeps the bounds of SIREN and differs by seed', () => {
    const layout = parameterLayout(siren);
    const parameters = initialParameters(siren, 1);
    const largest = (offset: number, length: number) => parameters.subarray(offset, offset + length).reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    expect(largest(layout.layers[0].weightOffset, 128)).toBeLessThanOrEqual(0.5);
    expect(largest(layout.layers[0].weightOffset, 128)).toBeGreaterThan(0.45);
    const bound = Math.sqrt(6 / 64) / 30;
    expect(largest(layout.layers[1].weightOffset, 4096)).toBeLessThanOrEqual(bound);
    expect(largest(layout.layers[1].weightOffset, 4096)).toBeGreaterThan(0.98 * bound);
    expect(initialParameters(siren, 2)).not.toEqual(parameters);
  });
});

describe('grid coordinates', () => {
  it('are cell centres, symmetric about zero', () => {
    expect([...axisCoordinates(4)]).toEqual([-0.75, -0.25, 0.25, 0.75]);
    expect([...axisCoordinates(1)]).toEqual([0]);
    const axis = axisCoordinates(255);
    for (let i = 0; i < 255; i++) expect(axis[i] + axis[254 - i]).toBe(0);
  });
});
