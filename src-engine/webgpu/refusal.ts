/** Kinds of the contract for which there are no kernels yet. */
import { gridOf, type Field } from '#core/field/field';
import type { FitPlan } from '#core/fit/config';

/** null when every kind that a fit asks for has kernels, else a sentence that names the first without. */
export function kindRefusal(field: Field, plan: FitPlan): string | null {
  const missing =
    (gridOf(field.encoding) && 'trainable grids') ||
    (plan.sampling.kind !== 'uniform' && `${plan.sampling.kind} sampling`);
  return missing ? `The webgpu engine has no kernel for ${missing} yet; choose another engine.` : null;
}
