import type { FitPlan } from './config';

/** Learning rate at a `progress` in [0, 1] through the plan. */
export function learningRate(plan: FitPlan, progress: number): number {
  const base = plan.optimizer.learningRate;
  switch (plan.schedule.kind) {
    case 'constant':
      return base;
    case 'cosine': {
      const { final } = plan.schedule;
      return base * (final + (1 - final) * 0.5 * (1 + Math.cos(Math.PI * Math.min(1, Math.max(0, progress)))));
    }
    default:
      return plan.schedule satisfies never;
  }
}
