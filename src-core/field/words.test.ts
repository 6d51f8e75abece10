import { describe, expect, it } from 'vitest';
import { KIND_DEFAULTS } from '../fit/kinds';
import { allPresets } from '../fit/presets';
import type { Network } from './field';
import { activationWords, encodingWords, networkWords } from './words';

const sine = { kind: 'sine', omega0: 60, omegaHidden: 30 } as const;
const plain: Network = { encoding: { kind: 'identity' }, depth: 5, width: 64, activation: sine };

describe('networks in words', () => {
  it('fit into a line', () => {
    expect(networkWords(plain)).toBe('5 sine layers of 64');
    expect(networkWords({ ...plain, encoding: { kind: 'octaves', octaves: 8, includeInput: false }, activation: { kind: 'relu' } })).toBe('8 octaves, 5 ReLU layers of 64');
    expect(networkWords({ ...plain, residual: true, head: 'tanh', depth: 1 })).toBe('1 residual sine layer of 64, tanh head');
    expect(networkWords({ ...plain, residual: false, head: 'linear' })).toBe(networkWords(plain));
    for (const { config } of allPresets()) expect(networkWords(config.network).length).toBeLessThan(60);
  });

  it('say every number of every kind', () => {
    const numbers = (variant: object): string[] => Object.values(variant).filter((value) => typeof value === 'number').map(String);
    for (const encoding of Object.values(KIND_DEFAULTS['network.encoding'])) for (const number of numbers(encoding)) expect(encodingWords(encoding)).toContain(number);
    for (const activation of Object.values(KIND_DEFAULTS['network.activation'])) for (const number of numbers(activation)) expect(activationWords(activation)).toContain(number);
    expect(encodingWords({ kind: 'octaves', octaves: 3, includeInput: false })).not.toContain('coordinates');
    expect(encodingWords({ ...KIND_DEFAULTS['network.encoding']['dense-grid'], levels: 1 })).toMatch(/^1 dense grid,/);
  });
});
