/**
 * Configurations of the command line: a preset by name, or a JSON file that --save-config or the app wrote. What options make of it is core's
 * (fit/options.ts), since the app writes the same options.
 */
import { parseConfig, type FitConfig } from '#core/fit/config';
import { OPTION_NAMES, type ConfigOptions, type OptionName } from '#core/fit/options';
import { allPresets, DEFAULT_PRESETS, presetById, type SignalWord } from '#core/fit/presets';
import { StudioError } from '#core/errors';
import { about, readFileNamed } from './files';

/** The options of `inr fit` that shape the configuration. */
export interface PresetOptions extends ConfigOptions {
  readonly preset?: string;
}

/** Options that say how to code what was fitted. */
const CODING: readonly OptionName[] = ['bits', 'residualStep'];

/** Whether any option says what to fit, so that a resumed fit must hold against it. */
export function shapesFit(options: PresetOptions): boolean {
  const names = (Object.keys(OPTION_NAMES) as OptionName[]).filter((name) => !CODING.includes(name));
  return options.preset !== undefined || names.some((name) => options[name] !== undefined);
}

const usage = (code: string, message: string): StudioError => new StudioError('usage', code, message);

/** A preset's configuration: its name, or a JSON file that holds a whole configuration; the default is that of what is fitted. */
export async function readPreset(preset: string | undefined, word: SignalWord): Promise<FitConfig> {
  const name = preset ?? DEFAULT_PRESETS[word];
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

/** The first place where two configurations would fit differently (coding is not fitting), or null: 'plan.steps: 2000, 500'. */
export function fitDifference(mine: FitConfig, other: FitConfig): string | null {
  const walk = (a: unknown, b: unknown, path: string): string | null => {
    if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) {
      return a === b ? null : `${path}: ${JSON.stringify(a) ?? 'nothing'} there, ${JSON.stringify(b) ?? 'nothing'} here`;
    }
    const left = a as Readonly<Record<string, unknown>>;
    const right = b as Readonly<Record<string, unknown>>;
    for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
      const found = walk(left[key], right[key], path === '' ? key : `${path}.${key}`);
      if (found) return found;
    }
    return null;
  };
  const fitting = ({ network, plan, surface, seed }: FitConfig): unknown => ({ network, plan, surface, seed });
  return walk(fitting(mine), fitting(other), '');
}
