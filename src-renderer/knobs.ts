/**
 * Every knob of a network and a plan as data: where it lies in the configuration, what it is called, its unit, its range and
 * what it does. The panel, its inline validation and "copy as command" read this one list, so that a new knob is one entry.
 */
import * as v from 'valibot';
import { FIELD_LIMITS } from '#core/field/field';
import { configSchema, type FitConfig } from '#core/fit/config';

export interface Choice {
  readonly value: string;
  readonly label: string;
}

export interface Knob {
  /** Dotted path in FitConfig. */
  readonly path: string;
  readonly label: string;
  readonly unit: string;
  /** What it does, and which way to turn it. */
  readonly help: string;
  readonly kind: 'integer' | 'number' | 'boolean' | 'choice';
  readonly min?: number;
  readonly max?: number;
  readonly step?: number;
  readonly choices?: readonly Choice[];
  readonly section: 'Network' | 'Plan';
  /** Shown only for configurations where it means something. */
  readonly applies?: (config: FitConfig) => boolean;
}

const [minOmega, maxOmega] = FIELD_LIMITS.omega;
const sine = (config: FitConfig): boolean => config.network.activation.kind === 'sine';
const octaves = (config: FitConfig): boolean => config.network.encoding.kind === 'octaves';
const fourier = (config: FitConfig): boolean => config.network.encoding.kind === 'fourier';

export const KNOBS: readonly Knob[] = [
  { section: 'Network', path: 'network.depth', label: 'Hidden layers', unit: 'layers', kind: 'integer', min: FIELD_LIMITS.depth[0], max: FIELD_LIMITS.depth[1], step: 1, help: 'More layers bend the picture further, and make it harder to fit.' },
  { section: 'Network', path: 'network.width', label: 'Width', unit: 'units', kind: 'integer', min: FIELD_LIMITS.width[0], max: FIELD_LIMITS.width[1], step: 4, help: 'Units in each hidden layer, a multiple of 4. Bytes and time grow with its square.' },
  { section: 'Network', path: 'network.activation.kind', label: 'Activation', unit: '', kind: 'choice', choices: [{ value: 'sine', label: 'Sine (SIREN)' }, { value: 'relu', label: 'ReLU' }], help: 'Sine layers hold fine detail by themselves; ReLU layers need an encoding.' },
  { section: 'Network', path: 'network.activation.omega0', label: 'ω₀, first layer', unit: '', kind: 'number', min: minOmega, max: maxOmega, step: 1, applies: sine, help: 'Frequency of the first sine layer: higher for finer detail, too high is noise.' },
  { section: 'Network', path: 'network.activation.omegaHidden', label: 'ω, other layers', unit: '', kind: 'number', min: minOmega, max: maxOmega, step: 1, applies: sine, help: 'Frequency of the other sine layers.' },
  { section: 'Network', path: 'network.encoding.kind', label: 'Encoding', unit: '', kind: 'choice', choices: [{ value: 'identity', label: 'None' }, { value: 'octaves', label: 'NeRF octaves' }, { value: 'fourier', label: 'Fourier features' }], help: 'What is made of the coordinates before the first layer.' },
  { section: 'Network', path: 'network.encoding.octaves', label: 'Octaves', unit: '', kind: 'integer', min: FIELD_LIMITS.octaves[0], max: FIELD_LIMITS.octaves[1], step: 1, applies: octaves, help: 'The finest has 2^(octaves − 1) half-turns across half the picture.' },
  { section: 'Network', path: 'network.encoding.includeInput', label: 'Plain coordinates too', unit: '', kind: 'boolean', applies: octaves, help: 'Hands the coordinates themselves to the network beside their sines and cosines.' },
  { section: 'Network', path: 'network.encoding.features', label: 'Features', unit: '', kind: 'integer', min: FIELD_LIMITS.features[0], max: FIELD_LIMITS.features[1], step: 4, applies: fourier, help: 'Number of random frequencies; each gives a sine and a cosine.' },
  { section: 'Network', path: 'network.encoding.sigma', label: 'σ', unit: 'half-turns', kind: 'number', min: FIELD_LIMITS.sigma[0], max: FIELD_LIMITS.sigma[1], step: 1, applies: fourier, help: 'Spread of the random frequencies: higher for larger, finer pictures.' },
  { section: 'Network', path: 'network.encoding.seed', label: 'Feature seed', unit: '', kind: 'integer', min: 0, max: 0xffffffff, step: 1, applies: fourier, help: 'Draws the frequencies; it goes into the file.' },
  { section: 'Plan', path: 'plan.optimizer.learningRate', label: 'Learning rate', unit: '', kind: 'number', min: 1e-8, max: 1, step: 0.0001, help: 'Too high diverges, too low crawls.' },
  { section: 'Plan', path: 'plan.schedule.kind', label: 'Schedule', unit: '', kind: 'choice', choices: [{ value: 'cosine', label: 'Cosine' }, { value: 'constant', label: 'Constant' }], help: 'How the learning rate falls over the fit.' },
  { section: 'Plan', path: 'plan.schedule.final', label: 'Final rate', unit: '× start', kind: 'number', min: 0, max: 1, step: 0.01, applies: (config) => config.plan.schedule.kind === 'cosine', help: 'The learning rate at the end, as a part of the first.' },
  { section: 'Plan', path: 'plan.batch', label: 'Batch', unit: 'samples', kind: 'integer', min: 64, max: 1_048_576, step: 64, help: 'Pixels drawn in each step.' },
  { section: 'Plan', path: 'plan.optimizer.beta1', label: 'Adam β₁', unit: '', kind: 'number', min: 0, max: 0.9999, step: 0.01, help: 'Memory of the gradient.' },
  { section: 'Plan', path: 'plan.optimizer.beta2', label: 'Adam β₂', unit: '', kind: 'number', min: 0, max: 0.999999, step: 0.001, help: "Memory of the gradient's size." },
  { section: 'Plan', path: 'plan.optimizer.epsilon', label: 'Adam ε', unit: '', kind: 'number', min: 1e-15, max: 1, step: 1e-8, help: 'Keeps the update finite where the gradient vanishes.' },
  { section: 'Plan', path: 'seed', label: 'Seed', unit: '', kind: 'integer', min: 0, max: 0xffffffff, step: 1, help: 'Same seed, same configuration, same file on the cpu engine.' },
];

