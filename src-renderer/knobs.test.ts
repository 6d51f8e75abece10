import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FitConfig } from '#core/fit/config';
import { KIND_DEFAULTS } from '#core/fit/kinds';
import { applyOptions, sameConfig } from '#core/fit/options';
import { allPresets, presetById } from '#core/fit/presets';
import { anySampledConfig as anyConfig } from '#core/fit/test-configs';
import { BITS_KNOB, KNOBS, knobsFor, SECTIONS, STEPS_KNOB } from './knob-list';
import { configFaults, valueAt, withValue } from './knobs';

const config = presetById('siren').config;
const all = [...KNOBS, STEPS_KNOB, BITS_KNOB];

/** One configuration for each kind of everything and one of a surface, so that each knob applies to some. */
const kinds: readonly FitConfig[] = Object.entries(KIND_DEFAULTS).flatMap(([place, kinds]) => Object.keys(kinds).map((kind) => withValue(config, `${place}.kind`, kind)));
const examples = [...kinds, presetById('surface').config];

const leaves = (value: unknown, path: string): string[] =>
  typeof value === 'object' && value !== null ? Object.entries(value).flatMap(([key, each]) => leaves(each, path ? `${path}.${key}` : key)) : [path];

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

  it('offers every kind that there is', () => {
    for (const [place, kinds] of Object.entries(KIND_DEFAULTS)) {
      const knob = KNOBS.find((each) => each.path === `${place}.kind`)!;
      expect(knob.choices!.map(({ value }) => value).sort()).toEqual(Object.keys(kinds).sort());
    }
  });

  it('takes the numbers of a kind from the preset where that has it, and keeps those of the optimizers', () => {
    const there = withValue(withValue(config, 'network.activation.kind', 'relu'), 'plan.optimizer.learningRate', 0.5);
    expect(withValue(there, 'network.activation.kind', 'sine', config).network).toEqual(config.network);
    expect(withValue(there, 'network.activation.kind', 'sine').network.activation).toEqual(KIND_DEFAULTS['network.activation'].sine);
    const muon = withValue(there, 'plan.optimizer.kind', 'muon', config);
    expect(withValue(muon, 'plan.optimizer.kind', 'adam', config).plan.optimizer).toEqual(there.plan.optimizer);
    expect(withValue(config, 'network.activation.omega0', 7).network.activation).toMatchObject({ kind: 'sine', omega0: 7 });
    const tuned = withValue(config, 'network.activation.omega0', 7);
    expect(withValue(tuned, 'network.activation.kind', 'sine', config)).toEqual(tuned);
  });

  it('says what is absent only where it differs', () => {
    expect(valueAt(config, 'network.residual')).toBe(false);
    expect(valueAt(config, 'network.head')).toBe('linear');
    const changed = withValue(withValue(config, 'network.residual', true), 'network.head', 'tanh');
    expect(changed.network).toMatchObject({ residual: true, head: 'tanh' });
    expect(withValue(withValue(changed, 'network.residual', false), 'network.head', 'linear')).toEqual(config);
  });

  it('switches what may be null off and on', () => {
    for (const knob of KNOBS.filter((each) => each.none)) {
      const on = withValue(config, knob.path, knob.none!.start);
      expect(configFaults(on)).toEqual({});
      expect(valueAt(on, knob.path)).toBe(knob.none!.start);
      expect(valueAt(withValue(on, knob.path, null), knob.path)).toBeNull();
      expect(configFaults(withValue(on, knob.path, null))).toEqual({});
    }
  });

  it('names the fault where it is', () => {
    expect(configFaults(withValue(config, 'network.width', 30))).toEqual({ 'network.width': 'A multiple of 4.' });
    expect(configFaults(withValue(config, 'network.width', 1000))['network.width']).toBe('At most 256 units.');
    expect(configFaults(withValue(config, 'plan.batch', 1.5))['plan.batch']).toMatch(/At least|whole/);
    expect(configFaults(withValue(config, 'plan.steps', Number.NaN))['plan.steps']).toBe('A number, please.');
    expect(configFaults(config)).toEqual({});
    const grid = withValue(withValue(config, 'network.encoding.kind', 'hash-grid'), 'network.encoding.features', 99);
    expect(configFaults(grid)['network.encoding.features']).toBe('At most 16 numbers.');
    expect(Object.entries(configFaults(withValue(withValue(config, 'network.encoding.kind', 'hash-grid'), 'network.encoding.coarsest', 8000)))).toContainEqual(['network.encoding.finest', expect.stringMatching(/^Invalid value: the finest grid .* \(8000\)\.$/)]);
  });
});

