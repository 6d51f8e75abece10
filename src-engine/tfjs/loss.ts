/** The losses of fit/loss.ts in tfjs operations. */
import type * as TfNamespace from '@tensorflow/tfjs';
import type { Loss } from '#core/fit/config';
import type { Tf } from './model';

type Tensor = TfNamespace.Tensor;

/** Loss of every sample: `y` predictions, `t` targets, both [n, channels]. */
export function tfLoss(tf: Tf, loss: Loss, y: Tensor, t: Tensor): Tensor {
  const error = tf.sub(y, t);
  // The sign is a constant to tfjs, so that the derivative at 0 is 0, which that of tf.abs is not.
  const size = tf.mul(error, tf.sign(error));
  switch (loss.kind) {
    case 'l2':
      return tf.square(error);
    case 'l1':
      return size;
    case 'relative-l2':
      return tf.div(tf.square(error), tf.add(tf.square(constant(tf, y)), loss.epsilon));
    case 'huber': {
      // size^2 / 2 up to delta, delta (size - delta / 2) beyond, without a branch.
      const near = tf.minimum(size, loss.delta);
      return tf.mul(near, tf.sub(size, tf.mul(near, 0.5)));
    }
    case 'mape':
      return tf.div(size, tf.add(tf.abs(t), loss.epsilon));
    default:
      return loss satisfies never;
  }
}

/** The same values, through which no gradient passes. */
function constant(tf: Tf, x: Tensor): Tensor {
  return tf.customGrad((tensor) => ({ value: tf.clone(tensor as Tensor), gradFunc: (slope: Tensor) => tf.zerosLike(slope) }))(x);
}
