import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fieldFor } from '#core/field/field';
import { initialParameters } from '#core/field/init';
import { presetById } from '#core/fit/presets';
import { decodeCheckpoint, encodeCheckpoint, type Checkpoint } from './checkpoint';
import { signalFingerprint } from '../service/subject';
import { resumeFrom } from './resume';

const config = presetById('siren-small').config;
const parameters = initialParameters(fieldFor(config.network, 2, 3), 5);
const checkpoint: Checkpoint = {
  config,
  seconds: 12.5,
  secondsBudget: 60,
  fingerprint: 'abc',
  inputs: 2,
  channels: 3,
  state: { step: 321, parameters, moment1: parameters.map((value) => value / 2), moment2: parameters.map((value) => value * value) },
};
const bytes = encodeCheckpoint(checkpoint);

describe('a checkpoint', () => {
  it('comes back as it was', () => {
    expect(decodeCheckpoint(bytes)).toEqual(checkpoint);
  });

  it('holds the average where the plan has one, and no other number of vectors', () => {
    const averaging = { ...checkpoint, config: { ...config, plan: { ...config.plan, average: 0.99 } } };
    const complete = { ...averaging, state: { ...checkpoint.state, average: parameters.map((value) => value - 1) } };
    expect(decodeCheckpoint(encodeCheckpoint(complete))).toEqual(complete);
    expect(() => decodeCheckpoint(encodeCheckpoint(averaging))).toThrow(/damaged/);
    expect(() => decodeCheckpoint(encodeCheckpoint({ ...complete, config }))).toThrow(/damaged/);
  });

  it('holds the table of draws where there is one, as long as it says', () => {
    const drawn = { ...checkpoint, state: { ...checkpoint.state, drawLimits: Uint32Array.of(7, 2 ** 31, 0xffffffff) } };
    const written = encodeCheckpoint(drawn);
    expect(written.length).toBeGreaterThanOrEqual(bytes.length + 12);
    expect(decodeCheckpoint(written)).toEqual(drawn);
    const empty = { ...drawn, state: { ...drawn.state, drawLimits: new Uint32Array(65_537) } };
    expect(() => decodeCheckpoint(encodeCheckpoint(empty))).toThrow(/damaged/);
  });

  it('of an earlier version, whose configuration says less, is read with what it meant', () => {
    const { sampling: _sampling, loss: _loss, clip: _clip, average: _average, optimizer, ...plan } = config.plan;
    const { weightDecay: _decay, ...adam } = optimizer;
    const earlier = { ...checkpoint, config: { ...config, plan: { ...plan, optimizer: adam } } } as unknown as Checkpoint;
    expect(decodeCheckpoint(encodeCheckpoint(earlier))).toEqual(checkpoint);
  });

  it('is refused when cut or changed anywhere', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const changed = bytes.slice();
        changed[at]! ^= mask;
        expect(() => decodeCheckpoint(changed)).toThrow(/damaged/);
        expect(() => decodeCheckpoint(bytes.subarray(0, at))).toThrow(/damaged/);
      }),
      { numRuns: 60 },
    );
  });

  it('goes on only with its own picture and configuration', () => {
    expect(resumeFrom(checkpoint, 'a.inr.checkpoint', config, 'abc')).toBe(checkpoint);
    expect(() => resumeFrom(checkpoint, 'a.inr.checkpoint', config, 'abd')).toThrow(/a\.inr\.checkpoint: .*another input/);
    expect(() => resumeFrom(checkpoint, 'a.inr.checkpoint', { ...config, seed: 9 }, 'abc')).toThrow(/another configuration \(seed: 1 there, 9 here\)/);
  });

  it('knows pictures by size, channels, type and samples', () => {
    const picture = { kind: 'grid' as const, size: [2, 2], channels: 1, type: 'uint8' as const, samples: new Uint8Array([1, 2, 3, 4]), metadata: { colorSpace: 'srgb' as const, alpha: false } };
    const prints = [
      picture,
      { ...picture, size: [4, 1] },
      { ...picture, samples: new Uint8Array([1, 2, 3, 5]) },
      { ...picture, type: 'uint16' as const, samples: new Uint16Array([513, 1027]) },
    ].map(signalFingerprint);
    expect(new Set(prints).size).toBe(4);
  });
});
