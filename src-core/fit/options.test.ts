import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { configSchema, parseConfig } from './config';
import { KIND_DEFAULTS, ofKind, type KindPlace } from './kinds';
import { applyOptions, optionsFor, sameConfig, UNBOUNDED_STEPS } from './options';
import { readWord, WORD_OPTIONS, wordForms, writeWord } from './option-words';
import { allPresets, presetById } from './presets';
import { anyConfig, withinOptions } from './test-configs';

const siren = presetById('siren').config;
const anyPreset = fc.constantFrom(...allPresets().map((preset) => preset.config));

describe('kinds', () => {
  it('start from numbers that the configuration allows, each at its place', () => {
    for (const [place, defaults] of Object.entries(KIND_DEFAULTS)) {
      const [group, key] = place.split('.') as ['network' | 'plan', string];
      for (const variant of Object.values(defaults)) expect(parseConfig({ ...siren, [group]: { ...siren[group], [key]: variant } }, place)).toBeTruthy();
    }
  });

  it('are all that the schema knows', () => {
    const { network, plan } = configSchema.entries;
    const schemas = { ...network.entries, ...plan.entries } as unknown as Record<string, { options?: readonly { entries: { kind: { literal: string } } }[]; wrapped?: { options: readonly { entries: { kind: { literal: string } } }[] } }>;
    for (const place of Object.keys(KIND_DEFAULTS) as KindPlace[]) {
      const schema = schemas[place.split('.')[1]!]!;
      const kinds = (schema.options ?? schema.wrapped!.options).map((option) => option.entries.kind.literal);
      expect(Object.keys(KIND_DEFAULTS[place]).sort(), place).toEqual([...kinds].sort());
    }
  });

  it('keep what they share: the optimizers Adam’s numbers, the grids their shape, the others nothing', () => {
    const adam = { ...siren.plan.optimizer, learningRate: 0.007, weightDecay: 0.1 };
    expect(ofKind('plan.optimizer', 'muon', adam)).toMatchObject({ kind: 'muon', learningRate: 0.007, weightDecay: 0.1, momentum: 0.95 });
    const back = ofKind('plan.optimizer', 'adam', ofKind('plan.optimizer', 'muon', adam));
    expect(back).toEqual(adam);
    const dense = { kind: 'dense-grid', levels: 3, features: 4, coarsest: 5, finest: 6 } as const;
    expect(ofKind('network.encoding', 'hash-grid', dense)).toEqual({ ...dense, kind: 'hash-grid', tableLog2: 12 });
    expect(ofKind('network.activation', 'finer', { kind: 'sine', omega0: 77, omegaHidden: 88 })).toEqual(KIND_DEFAULTS['network.activation'].finer);
    expect(ofKind('network.activation', 'sine', { kind: 'sine', omega0: 77, omegaHidden: 88 })).toEqual({ kind: 'sine', omega0: 77, omegaHidden: 88 });
    expect(() => ofKind('plan.loss', 'l3', siren.plan.loss)).toThrow(RangeError);
  });
});

describe('words of kinds', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(anyConfig, (config) => {
        const { network, plan, seed } = withinOptions(config, siren);
        const variants = { encoding: network.encoding, loss: plan.loss, schedule: plan.schedule, sampling: plan.sampling };
        for (const option of WORD_OPTIONS) expect(readWord(option, writeWord(option, variants[option]), { kind: 'other' }, seed)).toEqual(variants[option]);
      }),
    );
  });

  it('without their numbers keep those of the same kind, else take usual ones', () => {
    expect(readWord('loss', 'huber', { kind: 'huber', delta: 0.7 } as never, 1)).toEqual({ kind: 'huber', delta: 0.7 });
    expect(readWord('loss', 'huber', { kind: 'l2' }, 1)).toEqual(KIND_DEFAULTS['plan.loss'].huber);
  });

  it('are refused with every form that there is', () => {
    const wrong = {
      encoding: ['octaves', 'octaves:', 'identity:2', 'fourier:3', '', 'hash-grid:8:2:16:256', 'dense-grid:1:2:3:4:5', 'toString', 'Identity'],
      loss: ['l3', 'l2:1', 'huber:', 'huber:x', 'huber:1:2', 'constructor'],
      schedule: ['step:0.2', 'cosine:0.1:2', 'linear', 'step:NaN:1', 'step:Infinity:1'],
      sampling: ['error:100', 'stratified:2', 'random'],
    } as const;
    for (const option of WORD_OPTIONS) {
      for (const text of wrong[option]) {
        const read = (): unknown => readWord(option, text, { kind: 'other' }, 1);
        expect(read, `${option} ${text}`).toThrow(new RegExp(`^--${option} .*: no such ${option}\\.`));
        for (const form of wordForms(option)) expect(read).toThrow(expect.objectContaining({ kind: 'usage', message: expect.stringContaining(form) as string }));
      }
    }
  });
});