describe('the knobs', () => {
  it('reach every value of every configuration, and one knob each', () => {
    fc.assert(
      fc.property(anyConfig, (any) => {
        const shown = [...knobsFor(any), STEPS_KNOB, BITS_KNOB].map((knob) => knob.path);
        expect(new Set(shown).size).toBe(shown.length);
        for (const path of leaves(any, '')) if (path !== 'version' && !(path === 'plan.batch' && any.plan.sampling.kind === 'full')) expect(shown, path).toContain(path);
      }),
    );
    for (const preset of allPresets('picture')) for (const path of leaves(preset.config, '')) if (path !== 'version') expect(all.map((knob) => knob.path), path).toContain(path);
  });

  it('have the ranges of the configuration', () => {
    for (const knob of all) {
      if (knob.kind !== 'integer' && knob.kind !== 'number') continue;
      const example = examples.find((each) => knob.applies?.(each) ?? true)!;
      expect(example, knob.path).toBeDefined();
      // With one level a grid's resolutions do not bound each other.
      const base = /\.(coarsest|finest)$/.test(knob.path) ? withValue(example, 'network.encoding.levels', 1) : example;
      const faulty = (value: number): boolean => configFaults(withValue(base, knob.path, value))[knob.path] !== undefined;
      expect([faulty(knob.min!), faulty(knob.max!)], `${knob.path} of ${JSON.stringify(base.network)}`).toEqual([false, false]);
      const beyond = knob.kind === 'integer' ? knob.step! : 1e-17 + knob.max! * 1e-9;
      expect([faulty(knob.min! - (knob.kind === 'integer' ? beyond : 1e-17 + Math.abs(knob.min!) * 1e-9)), faulty(knob.max! + beyond)], knob.path).toEqual([true, true]);
    }
  });

  it('are few at first, and those of a kind show with it alone', () => {
    const shown = (example: FitConfig): string[] => knobsFor(example).map((knob) => knob.label);
    expect(KNOBS.filter((knob) => knob.level === 'first').map((knob) => knob.label)).toEqual(['Encoding', 'Activation', 'Hidden layers', 'Width', 'Learning rate']);
    expect(shown(config)).not.toContain('Muon momentum');
    expect(shown(applyOptions(config, { optimizer: 'muon' }))).toContain('Muon momentum');
    expect(shown(applyOptions(config, { sampling: 'full' }))).not.toContain('Batch');
    expect(knobsFor(config, 'picture').map((knob) => knob.label)).toEqual(shown(config).filter((label) => label !== 'Residual'));
    expect(knobsFor(config, 'volume').map((knob) => knob.label)).toEqual(shown(config));
    for (const section of SECTIONS) expect(KNOBS.some((knob) => knob.section === section && knob.level === 'advanced')).toBe(true);
  });

  it('lead back and forth between any two configurations', () => {
    fc.assert(
      fc.property(anyConfig, (wanted) => {
        let made = config;
        for (const knob of [...all.filter((each) => each.path.endsWith('.kind')), ...all]) {
          const value = valueAt(wanted, knob.path);
          if (value !== undefined && (knob.applies?.(wanted) ?? true) && value !== valueAt(made, knob.path)) made = withValue(made, knob.path, value);
        }
        if (wanted.plan.sampling.kind !== 'full') expect(sameConfig(made, wanted)).toBe(true);
      }),
    );
  });
});