/** What a newly chosen kind starts from. */
const KIND_DEFAULTS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  sine: { kind: 'sine', omega0: 30, omegaHidden: 30 },
  relu: { kind: 'relu' },
  identity: { kind: 'identity' },
  octaves: { kind: 'octaves', octaves: 8, includeInput: true },
  fourier: { kind: 'fourier', features: 96, sigma: 20, seed: 1 },
  cosine: { kind: 'cosine', final: 0.01 },
  constant: { kind: 'constant' },
};

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** The value at a dotted path; undefined where the path leads nowhere. */
export function valueAt(config: FitConfig, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (isRecord(value) ? value[key] : undefined), config);
}

/** A copy of the configuration with one value changed. A new `kind` brings its own defaults along. */
export function withValue(config: FitConfig, path: string, value: unknown): FitConfig {
  const keys = path.split('.');
  const change = (node: unknown, depth: number): unknown => {
    const key = keys[depth]!;
    const record = isRecord(node) ? node : {};
    if (depth === keys.length - 1) return key === 'kind' ? { ...KIND_DEFAULTS[String(value)] } : { ...record, [key]: value };
    return { ...record, [key]: change(record[key], depth + 1) };
  };
  return change(config, 0) as FitConfig;
}

/** Faults of a configuration by dotted path; empty when it is valid. */
export function configFaults(config: FitConfig): Readonly<Record<string, string>> {
  const result = v.safeParse(configSchema, config);
  if (result.success) return {};
  const faults: Record<string, string> = {};
  for (const issue of result.issues) {
    const path = v.getDotPath(issue) ?? '';
    faults[path] ??= describe(path, issue.type, issue.message);
  }
  return faults;
}

function describe(path: string, type: string, message: string): string {
  const knob = [...KNOBS, STEPS_KNOB, BITS_KNOB].find((each) => each.path === path);
  if (!knob) return message;
  const unit = knob.unit ? ` ${knob.unit}` : '';
  switch (type) {
    case 'min_value':
      return `At least ${knob.min}${unit}.`;
    case 'max_value':
      return `At most ${knob.max}${unit}.`;
    case 'multiple_of':
      return `A multiple of ${knob.step}.`;
    case 'integer':
      return 'A whole number.';
    default:
      return 'A number, please.';
  }
}

export const STEPS_KNOB: Knob = { section: 'Plan', path: 'plan.steps', label: 'Steps', unit: 'steps', kind: 'integer', min: 1, max: 10_000_000, step: 100, help: 'Optimizer steps; twice as many fit a little better.' };
export const BITS_KNOB: Knob = { section: 'Plan', path: 'coding.bits', label: 'Bits per parameter', unit: 'bits', kind: 'integer', min: 3, max: 16, step: 1, help: 'Fewer bits, smaller file, rougher picture.' };
