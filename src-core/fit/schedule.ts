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
    case 'step': {
      const { interval, factor } = plan.schedule;
      // A hair more than the progress: 0.6 / 0.2 is 2.9999999999999996.
      return base * factor ** Math.floor(Math.min(1, Math.max(0, progress)) / interval + 1e-9);
    }
    default:
      return plan.schedule satisfies never;
  }
}
