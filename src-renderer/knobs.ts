/** Editing a configuration by dotted paths, and what is wrong with it, in the words of its knobs (knob-list.ts). */
import * as v from 'valibot';
import { configSchema, SURFACE_DEFAULTS, type FitConfig } from '#core/fit/config';
import { isKindPlace, ofKind } from '#core/fit/kinds';
import { BITS_KNOB, KNOBS, knobsFor, STEPS_KNOB } from './knob-list';

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

const KIND = '.kind';
/** What some values mean when they are not there; said in the configuration only where they differ. */
const ABSENT = new Map(KNOBS.filter((knob) => knob.absent !== undefined).map((knob) => [knob.path, knob.absent]));

/** The value at a dotted path, or what its absence means; undefined where the path leads nowhere. */
export function valueAt(config: FitConfig, path: string): unknown {
  const value = path.split('.').reduce<unknown>((node, key) => (isRecord(node) ? node[key] : undefined), config);
  return value === undefined ? ABSENT.get(path) : value;
}

/**
 * A copy of the configuration with one value changed. A new `kind` brings its own numbers along: those of `preset` where that has the same
 * kind, else the usual ones; the first number for surfaces brings the others.
 */
export function withValue(config: FitConfig, path: string, value: unknown, preset: FitConfig = config): FitConfig {
  const place = path.endsWith(KIND) ? path.slice(0, -KIND.length) : '';
  if (isKindPlace(place)) return replaced(config, place, kindAt(config, place, String(value), preset));
  const base = path.startsWith('surface.') && !config.surface ? { ...config, surface: SURFACE_DEFAULTS } : config;
  return replaced(base, path, ABSENT.get(path) === value ? undefined : value);
}

function kindAt(config: FitConfig, place: Parameters<typeof ofKind>[0], kind: string, preset: FitConfig): unknown {
  const current = valueAt(config, place) as Parameters<typeof ofKind>[2];
  const own = valueAt(preset, place) as { readonly kind: string };
  // Optimizers keep the numbers that they share, as they were set.
  return own.kind === kind && current.kind !== kind && place !== 'plan.optimizer' ? own : ofKind(place, kind, current);
}

/** `undefined` takes the value out, and with it an object that it leaves empty. */
function replaced(config: FitConfig, path: string, value: unknown): FitConfig {
  const change = (node: unknown, [key = '', ...rest]: readonly string[]): unknown => {
    const { [key]: before, ...others } = isRecord(node) ? node : {};
    const after = rest.length === 0 ? value : change(before, rest);
    if (after === undefined) return Object.keys(others).length === 0 ? undefined : others;
    return { ...(isRecord(node) ? node : {}), [key]: after };
  };
  return change(config, path.split('.')) as FitConfig;
}

/** Faults of a configuration by dotted path; empty when it is valid. */
export function configFaults(config: FitConfig): Readonly<Record<string, string>> {
  const result = v.safeParse(configSchema, config);
  if (result.success) return {};
  const faults: Record<string, string> = {};
  for (const issue of result.issues) {
    const path = v.getDotPath(issue) ?? '';
    faults[path] ??= describe(config, path, issue.type, issue.message);
  }
  return faults;
}

function describe(config: FitConfig, path: string, type: string, message: string): string {
  const knob = [...knobsFor(config), STEPS_KNOB, BITS_KNOB].find((each) => each.path === path);
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
    case 'check':
      return `${message}.`;
    default:
      return 'A number, please.';
  }
}
