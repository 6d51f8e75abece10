/** What every engine could do from the start; those that can do no more yet refuse the rest with this sentence. */
import { gridOf, headOf, type Field } from '#core/field/field';
import type { FitPlan } from '#core/fit/config';

export function plainRefusal(field: Field, plan: FitPlan, engine: string): string | null {
  const { activation, encoding } = field;
  const beyond =
    (gridOf(encoding) && 'trainable grids') ||
    (activation.kind !== 'sine' && activation.kind !== 'relu' && `${activation.kind} layers`) ||
    (field.residual === true && 'residual blocks') ||
    (headOf(field) !== 'linear' && `the ${headOf(field)} head`) ||
    (plan.loss.kind !== 'l2' && `the ${plan.loss.kind} loss`) ||
    (plan.optimizer.kind !== 'adam' && 'Muon') ||
    (plan.optimizer.weightDecay !== 0 && 'weight decay') ||
    (plan.sampling.kind !== 'uniform' && `${plan.sampling.kind} sampling`) ||
    (plan.clip !== null && 'gradient clipping') ||
    (plan.average !== null && 'parameter averaging');
  return beyond ? `The ${engine} engine has no kernel for ${beyond} yet; choose another engine.` : null;
}
