import { describe, expect, it } from 'vitest';
import { allPresets, presetById } from '#core/fit/presets';
import { BITS_KNOB, configFaults, KNOBS, STEPS_KNOB, valueAt, withValue } from './knobs';

const config = presetById('siren').config;

describe('editing a configuration', () => {
  it('changes one value in a copy', () => {
    const changed = withValue(config, 'plan.optimizer.learningRate', 0.01);
    expect(valueAt(changed, 'plan.optimizer.learningRate')).toBe(0.01);
    expect(valueAt(config, 'plan.optimizer.learningRate')).toBe(0.001);
    expect(changed.network).toBe(config.network);
  });

  it('keeps the configuration valid through every choice of every knob', () => {
    for (const knob of KNOBS.filter((each) => each.kind === 'choice'))
      for (const choice of knob.choices!) expect(configFaults(withValue(config, knob.path, choice.value))).toEqual({});
  });

  it('has a knob for every number of every preset', () => {
    const leaves = (value: unknown, path: string): string[] =>
      typeof value === 'object' && value !== null ? Object.entries(value).flatMap(([key, each]) => leaves(each, path ? `${path}.${key}` : key)) : [path];
    const known = new Set([...KNOBS, STEPS_KNOB, BITS_KNOB].map((knob) => knob.path));
    for (const preset of allPresets())
      for (const path of leaves(preset.config, '')) if (path !== 'version' && path !== 'plan.optimizer.kind') expect(known, path).toContain(path);
  });

  it('names the fault where it is', () => {
    expect(configFaults(withValue(config, 'network.width', 30))).toEqual({ 'network.width': 'A multiple of 4.' });
    expect(configFaults(withValue(config, 'network.width', 1000))['network.width']).toBe('At most 256 units.');
    expect(configFaults(withValue(config, 'plan.batch', 1.5))['plan.batch']).toMatch(/At least|whole/);
    expect(configFaults(withValue(config, 'plan.steps', Number.NaN))['plan.steps']).toBe('A number, please.');
    expect(configFaults(config)).toEqual({});
  });
});
