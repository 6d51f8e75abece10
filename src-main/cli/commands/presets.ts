/** `inr presets`: the presets there are, with what each is good for. */
import { allPresets, DEFAULT_PRESETS } from '#core/fit/presets';
import { predictedBytes } from '../targets';
import { showBytes, showCount, table } from '../numbers';
import type { Terminal } from '../terminal';

const DEFAULTS: readonly string[] = Object.values(DEFAULT_PRESETS);

/** Runs the command; resolves to the exit code. */
export function presets(options: { readonly json?: boolean }, terminal: Terminal): Promise<number> {
  const all = allPresets();
  if (options.json) {
    terminal.out(`${JSON.stringify(all.map((preset) => ({ ...preset, default: DEFAULTS.includes(preset.id) })))}\n`);
    return Promise.resolve(0);
  }
  const rows = all.map(({ id, config, summary, signals }) => [
    DEFAULTS.includes(id) ? `${id} (default for ${signals.join(', ')}s)` : id,
    `${config.network.depth} x ${config.network.width}`,
    `${showCount(config.plan.steps)} steps`,
    `up to ${showBytes(predictedBytes(config, signals[0] === 'picture' ? { inputs: 2, channels: 3 } : { inputs: 3, channels: 1 }, 0))}`,
    summary,
  ]);
  terminal.out(`${table(rows, [0, 4])}\n  inr fit photo.jpg -o photo.inr --preset NAME\n  inr fit photo.jpg -o photo.inr --preset NAME --save-config mine.json, then --preset mine.json\n`);
  return Promise.resolve(0);
}
