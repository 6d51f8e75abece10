/**
 * Activations and heads of the normative synthesis: each a sequence of float32 operations on the arithmetic of exact-math.ts, which
 * docs/FORMAT.md repeats and kernels/assembly/exact-activations.ts does in SIMD with the same bits. The real functions that they stand
 * for are in field/activation.ts.
 *
 * Phases are kept in half-turns and exponents in powers of two: pi and log2(e) are folded into one factor of z a layer, rounded
 * once, and no range reduction subtracts an approximation of either. Squares are formed from the scaled z, not scaled
 * afterwards, so that they overflow only where the exponential has long been 0.
 *
 * Errors against the real functions for the same float32 z: gelu, gaussian, snake-alt and the heads below 4e-7 of max(1, |z|); sine,
 * finer and gabor that plus the rounding of the phase, 2^-22 of its size at most.
 *
 * An exponential is at most 1, so no quotient divides by less than 1 and logistic and tanh cannot overflow. NaN stays NaN in all
 * but ReLU.
 */
import { omegaOf, type Activation, type Head } from '../field/field';
import { cosHalfTurns, exp2, INVERSE_PI, sineScale, sinHalfTurns } from './exact-math';

const { fround } = Math;

/** float32 of log2(e), of its root, and of the root of its half. Bits in docs/FORMAT.md. */
export const LOG2E = fround(1.4426950216293335);
export const ROOT_LOG2E = fround(1.2011224031448364);
export const ROOT_HALF_LOG2E = fround(0.8493217825889587);

/** float32 of 2 sqrt(2 / pi) log2(e), and of 0.044715 times that. */
export const GELU_LINEAR = fround(2.302208185195923);
export const GELU_CUBIC = fround(0.10294324159622192);

/** The numbers that an activation multiplies z by: the phase in half-turns, and the root of the envelope's exponent. */
export interface ActivationScales {
  readonly phase: number;
  readonly envelope: number;
}

/** Scales of hidden layer `layer`, each one rounded operation on float32 numbers; 0 where the activation has none. */
export function activationScales(activation: Activation, layer: number): ActivationScales {
  switch (activation.kind) {
    case 'sine':
    case 'finer':
      return { phase: sineScale(omegaOf(activation, layer)), envelope: 0 };
    case 'gabor':
      return { phase: sineScale(omegaOf(activation, layer)), envelope: fround(fround(activation.scale) * ROOT_LOG2E) };
    case 'gaussian':
      return { phase: 0, envelope: fround(ROOT_HALF_LOG2E / fround(activation.sigma)) };
    case 'snake-alt':
      return { phase: INVERSE_PI, envelope: 0 };
    case 'relu':
    case 'gelu':
      return { phase: 0, envelope: 0 };
    default:
      return activation satisfies never;
  }
}

/** 2^-(z envelope)^2. */
function bell(z: number, envelope: number): number {
  const d = fround(z * envelope);
  return exp2(-fround(d * d));
}

/** z logistic(2 sqrt(2 / pi) (z + 0.044715 z^3)). */
function gelu(z: number): number {
  const u = fround(z * z);
  const t = fround(z * fround(fround(GELU_CUBIC * u) + GELU_LINEAR));
  const e = exp2(-Math.abs(t));
  return fround(z * fround((t < 0 ? e : 1) / fround(1 + e)));
}

/** Activation of hidden layer `layer` (0 = first) as a function of the weighted sum z. */
export function exactActivation(activation: Activation, layer: number): (z: number) => number {
  const { phase, envelope } = activationScales(activation, layer);
  switch (activation.kind) {
    case 'sine':
      return (z) => sinHalfTurns(fround(z * phase));
    case 'relu':
      return (z) => (z > 0 ? z : 0);
    case 'gelu':
      return gelu;
    case 'finer':
      return (z) => sinHalfTurns(fround(fround(z * phase) * fround(Math.abs(z) + 1)));
    case 'gabor':
      return (z) => fround(cosHalfTurns(fround(z * phase)) * bell(z, envelope));
    case 'gaussian':
      return (z) => bell(z, envelope);
    case 'snake-alt':
      return (z) => {
        const sine = sinHalfTurns(fround(z * phase));
        return fround(fround(0.5 * z) + fround(sine * sine));
      };
    default:
      return activation satisfies never;
  }
}

/** k of the head's tanh: h = (1 - 2^-|k z|) / (1 + 2^-|k z|) with the sign of z; 0 for the linear head. Doubling is exact. */
export function headScale(head: Head): number {
  if (head === 'linear') return 0;
  return head === 'sigmoid' ? LOG2E : 2 * LOG2E;
}

/** h of the head as a function of its weighted sum z: z, tanh(z / 2) or tanh(z). The sample is 0.5 + 0.5 h (sampleOf). */
export function exactHead(head: Head): (z: number) => number {
  if (head === 'linear') return (z) => z;
  const scale = headScale(head);
  return (z) => {
    const e = exp2(-Math.abs(fround(z * scale)));
    const h = fround(fround(1 - e) / fround(1 + e));
    return z < 0 ? -h : h;
  };
}

/** Output of a layer that closes a residual block: the mean of its activation and the shortcut. */
export function residualMean(shortcut: number, value: number): number {
  return fround(0.5 * fround(shortcut + value));
}
