/**
 * From the options of `inr fit` to the one configuration that app, command line and file share: a preset (by name, or a file
 * that --save-config or the app wrote), refined by whatever options say, then checked as a whole. Pure apart from reading
 * the file.
 */
import type { Activation, Encoding } from '#core/field/field';
import { parseConfig, type FitConfig } from '#core/fit/config';
import { allPresets, DEFAULT_PRESET, presetById } from '#core/fit/presets';
import { StudioError } from '#core/errors';
import { about, readFileNamed } from './files';

/** The options of `inr fit` that shape the configuration; absent ones keep what the preset says. */
export interface ConfigOptions {
  readonly preset?: string;
  readonly steps?: number;
  readonly seconds?: number;
  readonly seed?: number;
  readonly width?: number;
  readonly depth?: number;
  readonly encoding?: string;
  readonly activation?: 'sine' | 'relu';
  readonly omega0?: number;
  readonly omegaHidden?: number;
  readonly learningRate?: number;
  readonly batch?: number;
  readonly bits?: number;
}

const SHAPING = ['preset', 'steps', 'seconds', 'seed', 'width', 'depth', 'encoding', 'activation', 'omega0', 'omegaHidden', 'learningRate', 'batch'] as const;

/** Whether any option says what to fit, so that a resumed fit must hold against it. */
export const shapesFit = (options: ConfigOptions): boolean => SHAPING.some((name) => options[name] !== undefined);

/** With a time budget and no number of steps, time alone ends the fit: the most that a plan can hold. */
export const UNBOUNDED_STEPS = 10_000_000;

/** The option that sets each place of the configuration: a fault is told in the user's own words. */
const OPTION_OF: Readonly<Record<string, string>> = {
  'network.width': '--width',
  'network.depth': '--depth',
  'network.encoding.octaves': '--encoding',
  'network.encoding.features': '--encoding',
  'network.encoding.sigma': '--encoding',
  'network.activation.omega0': '--omega0',
  'network.activation.omegaHidden': '--omega-hidden',
  'plan.steps': '--steps',
  'plan.batch': '--batch',
  'plan.optimizer.learningRate': '--learning-rate',
  'coding.bits': '--bits',
  seed: '--seed',
};

const usage = (code: string, message: string): StudioError => new StudioError('usage', code, message);

/** 'identity', 'octaves:8', 'fourier:96:20' (features, sigma). Throws StudioError 'usage'. */
export function readEncoding(text: string, seed: number): Encoding {
  const [kind, ...numbers] = text.split(':');
  const values = numbers.map((each) => (each.trim() === '' ? Number.NaN : Number(each)));
  if (kind === 'identity' && values.length === 0) return { kind };
  const complete = values.every(Number.isFinite);
  if (kind === 'octaves' && values.length === 1 && complete) return { kind, octaves: values[0]!, includeInput: true };
  if (kind === 'fourier' && values.length === 2 && complete) return { kind, features: values[0]!, sigma: values[1]!, seed };
  throw usage('encoding.unknown', `--encoding ${text}: no such encoding. Give identity, octaves:N (octaves:8) or fourier:N:SIGMA (fourier:96:20).`);
}

function activationFor(options: ConfigOptions, base: Activation): Activation {
  const kind = options.activation ?? base.kind;
  const { omega0, omegaHidden } = options;
  if (kind === 'relu') {
    if (omega0 !== undefined || omegaHidden !== undefined) throw usage('activation.omega', '--omega0 and --omega-hidden are for sine layers, and these are ReLU. Leave them out or give --activation sine.');
    return { kind };
  }
  if (kind !== 'sine') return base;
  const sine = base.kind === 'sine' ? base : { omega0: 30, omegaHidden: 30 };
  return { kind, omega0: omega0 ?? sine.omega0, omegaHidden: omegaHidden ?? sine.omegaHidden };
}

/** A preset's configuration: its name, or a JSON file that holds a whole configuration. */
export async function readPreset(preset: string | undefined): Promise<FitConfig> {
  const name = preset ?? DEFAULT_PRESET;
  if (allPresets().some((each) => each.id === name)) return presetById(name).config;
  if (!/\.json$|[\\/]/i.test(name)) {
    const names = allPresets().map((each) => each.id);
    throw usage('preset.unknown', `--preset ${name}: no such preset. There are ${names.join(', ')}; a file's name ends in .json.`);
  }
  const text = new TextDecoder().decode(await readFileNamed(name));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new StudioError('input', 'config.json', `${name}: it is not JSON (${(error as Error).message}). Write one with --save-config.`);
  }
  return about(name, () => Promise.resolve(parseConfig(value, name)));
}

/** `base` with every given option put in. Throws StudioError 'usage' that names the option at fault. */
export function applyOptions(base: FitConfig, options: ConfigOptions): FitConfig {
  const seed = options.seed ?? base.seed;
  const { network, plan, coding } = base;
  const steps = options.steps ?? (options.seconds === undefined ? plan.steps : UNBOUNDED_STEPS);
  const merged = {
    version: 1,
    network: {
      encoding: options.encoding === undefined ? network.encoding : readEncoding(options.encoding, seed),
      depth: options.depth ?? network.depth,
      width: options.width ?? network.width,
      activation: activationFor(options, network.activation),
    },
    plan: {
      ...plan,
      steps,
      batch: options.batch ?? plan.batch,
      optimizer: { ...plan.optimizer, learningRate: options.learningRate ?? plan.optimizer.learningRate },
    },
    coding: { ...coding, bits: options.bits ?? coding.bits },
    seed,
  };
  try {
    return parseConfig(merged, 'options');
  } catch (error) {
    if (!(error instanceof StudioError)) throw error;
    const [, path = '', fault = error.message] = /^options: ([^:]*): (.*)$/s.exec(error.message) ?? [];
    throw usage('config.invalid', `${OPTION_OF[path] ?? path}: ${fault}. \`inr help fit\` says what is possible.`);
  }
}

/** The first place where two configurations would fit differently (coding is not fitting), or null: 'plan.steps: 2000, 500'. */
export function fitDifference(mine: FitConfig, other: FitConfig): string | null {
  const walk = (a: unknown, b: unknown, path: string): string | null => {
    if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) {
      return a === b ? null : `${path}: ${JSON.stringify(a) ?? 'nothing'}, ${JSON.stringify(b) ?? 'nothing'}`;
    }
    const left = a as Readonly<Record<string, unknown>>;
    const right = b as Readonly<Record<string, unknown>>;
    for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
      const found = walk(left[key], right[key], path === '' ? key : `${path}.${key}`);
      if (found) return found;
    }
    return null;
  };
  const fitting = ({ network, plan, seed }: FitConfig): unknown => ({ network, plan, seed });
  return walk(fitting(mine), fitting(other), '');
}
