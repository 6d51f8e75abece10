/**
 * "Copy as command": the `inr fit` line that does what the window is set to. Only what differs from the preset is written.
 * What has no option of its own (Adam's betas, the seed of features, ...) goes into a configuration file that the line writes first,
 * so that the command always says everything.
 */
import { compactConfig, type FitConfig } from '#core/fit/config';
import { OPTION_NAMES, optionsFor, type ConfigOptions, type OptionName } from '#core/fit/options';
import { presetById } from '#core/fit/presets';
import type { EngineName } from '#engine/engine';
import type { RequestOf } from '#main/ipc/contract';

type RawDescription = NonNullable<RequestOf<'file.load'>['raw']>;

export interface CommandSource {
  readonly inputName: string;
  readonly presetId: string;
  readonly config: FitConfig;
  readonly engine: EngineName | 'auto';
  /** Fitting time in seconds instead of a number of steps. */
  readonly seconds: number | null;
  /** How raw voxels lie, where the user said it. */
  readonly raw?: RawDescription | null;
}

/** Quotes a word for a POSIX shell when it needs it. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A file name that no option parser takes for an option. */
const safeName = (name: string): string => (name.startsWith('-') ? `./${name}` : name);

/** 'photo.jpg' -> 'photo.inr', 'scan.nii.gz' -> 'scan.inr' */
export function inrName(inputName: string): string {
  return `${inputName.replace(/(\.(nii|raw|img))?\.[^.]*$/i, '') || 'picture'}.inr`;
}

/** Options as words: a switch that is off has a name of its own, and what is null is 'none'. */
function optionWords(options: ConfigOptions): string[] {
  return (Object.entries(options) as [OptionName, string | number | boolean | null][]).flatMap(([option, value]) => {
    const name = OPTION_NAMES[option];
    if (typeof value === 'boolean') return [value ? name : name.replace('--', '--no-')];
    return [name, value === null ? 'none' : String(value)];
  });
}

/** What the command line must be told of raw voxels. */
function rawWords(raw: RawDescription | null): string[] {
  if (!raw) return [];
  const { shape, type, endian, spacing, channels = 1, skipBytes = 0 } = raw;
  const gaps = spacing?.some((gap) => gap !== 1) ? ['--spacing', spacing.join('x')] : [];
  return ['--shape', shape.join('x'), '--type', type, '--endian', endian, ...gaps, '--channels', String(channels), ...(skipBytes > 0 ? ['--skip-bytes', String(skipBytes)] : [])];
}

/** The command, ready for a POSIX shell. */
export function fitCommand(source: CommandSource): string {
  const preset = presetById(source.presetId).config;
  const { config, seconds } = source;
  const output = safeName(inrName(source.inputName));
  const words = ['inr', 'fit', safeName(source.inputName), '-o', output, ...rawWords(source.raw ?? null)];
  let heading = '';
  // Where time ends the fit, the number of steps says nothing.
  const options = optionsFor(preset, seconds === null ? config : { ...config, plan: { ...config.plan, steps: preset.plan.steps } });
  if (options) words.push('--preset', source.presetId, ...optionWords(options));
  else {
    const file = output.replace(/\.inr$/, '.json');
    heading = `cat > ${shellWord(file)} <<'END'\n${JSON.stringify(compactConfig(config))}\nEND\n`;
    words.push('--preset', file);
  }
  if (seconds !== null) words.push('--seconds', String(seconds));
  if (source.engine !== 'auto') words.push('--device', source.engine === 'webgpu' ? 'gpu' : source.engine);
  return heading + words.map(shellWord).join(' ');
}
