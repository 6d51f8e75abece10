/**
 * The activations in float64, with their derivatives: the definition that every engine is checked against. Formulas and sources
 * stand in field.ts. The derivative of ReLU at 0 is 0.
 */
import { omegaOf, type Activation, type Head } from './field';

/** sqrt(2 / pi) and the cubic coefficient of the tanh form of GELU (Hendrycks and Gimpel 2016). */
export const GELU_SCALE = Math.sqrt(2 / Math.PI);
export const GELU_CUBIC = 0.044715;

export interface ValueAndSlope {
  readonly value: number;
  /** Derivative by z. */
  readonly slope: number;
}

const logistic = (x: number): number => 1 / (1 + Math.exp(-x));

/** Activation of hidden layer `layer` (0 = first) at the weighted sum z. */
export function activate(activation: Activation, layer: number, z: number): ValueAndSlope {
  const omega = omegaOf(activation, layer);
  switch (activation.kind) {
    case 'sine':
      return { value: Math.sin(omega * z), slope: omega * Math.cos(omega * z) };
    case 'relu':
      return { value: Math.max(0, z), slope: z > 0 ? 1 : 0 };
    case 'gelu': {
      const inner = logistic(2 * GELU_SCALE * (z + GELU_CUBIC * z ** 3));
      return { value: z * inner, slope: inner + z * inner * (1 - inner) * 2 * GELU_SCALE * (1 + 3 * GELU_CUBIC * z * z) };
    }
    case 'finer': {
      const phase = omega * (Math.abs(z) + 1) * z;
      return { value: Math.sin(phase), slope: omega * (2 * Math.abs(z) + 1) * Math.cos(phase) };
    }
    case 'gabor': {
      const square = activation.scale ** 2;
      const envelope = Math.exp(-square * z * z);
      const cosine = Math.cos(omega * z);
      return { value: cosine * envelope, slope: -envelope * (omega * Math.sin(omega * z) + 2 * square * z * cosine) };
    }
    case 'gaussian': {
      const value = Math.exp((-z * z) / (2 * activation.sigma ** 2));
      return { value, slope: (-z / activation.sigma ** 2) * value };
    }
    case 'snake-alt':
      return { value: 0.5 * z + Math.sin(z) ** 2, slope: 0.5 + Math.sin(2 * z) };
    default:
      return activation satisfies never;
  }
}

/** Sample 0.5 + 0.5 h(z) of the head's weighted sum, and its derivative by z. */
export function headSample(head: Head, z: number): ValueAndSlope {
  switch (head) {
    case 'linear':
      return { value: 0.5 + 0.5 * z, slope: 0.5 };
    case 'tanh': {
      const h = Math.tanh(z);
      return { value: 0.5 + 0.5 * h, slope: 0.5 * (1 - h * h) };
    }
    case 'sigmoid': {
      const h = Math.tanh(z / 2);
      return { value: 0.5 + 0.5 * h, slope: 0.25 * (1 - h * h) };
    }
    default:
      return head satisfies never;
  }
}
