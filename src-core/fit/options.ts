/**
 * The options of `inr fit` that shape a configuration, in both directions: from options to the configuration, for the command line, and from
 * a configuration to the options that lead to it, for "copy as command". One list, so that neither can do what the other does not know.
 *
 * Options refine a base (a preset): absent ones keep what it says. The second direction proves itself by the first: what it returns has been
 * applied and has given the wanted configuration.
 */
import { StudioError } from '../errors';
import { activationName } from '../field/words';
import type { Activation, Head } from '../field/field';
import { parseConfig, SURFACE_DEFAULTS, type FitConfig, type Optimizer, type SurfacePlan } from './config';
import { ofKind } from './kinds';
import { readWord, WORD_OPTIONS, writeWord } from './option-words';

export interface ConfigOptions {
  readonly steps?: number;
  readonly seconds?: number;
  readonly seed?: number;
  readonly width?: number;
  readonly depth?: number;
  readonly encoding?: string;
  readonly activation?: Activation['kind'];
  readonly omega0?: number;
  readonly omegaHidden?: number;
  readonly biasRange?: number;
  readonly gaborScale?: number;
  readonly gaussianSigma?: number;
  readonly residual?: boolean;
  readonly head?: Head;
  readonly loss?: string;
  readonly sampling?: string;
  readonly batch?: number;
  readonly clip?: number | null;
  readonly average?: number | null;
  readonly optimizer?: Optimizer['kind'];
  readonly learningRate?: number;
  readonly muonLearningRate?: number;
  readonly momentum?: number;
  readonly weightDecay?: number;
  readonly epsilon?: number;
  readonly schedule?: string;
  readonly bits?: number;
  /** Share of the full scale; null: no residual. */
  readonly residualStep?: number | null;
  readonly truncation?: number;
  readonly surfacePoints?: number;
  readonly surfaceNear?: number;
  readonly surfaceSpread?: number;
  readonly surfaceMode?: SurfacePlan['mode'];
  readonly thickness?: number;
}

export type OptionName = keyof ConfigOptions;

/** How the command line spells each. */
export const OPTION_NAMES: Readonly<Record<OptionName, string>> = {
  steps: '--steps',
  seconds: '--seconds',
  seed: '--seed',
  width: '--width',
  depth: '--depth',
  encoding: '--encoding',
  activation: '--activation',
  omega0: '--omega0',
  omegaHidden: '--omega-hidden',
  biasRange: '--bias-range',
  gaborScale: '--gabor-scale',
  gaussianSigma: '--gaussian-sigma',
  residual: '--residual',
  head: '--head',
  loss: '--loss',
  sampling: '--sampling',
  batch: '--batch',
  clip: '--clip',
  average: '--average',
  optimizer: '--optimizer',
  learningRate: '--learning-rate',
  muonLearningRate: '--muon-learning-rate',
  momentum: '--momentum',
  weightDecay: '--weight-decay',
  epsilon: '--epsilon',
  schedule: '--schedule',
  bits: '--bits',
  residualStep: '--residual-step',
  truncation: '--truncation',
  surfacePoints: '--surface-points',
  surfaceNear: '--surface-near',
  surfaceSpread: '--surface-spread',
  surfaceMode: '--surface-mode',
  thickness: '--thickness',
};

/** With a time budget and no number of steps, time alone ends the fit: the most that a plan can hold. */
export const UNBOUNDED_STEPS = 10_000_000;

/** The numbers of activations: where each lies in the activation. */
const ACTIVATION_NUMBERS = { omega0: 'omega0', omegaHidden: 'omegaHidden', biasRange: 'biasRange', gaborScale: 'scale', gaussianSigma: 'sigma' } as const;
/** The activations that have them, for whoever gives one to another. */
const HOLDERS = {
  omega0: 'sine, finer or gabor',
  omegaHidden: 'sine, finer or gabor',
  biasRange: 'finer',
  gaborScale: 'gabor',
  gaussianSigma: 'gaussian',
} as const;
/** What turns a surface into points: where each lies in the configuration's part for surfaces. */
const SURFACE_NUMBERS = { truncation: 'truncation', surfacePoints: 'points', surfaceNear: 'near', surfaceSpread: 'spread', surfaceMode: 'mode', thickness: 'thickness' } as const;
const OPTIMIZER_NUMBERS = ['learningRate', 'muonLearningRate', 'momentum', 'weightDecay', 'epsilon'] as const;