describe('options', () => {
  it('change only what they name', () => {
    const config = applyOptions(siren, { width: 96, steps: 500, seed: 7, learningRate: 0.002, bits: 7 });
    expect(config).toEqual({
      ...siren,
      network: { ...siren.network, width: 96 },
      plan: { ...siren.plan, steps: 500, optimizer: { ...siren.plan.optimizer, learningRate: 0.002 } },
      coding: { bits: 7 },
      seed: 7,
    });
    expect(applyOptions(siren, {})).toEqual(siren);
  });

  it('put a residual in and take it out', () => {
    const coded = applyOptions(siren, { residualStep: 0.02 });
    expect(coded.coding).toEqual({ ...siren.coding, residual: { step: 0.02 } });
    expect(applyOptions(coded, { bits: 5 }).coding).toEqual({ bits: 5, residual: { step: 0.02 } });
    expect(applyOptions(coded, { residualStep: null })).toEqual(siren);
    expect(optionsFor(coded, siren)).toEqual({ residualStep: null });
  });

  it('let time alone bound the fit, unless steps are given too', () => {
    expect(applyOptions(siren, { seconds: 60 }).plan.steps).toBe(UNBOUNDED_STEPS);
    expect(applyOptions(siren, { seconds: 60, steps: 100 }).plan.steps).toBe(100);
  });

  it('switch kinds as a whole', () => {
    const { network } = applyOptions(siren, { encoding: 'fourier:32:12.5', activation: 'relu', seed: 9 });
    expect(network.encoding).toEqual({ kind: 'fourier', features: 32, sigma: 12.5, seed: 9 });
    expect(network.activation).toEqual({ kind: 'relu' });
    expect(applyOptions(presetById('nerf').config, { activation: 'sine', omega0: 20 }).network.activation).toEqual({ kind: 'sine', omega0: 20, omegaHidden: 30 });
    const finer = applyOptions(siren, { activation: 'finer', biasRange: 0, residual: true, head: 'tanh', optimizer: 'muon', momentum: 0.9, clip: 0.5, average: 0.99 });
    expect(finer.network).toMatchObject({ activation: { kind: 'finer', omega0: 30, omegaHidden: 30, biasRange: 0 }, residual: true, head: 'tanh' });
    expect(finer.plan).toMatchObject({ optimizer: { kind: 'muon', learningRate: siren.plan.optimizer.learningRate, momentum: 0.9 }, clip: 0.5, average: 0.99 });
    expect(applyOptions(finer, { residual: false, head: 'linear', clip: null, average: null, activation: 'sine', omega0: 60, optimizer: 'adam' })).toEqual(siren);
  });

  it('are refused in the words of the command line', () => {
    const refused: readonly [Parameters<typeof applyOptions>[1], RegExp][] = [
      [{ width: 30 }, /^--width: /],
      [{ encoding: 'octaves:99' }, /^--encoding: /],
      [{ encoding: 'hash-grid:8:2:16:256:99' }, /^--encoding: /],
      [{ omega0: 1e9 }, /^--omega0: /],
      [{ activation: 'gabor', gaborScale: 1e9 }, /^--gabor-scale: /],
      [{ activation: 'gaussian', gaussianSigma: 1e9 }, /^--gaussian-sigma: /],
      [{ activation: 'finer', biasRange: 1e9 }, /^--bias-range: /],
      [{ loss: 'huber:7' }, /^--loss: /],
      [{ schedule: 'step:0.5:2' }, /^--schedule: /],
      [{ sampling: 'error:100:0' }, /^--sampling: /],
      [{ optimizer: 'muon', muonLearningRate: 2 }, /^--muon-learning-rate: /],
      [{ optimizer: 'muon', momentum: 1 }, /^--momentum: /],
      [{ weightDecay: 2 }, /^--weight-decay: /],
      [{ epsilon: 2 }, /^--epsilon: /],
      [{ clip: 1e9 }, /^--clip: /],
      [{ average: 1 }, /^--average: /],
      [{ seed: -1 }, /^--seed: /],
      [{ bits: 99 }, /^--bits: /],
      [{ residualStep: 2 }, /^--residual-step: /],
      [{ residualStep: 0 }, /^--residual-step: /],
      [{ truncation: 9 }, /^--truncation: /],
      [{ surfacePoints: 1 }, /^--surface-points: /],
      [{ thickness: 9 }, /^--thickness: /],
      [{ batch: 1 }, /^--batch: /],
      [{ activation: 'relu', omega0: 30 }, /^--omega0 is not for ReLU layers.*--activation sine, finer or gabor/],
      [{ biasRange: 1 }, /^--bias-range is not for sine layers.*--activation finer/],
      [{ momentum: 0.9 }, /^--momentum is Muon's.*--optimizer muon/],
    ];
    for (const [options, words] of refused) expect(() => applyOptions(siren, options), JSON.stringify(options)).toThrow(expect.objectContaining({ kind: 'usage', message: expect.stringMatching(words) as string }));
  });
});

describe('the options that lead to a configuration', () => {
  it('are found for every configuration that options can say', () => {
    fc.assert(
      fc.property(anyPreset, anyConfig, (base, any) => {
        const config = withinOptions(any, base);
        const options = optionsFor(base, config);
        expect(options).not.toBeNull();
        expect(sameConfig(applyOptions(base, options!), config)).toBe(true);
      }),
    );
  });

  it('are none for a configuration equal to the base, and null for what has no option', () => {
    for (const { config } of allPresets()) expect(optionsFor(config, structuredClone(config))).toEqual({});
    expect(optionsFor(siren, { ...siren, plan: { ...siren.plan, optimizer: { ...siren.plan.optimizer, beta2: 0.9 } } })).toBeNull();
    const fourier = presetById('fourier').config;
    expect(optionsFor(fourier, { ...fourier, network: { ...fourier.network, encoding: { kind: 'fourier', features: 96, sigma: 20, seed: 5 } } })).toBeNull();
  });

  it('do not tell silence from its meaning', () => {
    const spoken = { ...siren, network: { ...siren.network, residual: false, head: 'linear' as const }, coding: { ...siren.coding, residual: null } };
    expect(sameConfig(siren, spoken)).toBe(true);
    expect(optionsFor(siren, spoken)).toEqual({});
    expect(sameConfig(siren, { ...siren, network: { ...siren.network, residual: true } })).toBe(false);
  });
});
