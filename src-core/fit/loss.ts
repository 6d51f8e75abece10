/**
 * Losses of one sample in float64, with their derivatives by the prediction: the definition that every engine is checked against.
 * The loss of a step is the mean over batch and channels. y is the prediction 0.5 + 0.5 h(z), not clamped; t the target in [0, 1].
 *
 *     l2           (y - t)^2
 *     l1           |y - t|, derivative 0 at 0
 *     relative-l2  (y - t)^2 / (y^2 + epsilon), the denominator taken as a constant (Lehtinen et al. 2018; tiny-cuda-nn)
 *     huber        (y - t)^2 / 2 up to |y - t| = delta, beyond delta (|y - t| - delta / 2) (Huber 1964)
 *     mape         |y - t| / (|t| + epsilon) (Mueller et al. 2022, signed distances)
 */
import type { Loss } from './config';

export interface LossAndSlope {
  readonly loss: number;
  /** Derivative by y. */
  readonly slope: number;
}

export function lossOf(loss: Loss, y: number, t: number): LossAndSlope {
  const error = y - t;
  const size = Math.abs(error);
  switch (loss.kind) {
    case 'l2':
      return { loss: error * error, slope: 2 * error };
    case 'l1':
      return { loss: size, slope: Math.sign(error) };
    case 'relative-l2': {
      const weight = 1 / (y * y + loss.epsilon);
      return { loss: error * error * weight, slope: 2 * error * weight };
    }
    case 'huber':
      return size <= loss.delta
        ? { loss: 0.5 * error * error, slope: error }
        : { loss: loss.delta * (size - 0.5 * loss.delta), slope: loss.delta * Math.sign(error) };
    case 'mape': {
      const weight = 1 / (Math.abs(t) + loss.epsilon);
      return { loss: size * weight, slope: Math.sign(error) * weight };
    }
    default:
      return loss satisfies never;
  }
}