/** Places of the configuration that an option of another name sets. */
const PLACES: Readonly<Record<string, OptionName>> = {
  'network.activation.scale': 'gaborScale',
  'network.activation.sigma': 'gaussianSigma',
  'plan.optimizer.kind': 'optimizer',
  'coding.residual.step': 'residualStep',
  'surface.points': 'surfacePoints',
  'surface.near': 'surfaceNear',
  'surface.spread': 'surfaceSpread',
  'surface.mode': 'surfaceMode',
};

const keysOf = <T extends object>(record: T): (keyof T)[] => Object.keys(record) as (keyof T)[];

/** The option that sets the value at a dotted path: a fault is told in the user's own words. */
function optionAt(path: string): string {
  const [top = '', group = top, key = group] = path.split('.');
  return OPTION_NAMES[PLACES[path] ?? WORD_OPTIONS.find((option) => option === group) ?? (key as OptionName)] ?? path;
}

const usage = (code: string, message: string): StudioError => new StudioError('usage', code, message);

function activationFor(options: ConfigOptions, base: Activation): Activation {
  const kept = ofKind('network.activation', options.activation ?? base.kind, base);
  const changed: Record<string, unknown> = { ...kept };
  for (const option of keysOf(ACTIVATION_NUMBERS)) {
    if (options[option] === undefined) continue;
    const key = ACTIVATION_NUMBERS[option];
    if (!(key in kept)) {
      throw usage('activation.option', `${OPTION_NAMES[option]} is not for ${activationName(kept.kind)} layers. Leave it out or give --activation ${HOLDERS[option]}.`);
    }
    changed[key] = options[option];
  }
  return changed as unknown as Activation;
}

function optimizerFor(options: ConfigOptions, base: Optimizer): Optimizer {
  const kept = ofKind('plan.optimizer', options.optimizer ?? base.kind, base);
  const changed: Record<string, unknown> = { ...kept };
  for (const option of OPTIMIZER_NUMBERS) {
    if (options[option] === undefined) continue;
    if (!(option in kept)) throw usage('optimizer.option', `${OPTION_NAMES[option]} is Muon's. Leave it out or give --optimizer muon.`);
    changed[option] = options[option];
  }
  return changed as unknown as Optimizer;
}

/** The part for surfaces, where the base has one or an option asks for it. */
function surfaceFor(options: ConfigOptions, base: FitConfig['surface']): FitConfig['surface'] {
  const given = keysOf(SURFACE_NUMBERS).filter((option) => options[option] !== undefined);
  if (given.length === 0) return base;
  return { ...(base ?? SURFACE_DEFAULTS), ...Object.fromEntries(given.map((option) => [SURFACE_NUMBERS[option], options[option]])) };
}

/** `base` with the given options put in. */
export function codingFor(options: Pick<ConfigOptions, 'bits' | 'residualStep'>, base: FitConfig['coding']): FitConfig['coding'] {
  const { bits, residualStep: step } = options;
  return { ...base, ...(bits !== undefined && { bits }), ...(step !== undefined && { residual: step === null ? null : { step } }) };
}

/** The configuration without what says no more than its absence, its keys in one order: equal ones are equal as JSON. */
function canonical(config: FitConfig): FitConfig {
  const { residual, head, ...network } = config.network;
  const { residual: correction, ...coding } = config.coding;
  return parseConfig({ ...config, coding: { ...coding, ...(correction && { residual: correction }) }, network: { ...network, ...(residual && { residual }), ...(head && head !== 'linear' && { head }) } }, 'options');
}

/** Whether two configurations say the same. Throws StudioError for what is none. */
export function sameConfig(a: FitConfig, b: FitConfig): boolean {
  return JSON.stringify(canonical(a)) === JSON.stringify(canonical(b));
}

