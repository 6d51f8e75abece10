/**
 * The one configuration that app, command line and provenance chunk share: JSON, versioned, checked, unknown keys refused by
 * name. Everything about a fit that is not the signal.
 */
import * as v from 'valibot';
import { FIELD_LIMITS, type GridShape } from '../field/field';
import { gridFault } from '../field/grid';
import { StudioError } from '../errors';

const between = (limits: readonly [number, number]) => v.pipe(v.number(), v.finite(), v.minValue(limits[0]), v.maxValue(limits[1]));
const integerBetween = (limits: readonly [number, number]) => v.pipe(between(limits), v.integer());
const unsigned32 = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffffffff));

const gridShape = {
  levels: integerBetween(FIELD_LIMITS.levels),
  features: integerBetween(FIELD_LIMITS.gridFeatures),
  coarsest: integerBetween(FIELD_LIMITS.resolution),
  finest: integerBetween(FIELD_LIMITS.resolution),
};

/** Refuses grids that do not rise; the fault is the finest's. */
const rising = <Shape extends GridShape>() => v.check<Shape, (issue: v.CheckIssue<Shape>) => string>((shape) => gridFault(shape) === null, ({ input }) => `Invalid value: ${gridFault(input)}`);

export const encodingSchema = v.variant('kind', [
  v.strictObject({ kind: v.literal('identity') }),
  v.strictObject({ kind: v.literal('octaves'), octaves: integerBetween(FIELD_LIMITS.octaves), includeInput: v.boolean() }),
  v.strictObject({
    kind: v.literal('fourier'),
    features: integerBetween(FIELD_LIMITS.features),
    sigma: between(FIELD_LIMITS.sigma),
    seed: unsigned32,
  }),
  v.pipe(v.strictObject({ kind: v.literal('dense-grid'), ...gridShape }), v.forward(rising(), ['finest'])),
  v.pipe(v.strictObject({ kind: v.literal('hash-grid'), ...gridShape, tableLog2: integerBetween(FIELD_LIMITS.tableLog2) }), v.forward(rising(), ['finest'])),
]);

export const activationSchema = v.variant('kind', [
  v.strictObject({ kind: v.literal('sine'), omega0: between(FIELD_LIMITS.omega), omegaHidden: between(FIELD_LIMITS.omega) }),
  v.strictObject({ kind: v.literal('relu') }),
  v.strictObject({ kind: v.literal('gelu') }),
  v.strictObject({
    kind: v.literal('finer'),
    omega0: between(FIELD_LIMITS.omega),
    omegaHidden: between(FIELD_LIMITS.omega),
    biasRange: between(FIELD_LIMITS.biasRange),
  }),
  v.strictObject({
    kind: v.literal('gabor'),
    omega0: between(FIELD_LIMITS.omega),
    omegaHidden: between(FIELD_LIMITS.omega),
    scale: between(FIELD_LIMITS.gaborScale),
  }),
  v.strictObject({ kind: v.literal('gaussian'), sigma: between(FIELD_LIMITS.gaussianSigma) }),
  v.strictObject({ kind: v.literal('snake-alt') }),
]);

export const networkSchema = v.strictObject({
  encoding: encodingSchema,
  depth: integerBetween(FIELD_LIMITS.depth),
  width: v.pipe(integerBetween(FIELD_LIMITS.width), v.multipleOf(4)),
  activation: activationSchema,
  residual: v.optional(v.boolean()),
  head: v.optional(v.picklist(['linear', 'sigmoid', 'tanh'])),
});

export const scheduleSchema = v.variant('kind', [
  v.strictObject({ kind: v.literal('constant') }),
  /** Half a cosine from the learning rate down to `final` times it. */
  v.strictObject({ kind: v.literal('cosine'), final: between([0, 1]) }),
  /** Times `factor` after each `interval` of the plan (0.2: four times before the end). */
  v.strictObject({ kind: v.literal('step'), interval: between([0.001, 1]), factor: between([0.001, 1]) }),
]);

/** What a step makes small; formulas in loss.ts. */
export const lossSchema = v.variant('kind', [
  v.strictObject({ kind: v.literal('l2') }),
  v.strictObject({ kind: v.literal('l1') }),
  v.strictObject({ kind: v.literal('relative-l2'), epsilon: between([1e-6, 1]) }),
  v.strictObject({ kind: v.literal('huber'), delta: between([1e-6, 1]) }),
  v.strictObject({ kind: v.literal('mape'), epsilon: between([1e-6, 1]) }),
]);

/** Which points a step sees; definitions in sampling.ts. */
export const samplingSchema = v.variant('kind', [
  v.strictObject({ kind: v.literal('uniform') }),
  v.strictObject({ kind: v.literal('stratified') }),
  v.strictObject({ kind: v.literal('full') }),
  /** A new table every `refresh` steps; `uniform`: share of the draws that stays uniform. */
  v.strictObject({ kind: v.literal('error'), refresh: integerBetween([1, 100_000]), uniform: between([0.01, 1]) }),
]);

const adam = {
  learningRate: between([1e-8, 1]),
  beta1: between([0, 0.9999]),
  beta2: between([0, 0.999999]),
  epsilon: between([1e-15, 1]),
  /** Decoupled (Loshchilov and Hutter 2019): weights of dense layers shrink by learning rate x this every step. */
  weightDecay: v.optional(between([0, 1]), 0),
};

