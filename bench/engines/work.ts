/** The work that is timed: SIRENs on made-up data. Time depends on shapes alone, so any numbers do. */
import type { Field } from '#core/field/field';
import { PLAN_DEFAULTS, type FitPlan } from '#core/fit/config';
import { uniform } from '#core/fit/random';
import type { TrainingSet } from '#engine/engine';

/** Hidden layers of the timed SIREN: five dense layers with the head, as in the published figures that this suite is held against. */
export const DEPTH = 4;

/** SIREN on two coordinates and three channels; `depth` hidden layers. */
export function sirenField(width: number, depth = DEPTH): Field {
  return { inputs: 2, outputs: 3, encoding: { kind: 'identity' }, depth, width, activation: { kind: 'sine', omega0: 30, omegaHidden: 30 } };
}

/** Adam, mean squared error, uniform draws. */
export function adamPlan(batch: number): FitPlan {
  return {
    ...PLAN_DEFAULTS,
    steps: 1_000_000,
    batch,
    optimizer: { kind: 'adam', learningRate: 1e-4, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
    schedule: { kind: 'constant' },
  };
}

/** A square RGB picture. */
export function picture(side: number, seed = 1): TrainingSet {
  return { size: [side, side], channels: 3, type: 'uint8', samples: Uint8Array.from({ length: side * side * 3 }, (_, i) => 256 * uniform(seed, 0, i)) };
}

/** Learning rates of `steps` steps. */
export const rates = (steps: number): Float32Array => new Float32Array(steps).fill(1e-4);
