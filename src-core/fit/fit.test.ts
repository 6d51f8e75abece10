import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseConfig } from './config';
import { allPresets, DEFAULT_PRESET, presetById } from './presets';
import { batchIndex, pcg3d, scaleToRange, uniform } from './random';
import { learningRate } from './schedule';

describe('random numbers', () => {
  it('scale exactly like 64-bit integers', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), fc.integer({ min: 1, max: 2 ** 31 }), (word, bound) => {
        expect(scaleToRange(word, bound)).toBe(Number((BigInt(word) * BigInt(bound)) >> 32n));
      }),
    );
  });

  it('equal the published pcg3d', () => {
    // Recomputed with 64-bit integers, straight from the paper's listing.
    const mask = 0xffffffffn;
    const reference = (a: number, b: number, c: number): number => {
      let [x, y, z] = [a, b, c].map((word) => (BigInt(word) * 1664525n + 1013904223n) & mask);
      x = (x + y * z) & mask;
      y = (y + z * x) & mask;
      z = (z + x * y) & mask;
      x ^= x >> 16n;
      y ^= y >> 16n;
      z ^= z >> 16n;
      return Number((x + y * z) & mask);
    };
    const word = fc.integer({ min: 0, max: 0xffffffff });
    fc.assert(fc.property(word, word, word, (a, b, c) => void expect(pcg3d(a, b, c)).toBe(reference(a, b, c))));
  });

  it('draw batches that cover the grid evenly', () => {
    const counts = new Uint32Array(64);
    for (let step = 0; step < 100; step++) for (let element = 0; element < 640; element++) counts[batchIndex(3, step, element, 64)]++;
    for (const hits of counts) expect(Math.abs(hits - 1000)).toBeLessThan(200); // six standard deviations
    const mean = Array.from({ length: 10000 }, (_, i) => uniform(1, 2, i)).reduce((a, b) => a + b, 0) / 10000;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.02);
  });
});

describe('presets', () => {
  it('all resolve to a checked configuration, the default among them', () => {
    const ids = allPresets().map((preset) => preset.id);
    expect(ids).toContain(DEFAULT_PRESET);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('inherit from their parent and replace an object of another kind whole', () => {
    const [small, parent] = [presetById('siren-small').config, presetById('siren').config];
    expect(small.plan.schedule).toEqual(parent.plan.schedule);
    expect(small.network.activation).toMatchObject({ kind: 'sine', omegaHidden: (parent.network.activation as { omegaHidden: number }).omegaHidden });
    expect(small.network.width).not.toBe(parent.network.width);
    expect(presetById('nerf').config.network.activation).toEqual({ kind: 'relu' });
  });

  it('give reasons for values that they have, and none of a parent for what they changed', () => {
    for (const { id, config, why } of allPresets()) {
      for (const path of Object.keys(why)) {
        const value = path.split('.').reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined)?.[key], config);
        expect(value, `${id}: ${path}`).toBeDefined();
      }
    }
    const [siren, nerf, finer] = [presetById('siren').why, presetById('nerf').why, presetById('finer').why];
    expect(nerf['plan.batch']).toBe(siren['plan.batch']);
    expect(nerf['network']).toBeUndefined();
    expect(finer['network.activation.omega0']).not.toBe(siren['network.activation.omega0']);
  });

  it('name what exists when asked for what does not', () => {
    expect(() => presetById('nope')).toThrow(/siren-small/);
  });
});

describe('configuration', () => {
  const good = presetById('siren').config;
  it('survives JSON', () => {
    expect(parseConfig(JSON.parse(JSON.stringify(good)), 'x')).toEqual(good);
  });
  it('names unknown keys and where a value is wrong', () => {
    expect(() => parseConfig({ ...good, colour: 1 }, 'my.json')).toThrow(/my\.json: colour/);
    expect(() => parseConfig({ ...good, network: { ...good.network, width: 63 } }, 'my.json')).toThrow(/network\.width/);
    expect(() => parseConfig({ ...good, plan: { ...good.plan, steps: -1 } }, 'my.json')).toThrow(/plan\.steps/);
    expect(() => parseConfig(null, 'my.json')).toThrow(/my\.json/);
  });
  it('refuses grids that do not rise, at their finest; one level has none', () => {
    const parse = (encoding: object) => parseConfig({ ...good, network: { ...good.network, encoding } }, 'my.json');
    for (const kind of [{ kind: 'dense-grid' }, { kind: 'hash-grid', tableLog2: 9 }]) {
      const grid = { ...kind, features: 2, coarsest: 31, finest: 30 };
      expect(() => parse({ ...grid, levels: 3 })).toThrow(/network\.encoding\.finest: Invalid value: the finest grid \(30 .* coarsest \(31\)$/);
      expect(parse({ ...grid, levels: 1 }).network.encoding).toEqual({ ...grid, levels: 1 });
      expect(parse({ ...grid, levels: 3, finest: 31 }).network.encoding).toMatchObject({ finest: 31 });
    }
  });
});

describe('learning rate', () => {
  const plan = presetById('siren').config.plan;
  it('falls from its base to its final share along a cosine', () => {
    const cosine = { ...plan, schedule: { kind: 'cosine', final: 0.1 } as const };
    expect(learningRate(cosine, 0)).toBeCloseTo(plan.optimizer.learningRate, 12);
    expect(learningRate(cosine, 1)).toBeCloseTo(0.1 * plan.optimizer.learningRate, 12);
    expect(learningRate(cosine, 0.5)).toBeCloseTo(0.55 * plan.optimizer.learningRate, 12);
  });
  it('stays when constant', () => {
    expect(learningRate({ ...plan, schedule: { kind: 'constant' } }, 0.7)).toBe(plan.optimizer.learningRate);
  });
});
