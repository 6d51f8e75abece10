/**
 * The update rules of fit/optimizer.ts in tfjs operations, with their moments in the open, so that a fit can stop and go on here or on
 * another engine. tfjs's own Adam keeps its moments to itself and adds epsilon differently.
 */
import type * as TfNamespace from '@tensorflow/tfjs';
import { isHiddenMatrix, type TensorSlot } from '#core/field/layout';
import type { Field } from '#core/field/field';
import type { FitPlan } from '#core/fit/config';
import { averageDecay, NEWTON_SCHULZ } from '#core/fit/optimizer';
import type { Tf } from './model';

type Tensor = TfNamespace.Tensor;
type Tensor2D = TfNamespace.Tensor2D;
type Variable = TfNamespace.Variable;

/** A fit's numbers, one variable a tensor of the layout. */
export interface TfState {
  readonly parameters: readonly Variable[];
  readonly moment1: readonly Variable[];
  readonly moment2: readonly Variable[];
  /** null where the plan has no average. */
  readonly average: readonly Variable[] | null;
}

/** Newton-Schulz orthogonalization of a square matrix. */
export function tfOrthogonalized(tf: Tf, update: Tensor2D): Tensor2D {
  const { a, b, c, steps, epsilon } = NEWTON_SCHULZ;
  let x: Tensor2D = tf.div(update, tf.add(tf.sqrt(tf.sum(tf.square(update))), epsilon));
  for (let step = 0; step < steps; step++) {
    const gram = tf.matMul(x, x, false, true);
    const polynomial: Tensor2D = tf.add(tf.mul(gram, b), tf.mul(tf.matMul(gram, gram), c));
    x = tf.add(tf.mul(x, a), tf.matMul(polynomial, x));
  }
  return x;
}

/** Gradients scaled down together to Euclidean norm `clip` where theirs is larger. */
function clipped(tf: Tf, gradients: readonly Tensor[], clip: number | null): readonly Tensor[] {
  if (clip === null) return gradients;
  const norm = tf.sqrt(tf.addN(gradients.map((gradient) => tf.sum(tf.square(gradient)))));
  const factor = tf.minimum(tf.div(clip, norm), 1);
  return gradients.map((gradient) => tf.mul(gradient, factor));
}

/** Returns the function that makes one update; it must run inside tf.tidy. */
export function tfUpdate(tf: Tf, field: Field, plan: FitPlan, tensors: readonly TensorSlot[], state: TfState) {
  const { optimizer } = plan;
  const { beta1, beta2, epsilon, weightDecay } = optimizer;

  const mix = (old: Tensor, value: Tensor, keep: number): Tensor => tf.add(tf.mul(old, keep), tf.mul(value, 1 - keep));

  function adam(i: number, slot: TensorSlot, gradient: Tensor, t: number, rate: number): void {
    const parameter = state.parameters[i]!;
    // Numbers of a table that no sample saw stay as they are. mask: null: all change.
    const seen = slot.role === 'table' ? tf.notEqual(gradient, 0) : null;
    const assign = (variable: Variable, value: Tensor): void => variable.assign(seen ? tf.where(seen, value, variable) : value);
    assign(state.moment1[i]!, mix(state.moment1[i]!, gradient, beta1));
    assign(state.moment2[i]!, mix(state.moment2[i]!, tf.square(gradient), beta2));
    const corrected1 = tf.mul(state.moment1[i]!, 1 / (1 - beta1 ** t));
    const corrected2 = tf.mul(state.moment2[i]!, 1 / (1 - beta2 ** t));
    const direction = tf.div(corrected1, tf.add(tf.sqrt(corrected2), epsilon));
    const pull = slot.role === 'weight' && weightDecay !== 0 ? tf.add(direction, tf.mul(parameter, weightDecay)) : direction;
    assign(parameter, tf.sub(parameter, tf.mul(pull, rate)));
  }

  function muon(i: number, gradient: Tensor, rate: number, momentum: number): void {
    const parameter = state.parameters[i]!;
    state.moment1[i]!.assign(mix(state.moment1[i]!, gradient, momentum));
    const direction = tfOrthogonalized(tf, mix(state.moment1[i]!, gradient, momentum) as Tensor2D);
    parameter.assign(tf.sub(parameter, tf.mul(tf.add(direction, tf.mul(parameter, weightDecay)), rate)));
  }

  /** `t` counts steps from 1; `rate` is the schedule's learning rate of this step. */
  return (gradients: readonly Tensor[], t: number, rate: number): void => {
    clipped(tf, gradients, plan.clip).forEach((gradient, i) => {
      const slot = tensors[i]!;
      if (optimizer.kind === 'muon' && isHiddenMatrix(field, slot)) {
        muon(i, gradient, (rate * optimizer.muonLearningRate) / optimizer.learningRate, optimizer.momentum);
      } else {
        adam(i, slot, gradient, t, rate);
      }
    });
    if (plan.average === null) return;
    const keep = averageDecay(plan.average, t);
    state.average?.forEach((average, i) => average.assign(mix(average, state.parameters[i]!, keep)));
  };
}
