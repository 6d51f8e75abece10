import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { activate, headSample } from '../field/activation';
import { omegaOf, type Activation } from '../field/field';
import { HEADS } from '../fit/test-kinds';
import { activationScales, exactActivation, exactHead, GELU_CUBIC, GELU_LINEAR, LOG2E, residualMean, ROOT_HALF_LOG2E, ROOT_LOG2E } from './exact-activations';
import { exp2, EXP2_COEFFICIENTS, INVERSE_PI } from './exact-math';

const { fround } = Math;
const anyFloat = fc.float();
const activation: fc.Arbitrary<Activation> = fc.oneof(
  fc.constantFrom<Activation>({ kind: 'relu' }, { kind: 'gelu' }, { kind: 'snake-alt' }),
  fc.record({ kind: fc.constant('sine' as const), omega0: fc.constantFrom(0.01, 30, 1000), omegaHidden: fc.constant(17.3) }),
  fc.record({ kind: fc.constant('finer' as const), omega0: fc.constantFrom(0.01, 30), omegaHidden: fc.constantFrom(1, 30), biasRange: fc.constant(1) }),
  fc.record({ kind: fc.constant('gabor' as const), omega0: fc.constantFrom(0.01, 20), omegaHidden: fc.constantFrom(7.7, 1000), scale: fc.constantFrom(0.01, 10, 1000) }),
  fc.record({ kind: fc.constant('gaussian' as const), sigma: fc.constantFrom(0.001, 0.05, 1000) }),
);

describe('2^t', () => {
  it('has coefficients that are float32 numbers', () => {
    for (const constant of [...EXP2_COEFFICIENTS, LOG2E, ROOT_LOG2E, ROOT_HALF_LOG2E, GELU_LINEAR, GELU_CUBIC]) expect(fround(constant)).toBe(constant);
    expect(LOG2E).toBe(fround(Math.LOG2E));
    expect(ROOT_LOG2E).toBe(fround(Math.sqrt(Math.LOG2E)));
    expect(ROOT_HALF_LOG2E).toBe(fround(Math.sqrt(Math.LOG2E / 2)));
    expect(GELU_LINEAR).toBe(fround(2 * Math.sqrt(2 / Math.PI) * Math.LOG2E));
    expect(GELU_CUBIC).toBe(fround(2 * Math.sqrt(2 / Math.PI) * Math.LOG2E * 0.044715));
  });

  it('is within a relative 1e-7 wherever it is not 0, and a normal float32', () => {
    let worst = 0;
    let normal = true;
    for (let t = 0; t >= -126; t = fround(t - 0.00071)) {
      const value = exp2(t);
      normal &&= value >= 2 ** -126 && fround(value) === value;
      worst = Math.max(worst, Math.abs(value / 2 ** t - 1));
    }
    expect(normal).toBe(true);
    expect(worst).toBeLessThan(1e-7);
    expect(worst).toBeGreaterThan(1e-8); // the loop looked at something
  });

  it('is exact at integers, 0 far below, at most 1, and keeps NaN', () => {
    for (let n = 0; n >= -126; n--) expect(exp2(n)).toBe(2 ** n);
    for (const t of [-126.00001, -127, -1e30, -Infinity]) expect(exp2(fround(t))).toBe(0);
    fc.assert(fc.property(fc.float({ max: 0, noNaN: true }), (t) => void expect(exp2(t)).toBeLessThanOrEqual(1)));
    expect(exp2(-1e-45)).toBe(1);
    expect(exp2(NaN)).toBeNaN();
  });
});

/** Error that float32 cannot avoid: that of the phase, which the sine passes on. */
function phaseError(kind: Activation, layer: number, z: number): number {
  const phase = kind.kind === 'finer' ? omegaOf(kind, layer) * z * (Math.abs(z) + 1) : omegaOf(kind, layer) * z;
  return 'omega0' in kind ? Math.abs(phase) * 2 ** -22 : 0;
}

describe('exact activations', () => {
  it('are the real functions to 4e-7 of their range', () => {
    fc.assert(
      fc.property(activation, fc.nat(1), fc.oneof(fc.float({ min: -10, max: 10, noNaN: true }), fc.float({ min: fround(-0.1), max: fround(0.1), noNaN: true })), (kind, layer, z) => {
        const error = Math.abs(exactActivation(kind, layer)(z) - activate(kind, layer, z).value);
        expect(error).toBeLessThan(4e-7 * Math.max(1, Math.abs(z)) + phaseError(kind, layer, z));
      }),
      { numRuns: 20_000 },
    );
  });

  it('give float32 numbers for any input, and ReLU alone hides NaN', () => {
    fc.assert(
      fc.property(activation, anyFloat, (kind, z) => {
        const value = exactActivation(kind, 0)(z);
        expect(Number.isNaN(value) || fround(value) === value).toBe(true);
        if (Number.isNaN(z)) expect(Number.isNaN(value)).toBe(kind.kind !== 'relu');
        if (kind.kind === 'gaussian' && !Number.isNaN(z)) expect(value).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 5000 },
    );
  });

  it('end where exponentials underflow and squares overflow', () => {
    const gaussian = exactActivation({ kind: 'gaussian', sigma: 0.5 }, 0);
    expect([0, 1e20, -3e38, Infinity, -Infinity].map(gaussian)).toEqual([1, 0, 0, 0, 0]);
    const gelu = exactActivation({ kind: 'gelu' }, 0);
    expect([0, 50, fround(3e38), -50, fround(-3e38)].map((z) => gelu(z) + 0)).toEqual([0, 50, fround(3e38), 0, 0]);
    expect(exactActivation({ kind: 'gabor', omega0: 20, omegaHidden: 20, scale: 10 }, 0)(1e15) + 0).toBe(0);
  });

  it('have scales that are float32 numbers', () => {
    fc.assert(
      fc.property(activation, (kind) => {
        const { phase, envelope } = activationScales(kind, 1);
        expect([fround(phase), fround(envelope)]).toEqual([phase, envelope]);
      }),
    );
    expect(activationScales({ kind: 'sine', omega0: 30, omegaHidden: 1 }, 1).phase).toBe(INVERSE_PI);
  });
});

describe('exact heads', () => {
  const heads = fc.constantFrom(...HEADS);

  it('are the real functions to 3e-7', () => {
    fc.assert(
      fc.property(heads, fc.float({ min: -20, max: 20, noNaN: true }), (head, z) => {
        expect(Math.abs(0.5 + 0.5 * exactHead(head)(z) - headSample(head, z).value)).toBeLessThan(3e-7);
      }),
      { numRuns: 5000 },
    );
  });

  it('are odd, bounded and keep NaN', () => {
    fc.assert(
      fc.property(heads, anyFloat, (head, z) => {
        const h = exactHead(head)(z);
        if (Number.isNaN(z)) {
          expect(h).toBeNaN();
          return;
        }
        expect(exactHead(head)(-z) + 0).toBe(0 - h);
        if (head !== 'linear') expect(Math.abs(h)).toBeLessThanOrEqual(1);
      }),
    );
    expect(exactHead('tanh')(Infinity)).toBe(1);
    expect(exactHead('sigmoid')(-Infinity)).toBe(-1);
  });

  it('average a block with its shortcut, sum first', () => {
    expect(residualMean(1, 3)).toBe(2);
    expect(residualMean(fround(3e38), fround(3e38))).toBe(Infinity);
  });
});
