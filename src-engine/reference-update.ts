/** The update of the slow, obvious engine (reference.ts): src-core/fit/optimizer.ts, word by word. */
import { isHiddenMatrix, parameterLayout } from '#core/field/layout';
import { averageDecay, clipFactor, orthogonalized } from '#core/fit/optimizer';
import type { TrainerRequest } from './engine';

/** The numbers of a fit between steps, in float64. */
export interface ReferenceState {
  readonly parameters: Float64Array;
  readonly moment1: Float64Array;
  readonly moment2: Float64Array;
  readonly average: Float64Array | null;
}

/** One update (fit/optimizer.ts) in place. `t` counts steps from 1, `rate` is the schedule's learning rate of this step. */
export function referenceUpdate(request: TrainerRequest, state: ReferenceState, unclipped: Float64Array, t: number, rate: number): void {
  const { field, plan } = request;
  const { optimizer } = plan;
  const { beta1, beta2, epsilon, weightDecay } = optimizer;
  const { parameters, moment1, moment2, average } = state;
  const factor = clipFactor(plan.clip, Math.sqrt(unclipped.reduce((sum, g) => sum + g * g, 0)));
  const gradient = unclipped.map((g) => g * factor);
  for (const slot of parameterLayout(field).tensors) {
    const end = slot.offset + slot.length;
    if (optimizer.kind === 'muon' && isHiddenMatrix(field, slot)) {
      const { momentum } = optimizer;
      const muonRate = (rate * optimizer.muonLearningRate) / optimizer.learningRate;
      for (let i = slot.offset; i < end; i++) moment1[i] = momentum * moment1[i]! + (1 - momentum) * gradient[i]!;
      const looked = gradient.slice(slot.offset, end).map((g, i) => (1 - momentum) * g + momentum * moment1[slot.offset + i]!);
      orthogonalized(looked, slot.shape[0]!).forEach((direction, i) => {
        parameters[slot.offset + i]! -= muonRate * (direction + weightDecay * parameters[slot.offset + i]!);
      });
      continue;
    }
    const decay = slot.role === 'weight' ? weightDecay : 0;
    for (let i = slot.offset; i < end; i++) {
      const g = gradient[i]!;
      if (slot.role === 'table' && g === 0) continue;
      moment1[i] = beta1 * moment1[i]! + (1 - beta1) * g;
      moment2[i] = beta2 * moment2[i]! + (1 - beta2) * g * g;
      const corrected1 = moment1[i]! / (1 - beta1 ** t);
      const corrected2 = moment2[i]! / (1 - beta2 ** t);
      parameters[i]! -= rate * (corrected1 / (Math.sqrt(corrected2) + epsilon) + decay * parameters[i]!);
    }
  }
  if (!average || plan.average === null) return;
  const d = averageDecay(plan.average, t);
  for (let i = 0; i < average.length; i++) average[i] = d * average[i]! + (1 - d) * parameters[i]!;
}
