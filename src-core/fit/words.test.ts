import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PLAN_DEFAULTS } from './config';
import { presetById } from './presets';
import { anyConfig } from './test-configs';
import { planWords } from './words';

const { plan } = presetById('siren').config;

describe('plans in words', () => {
  it('say what is not plain, and no more', () => {
    expect(planWords({ ...plan, ...PLAN_DEFAULTS, batch: 4096 })).toBe('Adam, cosine schedule, batches of 4096');
    expect(planWords({ ...plan, ...PLAN_DEFAULTS, loss: { kind: 'huber', delta: 0.1 }, sampling: { kind: 'full' }, clip: 1, average: 0.99 })).toBe('Adam, cosine schedule, full batches, Huber loss, clipped at 1, averaged by 0.99');
  });

  it('hold together for every plan', () => {
    fc.assert(fc.property(anyConfig, (config) => void expect(planWords(config.plan)).not.toMatch(/undefined|NaN|, ,|, $/)));
  });
});
