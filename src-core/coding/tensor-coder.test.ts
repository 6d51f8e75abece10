import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import type { Field } from '../field/field';
import { parameterLayout } from '../field/layout';
import { decodeTensors, encodeTensors } from './tensor-coder';
import type { QuantizedParameters } from './types';

const field: Field = { inputs: 2, outputs: 3, encoding: { kind: 'identity' }, depth: 2, width: 8, activation: { kind: 'relu' } };
const layout = parameterLayout(field);

/** Deterministic uniform numbers. */
function generator(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return ((state >>> 8) + 0.5) / 2 ** 24;
  };
}

function drawn(wide: Field, draw: (random: () => number) => number): QuantizedParameters {
  const random = generator(9);
  return { tensors: parameterLayout(wide).tensors.map(({ length }) => ({ step: 0.25, values: Int32Array.from({ length }, () => draw(random)) })) };
}

const tensor = (length: number) =>
  fc
    .record({
      step: fc.float({ noNaN: true, min: Math.fround(1e-30), max: Math.fround(1e30) }),
      values: fc.array(fc.oneof(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -32767, max: 32767 })), { minLength: length, maxLength: length }),
    })
    .map(({ step, values }) => ({ step: values.every((q) => q === 0) ? 0 : step, values: Int32Array.from(values) }));
const quantized = fc.tuple(...layout.tensors.map(({ length }) => tensor(length))).map((tensors) => ({ tensors }));

describe('tensor coder', () => {
  it('gives back every integer and step', () => {
    fc.assert(
      fc.property(quantized, (source) => {
        const data = encodeTensors(layout, source);
        const { quantized: decoded, tensorBits } = decodeTensors(layout, data);
        expect(decoded).toEqual(source);
        const bits = tensorBits.reduce((sum, value) => sum + value, 0);
        expect(bits).toBeLessThanOrEqual(8 * data.length);
        expect(bits).toBeGreaterThan(8 * data.length - 17);
      }),
    );
  });

  const wide: Field = { ...field, width: 64, depth: 3 };
  const count = parameterLayout(wide).length;

  it('codes 8-bit bell-shaped integers near their entropy', () => {
    const sigma = 30;
    const bell = drawn(wide, (random) => {
      const z = Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
      return Math.max(-127, Math.min(127, Math.round(z * sigma)));
    });
    const entropy = Math.log2(sigma * Math.sqrt(2 * Math.PI * Math.E));
    expect((8 * encodeTensors(parameterLayout(wide), bell).length) / count).toBeLessThan(entropy * 1.015);
  });

  it('codes peaked integers far below their raw bits', () => {
    const peaked = drawn(wide, (random) => Math.round(Math.log(random()) * (random() < 0.5 ? 2 : -2)));
    // Laplace of scale 2: log2(2 e scale) bits at high resolution.
    expect((8 * encodeTensors(parameterLayout(wide), peaked).length) / count).toBeLessThan(Math.log2(4 * Math.E) * 1.02);
  });

  it('spends next to nothing on tensors of zeros', () => {
    const zeros = { tensors: layout.tensors.map(({ length }) => ({ step: 0, values: new Int32Array(length) })) };
    expect(encodeTensors(layout, zeros).length).toBeLessThan(8);
  });

  it('refuses what no file can say', () => {
    const good = drawn(field, () => 1);
    const change = (step: number, q: number) => ({ tensors: good.tensors.map((t, i) => (i === 1 ? { step, values: t.values.map(() => q) } : t)) });
    for (const bad of [change(0, 1), change(0.5, 0), change(0.1, 1), change(-1, 1), change(NaN, 1), change(1, 32768), change(2 ** 120, 32767), change(2 ** -130, 1), { tensors: [] }]) {
      expect(() => encodeTensors(layout, bad)).toThrow(expect.objectContaining({ code: 'container.parameters' }));
    }
  });

  it('takes any bytes to an error or to the one message they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (data) => {
        try {
          expect(encodeTensors(layout, decodeTensors(layout, data).quantized)).toEqual(data);
        } catch (error) {
          expect(error).toMatchObject({ code: 'container.parameters' });
        }
      }),
      { numRuns: 300 },
    );
  });

  it('takes no prefix of any bytes that is not the message of what it says', () => {
    // Small enough that random bytes often end where a message does.
    const tiny = parameterLayout({ ...field, inputs: 1, outputs: 1, depth: 1, width: 4 });
    let accepted = 0;
    fc.assert(
      fc.property(fc.array(fc.nat(255), { minLength: 24, maxLength: 24 }), (bytes) => {
        for (let length = 1; length < bytes.length; length++) {
          const data = Uint8Array.from(bytes.slice(0, length));
          try {
            const { quantized: decoded } = decodeTensors(tiny, data);
            expect(encodeTensors(tiny, decoded)).toEqual(data);
            accepted++;
          } catch (error) {
            expect(error).toMatchObject({ code: 'container.parameters' });
          }
        }
      }),
      { numRuns: 400, seed: 77 },
    );
    expect(accepted).toBeGreaterThan(0);
  });

  it('accepts one coding only', () => {
    const data = encodeTensors(layout, drawn(field, (random) => Math.round(random() * 9) - 4));
    expect(() => decodeTensors(layout, data.subarray(0, data.length - 3))).toThrow();
    expect(() => decodeTensors(layout, Uint8Array.of(...data, 0))).toThrow(expect.objectContaining({ code: 'container.parameters' }));
    const last = Uint8Array.from(data);
    last[last.length - 1]! ^= 1;
    expect(() => decodeTensors(layout, last)).toThrow();
  });
});
