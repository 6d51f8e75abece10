/**
 * "Copy as command": the `inr fit` line that does what the window is set to. Only what differs from the preset is written.
 * What has no option of its own (Adam's betas, the schedule, ...) goes into a configuration file that the line writes first,
 * so that the command always says everything.
 */
import type { FitConfig } from '#core/fit/config';
import { presetById } from '#core/fit/presets';
import type { EngineName } from '#engine/engine';

export interface CommandSource {
  readonly inputName: string;
  readonly presetId: string;
  readonly config: FitConfig;
  readonly engine: EngineName | 'auto';
  /** Fitting time in seconds instead of a number of steps. */
  readonly seconds: number | null;
}

/** Quotes a word for a POSIX shell when it needs it. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A file name that no option parser takes for an option. */
const safeName = (name: string): string => (name.startsWith('-') ? `./${name}` : name);

/** 'photo.jpg' -> 'photo.inr' */
export function inrName(inputName: string): string {
  return `${inputName.replace(/\.[^.]*$/, '') || 'picture'}.inr`;
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

function encodingWord(encoding: FitConfig['network']['encoding']): string {
  switch (encoding.kind) {
    case 'identity':
      return 'identity';
    case 'octaves':
      return `octaves:${encoding.octaves}`;
    case 'fourier':
      return `fourier:${encoding.features}:${encoding.sigma}`;
    case 'dense-grid':
    case 'hash-grid':
      return encoding.kind;
    default:
      return encoding satisfies never;
  }
}

/** Whether the command line's options alone lead from the preset to this configuration. */
function expressible(preset: FitConfig, config: FitConfig): boolean {
  const { network, plan } = config;
  const encoding = network.encoding;
  const encodingFits =
    same(preset.network.encoding, encoding) ||
    encoding.kind === 'identity' ||
    (encoding.kind === 'octaves' && encoding.includeInput) ||
    (encoding.kind === 'fourier' && encoding.seed === config.seed);
  const optimizer = { ...preset.plan.optimizer, learningRate: plan.optimizer.learningRate };
  return encodingFits && same(optimizer, plan.optimizer) && same(preset.plan.schedule, plan.schedule);
}

/** The command, ready for a POSIX shell. */
export function fitCommand(source: CommandSource): string {
  const preset = presetById(source.presetId).config;
  const { config } = source;
  const output = safeName(inrName(source.inputName));
  const words = ['inr', 'fit', safeName(source.inputName), '-o', output];
  let heading = '';
  if (expressible(preset, config)) {
    const { network, plan } = config;
    words.push('--preset', source.presetId);
    const option = (name: string, value: unknown, base: unknown): void => {
      if (!same(value, base)) words.push(name, String(value));
    };
    option('--encoding', encodingWord(network.encoding), encodingWord(preset.network.encoding));
    option('--activation', network.activation.kind, preset.network.activation.kind);
    option('--depth', network.depth, preset.network.depth);
    option('--width', network.width, preset.network.width);
    if (network.activation.kind === 'sine') {
      const base = preset.network.activation.kind === 'sine' ? preset.network.activation : { omega0: 30, omegaHidden: 30 };
      option('--omega0', network.activation.omega0, base.omega0);
      option('--omega-hidden', network.activation.omegaHidden, base.omegaHidden);
    }
    option('--learning-rate', plan.optimizer.learningRate, preset.plan.optimizer.learningRate);
    option('--batch', plan.batch, preset.plan.batch);
    option('--bits', config.coding.bits, preset.coding.bits);
    option('--seed', config.seed, preset.seed);
    if (source.seconds === null) option('--steps', plan.steps, preset.plan.steps);
  } else {
    const file = output.replace(/\.inr$/, '.json');
    heading = `cat > ${shellWord(file)} <<'END'\n${JSON.stringify(config)}\nEND\n`;
    words.push('--preset', file);
  }
  if (source.seconds !== null) words.push('--seconds', String(source.seconds));
  if (source.engine !== 'auto') words.push('--device', source.engine === 'webgpu' ? 'gpu' : source.engine);
  return heading + words.map(shellWord).join(' ');
}
