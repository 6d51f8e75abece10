/**
 * The one configuration that app, command line and provenance chunk share: JSON, versioned, checked, unknown keys refused by
 * name. Everything about a fit that is not the signal.
 */
import * as v from 'valibot';
import { FIELD_LIMITS } from '../field/field';
import { StudioError } from '../errors';

const between = (limits: readonly [number, number]) => v.pipe(v.number(), v.finite(), v.minValue(limits[0]), v.maxValue(limits[1]));
const integerBetween = (limits: readonly [number, number]) => v.pipe(between(limits), v.integer());
const unsigned32 = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffffffff));

export const encodingSchema = v.variant('kind', [
  v.strictObject({ kind: v.literal('identity') }),
  v.strictObject({ kind: v.literal('octaves'), octaves: integerBetween(FIELD_LIMITS.octaves), includeInput: v.boolean() }),
  v.strictObject({
    kind: v.literal('fourier'),
    features: integerBetween(FIELD_LIMITS.features),
    sigma: between(FIELD_LIMITS.sigma),
    seed: unsigned32,
  }),
]);

export const activationSchema = v.variant('kind', [
  v.strictObject({ kind: v.literal('sine'), omega0: between(FIELD_LIMITS.omega), omegaHidden: between(FIELD_LIMITS.omega) }),
  v.strictObject({ kind: v.literal('relu') }),
]);

export const networkSchema = v.strictObject({
  encoding: encodingSchema,
  depth: integerBetween(FIELD_LIMITS.depth),
  width: v.pipe(integerBetween(FIELD_LIMITS.width), v.multipleOf(4)),
  activation: activationSchema,
});

export const scheduleSchema = v.variant('kind', [
  v.strictObject({ kind: v.literal('constant') }),
  /** Half a cosine from the learning rate down to `final` times it. */
  v.strictObject({ kind: v.literal('cosine'), final: between([0, 1]) }),
]);

export const planSchema = v.strictObject({
  /** Number of optimizer steps. */
  steps: integerBetween([1, 10_000_000]),
  /** Samples drawn in each step, uniform with replacement. */
  batch: integerBetween([64, 1_048_576]),
  /** Adam (Kingma and Ba 2015); beta1, beta2 and epsilon as in the paper unless set. */
  optimizer: v.strictObject({
    kind: v.literal('adam'),
    learningRate: between([1e-8, 1]),
    beta1: between([0, 0.9999]),
    beta2: between([0, 0.999999]),
    epsilon: between([1e-15, 1]),
  }),
  schedule: scheduleSchema,
});

export const codingSchema = v.strictObject({
  /** Bits of the uniform quantizer of every tensor, 3 to 16. */
  bits: integerBetween([3, 16]),
});

export const configSchema = v.strictObject({
  version: v.literal(1),
  network: networkSchema,
  plan: planSchema,
  coding: codingSchema,
  seed: unsigned32,
});

export type FitConfig = v.InferOutput<typeof configSchema>;
export type FitPlan = FitConfig['plan'];
export type Schedule = FitPlan['schedule'];

/** Checks a parsed JSON value. Throws StudioError 'input'/'config.invalid' that names the first fault and where it is. */
export function parseConfig(value: unknown, source: string): FitConfig {
  const result = v.safeParse(configSchema, value);
  if (result.success) return result.output;
  const issue = result.issues[0];
  const path = v.getDotPath(issue) ?? '(top)';
  throw new StudioError('input', 'config.invalid', `${source}: ${path}: ${issue.message}`);
}