/** Update rules; definitions in optimizer.ts. */
export const optimizerSchema = v.variant('kind', [
  v.strictObject({ kind: v.literal('adam'), ...adam }),
  /** Muon for hidden matrices, with its own learning rate and momentum; Adam, as given, for everything else. */
  v.strictObject({ kind: v.literal('muon'), ...adam, muonLearningRate: between([1e-8, 1]), momentum: between([0, 0.9999]) }),
]);

/** What a plan says where a configuration is silent; compactConfig leaves it out again. */
export const PLAN_DEFAULTS = { sampling: { kind: 'uniform' }, loss: { kind: 'l2' }, clip: null, average: null } as const;

export const planSchema = v.strictObject({
  /** Number of optimizer steps. */
  steps: integerBetween([1, 10_000_000]),
  /** Samples drawn in each step; full batches take all points instead. */
  batch: integerBetween([64, 1_048_576]),
  sampling: v.optional(samplingSchema, PLAN_DEFAULTS.sampling),
  loss: v.optional(lossSchema, PLAN_DEFAULTS.loss),
  optimizer: optimizerSchema,
  schedule: scheduleSchema,
  /** Largest Euclidean norm of the whole gradient; longer ones are scaled down to it. null: never. */
  clip: v.optional(v.nullable(between([1e-6, 1e6])), PLAN_DEFAULTS.clip),
  /** Decay of the exponential moving average of the parameters, which is then what is shown and saved. null: none. */
  average: v.optional(v.nullable(between([0, 0.99999])), PLAN_DEFAULTS.average),
});

/** Steps of residuals as shares of the full scale: the finest that a residual has on 16 bits, to all of it. */
export const RESIDUAL_RANGE = [2 ** -18, 1] as const;

export const codingSchema = v.strictObject({
  /** Bits of the uniform quantizer, 3 to 16; layers behind tables get more (tensorBits in field/cost.ts). */
  bits: integerBetween([3, 16]),
  /**
   * Of volumes: what the network lacks is coded too (coding/residual). Its step is a share of the full scale of the codes, and sets the error:
   * about a third of it, root mean square. null or absent: none.
   */
  residual: v.optional(v.nullable(v.strictObject({ step: between(RESIDUAL_RANGE) }))),
});

/** How a surface becomes points with distances; used for surfaces alone. Lengths in domain units: the mesh spans about 1.8 of them. */
export const surfaceSchema = v.strictObject({
  /** Distances beyond it are cut off. */
  truncation: between([0.001, 2]),
  /** Points that are drawn before the fit and then learned from. */
  points: integerBetween([4096, 16_777_216]),
  /** Share of the points near the surface; the others fill the cube. */
  near: between([0, 1]),
  /** Standard deviation of the distance of near points from the surface. */
  spread: between([1e-5, 1]),
  /** Whether the mesh encloses a solid, or is a sheet that gets a thickness; auto looks at the mesh. */
  mode: v.optional(v.picklist(['auto', 'signed', 'thickness']), 'auto'),
  /** Of sheets. */
  thickness: v.optional(between([0.001, 0.5]), 0.02),
});

export const SURFACE_DEFAULTS: v.InferOutput<typeof surfaceSchema> = { truncation: 0.1, points: 1_048_576, near: 0.85, spread: 0.02, mode: 'auto', thickness: 0.02 };

export const configSchema = v.strictObject({
  version: v.literal(1),
  network: networkSchema,
  plan: planSchema,
  surface: v.optional(surfaceSchema),
  coding: codingSchema,
  seed: unsigned32,
});

export type FitConfig = v.InferOutput<typeof configSchema>;
export type FitPlan = FitConfig['plan'];
export type SurfacePlan = v.InferOutput<typeof surfaceSchema>;
export type Schedule = FitPlan['schedule'];
export type Loss = FitPlan['loss'];
export type Sampling = FitPlan['sampling'];
export type Optimizer = FitPlan['optimizer'];

/** Checks a parsed JSON value. Throws StudioError 'input'/'config.invalid' that names the first fault and where it is. */
export function parseConfig(value: unknown, source: string): FitConfig {
  const result = v.safeParse(configSchema, value);
  if (result.success) return result.output;
  const issue = result.issues[0];
  const path = v.getDotPath(issue) ?? '(top)';
  throw new StudioError('input', 'config.invalid', `${source}: ${path}: ${issue.message}`);
}

/** The configuration without what parseConfig puts back by itself: provenance is bytes in every file. */
export function compactConfig(config: FitConfig): unknown {
  const { optimizer, ...rest } = config.plan;
  const silent = (key: string, value: unknown): boolean => key in PLAN_DEFAULTS && JSON.stringify(value) === JSON.stringify(PLAN_DEFAULTS[key as keyof typeof PLAN_DEFAULTS]);
  const plan = Object.fromEntries(Object.entries(rest).filter(([key, value]) => !silent(key, value)));
  const { weightDecay, ...rule } = optimizer;
  const { residual, ...coding } = config.coding;
  return { ...config, coding: residual ? config.coding : coding, plan: { ...plan, optimizer: weightDecay === 0 ? rule : optimizer } };
}
