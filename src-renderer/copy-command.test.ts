import { describe, expect, it } from 'vitest';
import { Command } from 'commander';
import fc from 'fast-check';
import { applyOptions, sameConfig, UNBOUNDED_STEPS } from '#core/fit/options';
import { allPresets, presetById } from '#core/fit/presets';
import { anyConfig, withinOptions } from '#core/fit/test-configs';
import type { FitOptions } from '#main/cli/commands/fit';
import { addFit } from '#main/cli/fit-command';
import { testTerminal } from '#main/cli/test-terminal';
import { parseConfig } from '#core/fit/config';
import { fitCommand, inrName, shellWord } from './copy-command';
import { withValue } from './knobs';

const source = { inputName: 'photo.jpg', presetId: 'siren', config: presetById('siren').config, engine: 'auto' as const, seconds: null };

describe('copy as command', () => {
  it('is short when nothing was changed', () => {
    expect(fitCommand(source)).toBe('inr fit photo.jpg -o photo.inr --preset siren');
  });

  it('names what was changed, and only that', () => {
    let config = withValue(source.config, 'network.width', 32);
    config = withValue(config, 'plan.steps', 500);
    config = withValue(config, 'network.activation.omega0', 45);
    config = withValue(config, 'coding.bits', 7);
    expect(fitCommand({ ...source, config, engine: 'webgpu' })).toBe('inr fit photo.jpg -o photo.inr --preset siren --omega0 45 --width 32 --bits 7 --steps 500 --device gpu');
  });

  it('says another encoding in one word', () => {
    const config = withValue(withValue(source.config, 'network.encoding.kind', 'octaves'), 'network.activation.kind', 'relu');
    expect(fitCommand({ ...source, config })).toContain('--encoding octaves:8 --activation relu');
  });

  it('bounds by time instead of steps', () => {
    expect(fitCommand({ ...source, seconds: 60 })).toBe('inr fit photo.jpg -o photo.inr --preset siren --seconds 60');
  });

  it('writes a configuration file for what has no option', () => {
    const config = withValue(source.config, 'plan.optimizer.beta2', 0.95);
    const [first, json, end, last] = fitCommand({ ...source, config }).split('\n');
    expect(first).toBe("cat > photo.json <<'END'");
    expect(parseConfig(JSON.parse(json!), 'photo.json')).toEqual(config);
    expect(end).toBe('END');
    expect(last).toBe('inr fit photo.jpg -o photo.inr --preset photo.json');
  });

  it('says what is switched off', () => {
    const averaged = { ...source.config, plan: { ...source.config.plan, clip: 0.5 }, network: { ...source.config.network, residual: true } };
    expect(fitCommand({ ...source, config: averaged })).toContain(' --residual --clip 0.5');
    expect(fitCommand({ ...source, presetId: 'siren-residual', config: source.config })).toContain(' --no-residual');
  });

  it('leads the command line back to the same configuration, through its own parser', () => {
    fc.assert(
      fc.property(fc.constantFrom(...allPresets()), anyConfig, fc.option(fc.integer({ min: 1, max: 1000 })), (preset, any, seconds) => {
        const config = withinOptions(any, preset.config);
        const line = fitCommand({ ...source, presetId: preset.id, config, seconds });
        expect(line).not.toContain('\n');
        let heard: FitOptions | null = null;
        const command = new Command().exitOverride();
        addFit(command, testTerminal(), () => undefined);
        command.action((_input: string, options: FitOptions) => void (heard = options));
        command.parse(line.split(' ').slice(2), { from: 'user' });
        const { preset: id, ...options } = heard as unknown as FitOptions;
        const made = applyOptions(presetById(id!).config, options);
        expect(made.plan.steps).toBe(seconds === null ? config.plan.steps : UNBOUNDED_STEPS);
        expect(sameConfig({ ...made, plan: { ...made.plan, steps: 1 } }, { ...config, plan: { ...config.plan, steps: 1 } })).toBe(true);
      }),
    );
  });

  it('says what was said of raw voxels, in words that the command line understands', () => {
    const raw = { shape: [7, 5, 3], type: 'int16', endian: 'big', spacing: [0.5, 0.5, 2], channels: 2, skipBytes: 48 } as const;
    const line = fitCommand({ ...source, inputName: 'scan.raw.gz', raw: { ...raw, shape: [...raw.shape], spacing: [...raw.spacing] } });
    expect(line).toContain('inr fit scan.raw.gz -o scan.inr --shape 7x5x3 ');
    const command = new Command().exitOverride();
    addFit(command, testTerminal(), () => undefined);
    let heard: unknown = null;
    command.action((_input: string, options: unknown) => void (heard = options));
    command.parse(line.split(' ').slice(2), { from: 'user' });
    expect(heard).toMatchObject(raw);
  });

  it('quotes names that a shell would take apart', () => {
    expect(shellWord("it's a photo.jpg")).toBe(`'it'\\''s a photo.jpg'`);
    expect(fitCommand({ ...source, inputName: '-rf.png' })).toContain('inr fit ./-rf.png -o ./-rf.inr ');
    expect(inrName('.hidden')).toBe('picture.inr');
  });
});