/** `base` with every given option put in. Throws StudioError 'usage' that names the option at fault. */
export function applyOptions(base: FitConfig, options: ConfigOptions): FitConfig {
  const seed = options.seed ?? base.seed;
  const { network, plan, coding } = base;
  const steps = options.steps ?? (options.seconds === undefined ? plan.steps : UNBOUNDED_STEPS);
  const word = <Variant extends { readonly kind: string }>(option: (typeof WORD_OPTIONS)[number], current: Variant): Variant =>
    options[option] === undefined ? current : (readWord(option, options[option], current, seed) as Variant);
  const merged: FitConfig = {
    version: 1,
    network: {
      encoding: word('encoding', network.encoding),
      depth: options.depth ?? network.depth,
      width: options.width ?? network.width,
      activation: activationFor(options, network.activation),
      residual: options.residual ?? network.residual,
      head: options.head ?? network.head,
    },
    plan: {
      steps,
      batch: options.batch ?? plan.batch,
      sampling: word('sampling', plan.sampling),
      loss: word('loss', plan.loss),
      optimizer: optimizerFor(options, plan.optimizer),
      schedule: word('schedule', plan.schedule),
      clip: options.clip === undefined ? plan.clip : options.clip,
      average: options.average === undefined ? plan.average : options.average,
    },
    coding: codingFor(options, coding),
    seed,
  };
  const surface = surfaceFor(options, base.surface);
  try {
    return canonical(surface ? { ...merged, surface } : merged);
  } catch (error) {
    if (!(error instanceof StudioError)) throw error;
    const [, path = '', fault = error.message] = /^options: ([^:]*): (.*)$/s.exec(error.message) ?? [];
    throw usage('config.invalid', `${optionAt(path)}: ${fault}. \`inr help fit\` says what is possible.`);
  }
}

/** Every option that differs, whether or not it is enough. */
function difference(base: FitConfig, config: FitConfig): ConfigOptions {
  const found: Record<string, unknown> = {};
  const differs = (a: unknown, b: unknown): boolean => JSON.stringify(a) !== JSON.stringify(b);
  const note = (option: OptionName, value: unknown, before: unknown): void => {
    if (differs(value, before)) found[option] = value;
  };
  const { network, plan } = config;
  if (differs(network.encoding, base.network.encoding)) found.encoding = writeWord('encoding', network.encoding);
  note('activation', network.activation.kind, base.network.activation.kind);
  const activation = network.activation as Readonly<Record<string, unknown>>;
  const activationBefore = ofKind('network.activation', network.activation.kind, base.network.activation) as Readonly<Record<string, unknown>>;
  for (const option of keysOf(ACTIVATION_NUMBERS)) note(option, activation[ACTIVATION_NUMBERS[option]], activationBefore[ACTIVATION_NUMBERS[option]]);
  note('depth', network.depth, base.network.depth);
  note('width', network.width, base.network.width);
  note('residual', network.residual ?? false, base.network.residual ?? false);
  note('head', network.head ?? 'linear', base.network.head ?? 'linear');
  for (const option of ['loss', 'sampling', 'schedule'] as const) {
    if (differs(plan[option], base.plan[option])) found[option] = writeWord(option, plan[option]);
  }
  note('optimizer', plan.optimizer.kind, base.plan.optimizer.kind);
  const optimizer = plan.optimizer as Readonly<Record<string, unknown>>;
  const optimizerBefore = ofKind('plan.optimizer', plan.optimizer.kind, base.plan.optimizer) as Readonly<Record<string, unknown>>;
  for (const option of OPTIMIZER_NUMBERS) note(option, optimizer[option], optimizerBefore[option]);
  note('batch', plan.batch, base.plan.batch);
  note('clip', plan.clip, base.plan.clip);
  note('average', plan.average, base.plan.average);
  note('bits', config.coding.bits, base.coding.bits);
  note('residualStep', config.coding.residual?.step ?? null, base.coding.residual?.step ?? null);
  for (const option of keysOf(SURFACE_NUMBERS)) note(option, config.surface?.[SURFACE_NUMBERS[option]], base.surface?.[SURFACE_NUMBERS[option]]);
  note('seed', config.seed, base.seed);
  note('steps', plan.steps, base.plan.steps);
  return found;
}

/** The options that lead from `base` to `config`, or null where options alone cannot say it. */
export function optionsFor(base: FitConfig, config: FitConfig): ConfigOptions | null {
  const options = difference(base, config);
  try {
    return sameConfig(applyOptions(base, options), config) ? options : null;
  } catch {
    return null;
  }
}
