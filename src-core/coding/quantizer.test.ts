import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { fieldCost } from '../field/cost';
import type { Field } from '../field/field';
import { initialParameters } from '../field/init';
import { parameterLayout } from '../field/layout';
import { dequantize, quantize } from './quantizer';

const field: Field = { inputs: 2, outputs: 3, encoding: { kind: 'identity' }, depth: 2, width: 16, activation: { kind: 'sine', omega0: 30, omegaHidden: 30 } };
const layout = parameterLayout(field);

function squaredError(bits: number, parameters: Float32Array): number {
  const decoded = dequantize(field, quantize(field, parameters, bits));
  return decoded.reduce((sum, value, i) => sum + (value - parameters[i]!) ** 2, 0);
}

describe('quantizer', () => {
  it('stays within its levels and errs by half a step where it does not clip', () => {
    const parameters = initialParameters(field, 5);
    for (let bits = 3; bits <= 16; bits++) {
      const largest = 2 ** (bits - 1) - 1;
      quantize(field, parameters, bits).tensors.forEach(({ step, values }, index) => {
        const slot = layout.tensors[index]!;
        expect(Math.fround(step)).toBe(step);
        values.forEach((q, i) => {
          expect(Math.abs(q)).toBeLessThanOrEqual(largest);
          if (Math.abs(q) < largest) expect(Math.abs(q * step - parameters[slot.offset + i]!)).toBeLessThanOrEqual(step * 0.500001);
        });
      });
    }
  });

  it('errs about four times less, in squares, with each bit', () => {
    const parameters = initialParameters(field, 6);
    for (let bits = 4; bits <= 12; bits++) expect(squaredError(bits, parameters)).toBeLessThan(squaredError(bits - 1, parameters) / 2.5);
  });

  it('gives layers behind tables three bits more, up to 16, and says so in the predicted size', () => {
    const grid: Field = { ...field, encoding: { kind: 'hash-grid', levels: 2, features: 2, coarsest: 4, finest: 9, tableLog2: 6 } };
    const slots = parameterLayout(grid).tensors;
    const parameters = Float32Array.from(initialParameters(grid, 5), (value, i) => value + 0.01 * Math.sin(i));
    for (const bits of [3, 6, 13, 15]) {
      const used = quantize(grid, parameters, bits).tensors.map(({ values }) => 1 + Math.ceil(Math.log2(1 + values.reduce((most, q) => Math.max(most, Math.abs(q)), 0))));
      expect(used).toEqual(slots.map(({ role }) => (role === 'table' ? bits : Math.min(16, bits + 3))));
      const numbers = slots.reduce((sum, { length }, i) => sum + length * used[i]!, 0);
      expect(fieldCost(grid, 64, bits, 0).fileBytes - fieldCost(grid, 64, 3, 0).fileBytes).toBeCloseTo(numbers / 8 - slots.reduce((sum, { role, length }) => sum + (length * (role === 'table' ? 3 : 6)) / 8, 0), -1);
    }
  });

  it('says zero in one way', () => {
    const parameters = initialParameters(field, 5);
    parameters.fill(0, layout.tensors[2]!.offset, layout.tensors[2]!.offset + layout.tensors[2]!.length);
    const { step, values } = quantize(field, parameters, 8).tensors[2]!;
    expect(step).toBe(0);
    expect(values.every((q) => q === 0)).toBe(true);
  });

  it('gives finite values for any finite parameters', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), fc.integer({ min: 3, max: 16 }), (extreme, bits) => {
        const parameters = initialParameters(field, 5);
        parameters[3] = extreme;
        parameters[7] = -extreme;
        expect(dequantize(field, quantize(field, parameters, bits)).every(Number.isFinite)).toBe(true);
      }),
    );
  });

  it('refuses a diverged fit by the name of the tensor', () => {
    for (const bad of [NaN, Infinity, -Infinity]) {
      const parameters = initialParameters(field, 5);
      parameters[layout.tensors[3]!.offset] = bad;
      expect(() => quantize(field, parameters, 8)).toThrow(expect.objectContaining({ code: 'quantize.diverged', message: expect.stringContaining('hidden1.bias') as string }));
    }
  });

  it('refuses bits and shapes that make no sense', () => {
    expect(() => quantize(field, initialParameters(field, 5), 2)).toThrow(expect.objectContaining({ kind: 'usage' }));
    expect(() => quantize(field, new Float32Array(3), 8)).toThrow(expect.objectContaining({ code: 'quantize.shape' }));
    expect(() => dequantize(field, { tensors: [] })).toThrow(expect.objectContaining({ code: 'quantize.shape' }));
  });
});
