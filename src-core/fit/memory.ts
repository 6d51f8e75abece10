/**
 * What a fit keeps in memory while it runs, known before the run: the vectors that the contract of the engines and the update rules
 * (optimizer.ts) demand, and one batch of activations. Panels, padding and the shares of threads come on top and are the engines' own; the
 * signal is not counted.
 *
 * Vectors as long as the parameters: parameters, gradient and both moments (Muon's matrices have the second one too: it is part of every
 * state), and the average where the plan has one. Gradients of tables take two words a number: they are summed in fixed point, where the
 * order of samples does not matter. Muon holds three matrices for each hidden one: the direction, its Gram
 * matrix and the polynomial of that.
 */
import { encodedWidth, type Field } from '../field/field';
import { isHiddenMatrix, parameterLayout } from '../field/layout';
import type { FitPlan } from './config';
import { effectiveBatch } from './sampling';

/** Bytes of a fit of `field` on a grid of `points` points, in float32. */
export function trainingBytes(field: Field, plan: Pick<FitPlan, 'batch' | 'sampling' | 'optimizer' | 'average'>, points: number): number {
  const { length, tableLength, tensors } = parameterLayout(field);
  const vectors = plan.average === null ? 4 : 5;
  const hidden = plan.optimizer.kind === 'muon' ? tensors.filter((slot) => isHiddenMatrix(field, slot)).reduce((sum, slot) => sum + slot.length, 0) : 0;
  const activations = effectiveBatch(plan, points) * (encodedWidth(field.encoding, field.inputs) + 2 * field.depth * field.width + field.outputs);
  return 4 * (vectors * length + tableLength + 3 * hidden + activations);
}
