/** Small grid encodings and fits of them, for the tests that hold engines against the float64 reference. */
import type { Encoding, Field } from '#core/field/field';
import { initialParameters } from '#core/field/init';
import { parameterLayout } from '#core/field/layout';
import { PLAN_DEFAULTS, type FitPlan } from '#core/fit/config';
import { pcg3d, uniform } from '#core/fit/random';
import type { TrainerRequest, TrainState } from './engine';

/** Those levels of a hash grid that have more than 32 nodes are hashed. */
export function smallGrid(kind: 'dense-grid' | 'hash-grid', features: number, inputs: number, levels = 3): Encoding {
  const shape = { levels, features, coarsest: 3, finest: [60, 11, 7, 4][inputs - 1]! };
  return kind === 'dense-grid' ? { kind, ...shape } : { kind, ...shape, tableLog2: 5 };
}

/** A fit of noise. */
export function noiseFit(field: Field, plan: Partial<FitPlan> = {}): TrainerRequest {
  const size = [19, 7, 5, 3].slice(0, field.inputs);
  const count = size.reduce((a, b) => a * b, field.outputs);
  const samples = Uint8Array.from({ length: count }, (_, i) => pcg3d(5, 8, i) >>> 24);
  const optimizer = { kind: 'adam', learningRate: 1e-2, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0 } as const;
  return { field, data: { size, channels: field.outputs, type: 'uint8', samples }, plan: { steps: 50, batch: 150, ...PLAN_DEFAULTS, optimizer, schedule: { kind: 'constant' }, ...plan }, seed: 31 };
}

/** A fit whose first moments after a step are the gradient of that step. */
export function gradientFit(field: Field, plan: Partial<FitPlan> = {}): TrainerRequest {
  const asked = noiseFit(field, plan);
  return { ...asked, state: largeTables(field), plan: { ...asked.plan, optimizer: { ...asked.plan.optimizer, beta1: 0 } } };
}

/** A start whose tables are as large as coordinates: from the initial 1e-4 hardly anything reaches the first layer. */
export function largeTables(field: Field): TrainState {
  const parameters = initialParameters(field, 3);
  const { tableLength, length } = parameterLayout(field);
  for (let i = 0; i < tableLength; i++) parameters[i] = 2 * uniform(1, 2, i) - 1;
  return { step: 0, parameters, moment1: new Float32Array(length), moment2: new Float32Array(length) };
}

/** Indices in [0, count) whose number is exactly 0. */
export function zeros(values: ArrayLike<number>, count: number): number[] {
  return Array.from({ length: count }, (_, i) => i).filter((i) => values[i] === 0);
}
