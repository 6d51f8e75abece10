import { describe, expect, it } from 'vitest';
import { presetById } from '#core/fit/presets';
import { Draft } from './draft.svelte';

describe('the draft', () => {
  it('is held against the preset where that has the same kind, and against nothing elsewhere', () => {
    const draft = new Draft();
    const why = draft.why('network.activation.omega0');
    expect(why).not.toBe('');
    draft.set('network.activation.kind', 'finer');
    expect(draft.changed('network.activation.kind')).toBe(true);
    expect([draft.presetValue('network.activation.omega0'), draft.changed('network.activation.omega0'), draft.why('network.activation.omega0')]).toEqual([undefined, false, '']);
    draft.set('network.activation.kind', 'sine');
    expect(draft.config).toEqual(draft.preset.config);
    draft.set('network.activation.omega0', 7);
    expect(draft.changed('network.activation.omega0')).toBe(true);
    draft.set('plan.optimizer.kind', 'muon');
    draft.set('plan.optimizer.learningRate', 0.5);
    expect(draft.changed('plan.optimizer.learningRate')).toBe(true);
    expect(draft.changed('plan.optimizer.muonLearningRate')).toBe(false);
    draft.reset();
    expect(draft.changes).toBe(false);
  });

  it('names a run by its preset, or by its network where that was changed', () => {
    const draft = new Draft();
    draft.set('plan.batch', 64);
    expect(draft.title).toBe('SIREN');
    draft.set('network.width', 32);
    expect(draft.title).toBe('5 sine layers of 32');
  });

  it('follows the kind of what is open, and comes back to what was set for it', () => {
    const draft = new Draft();
    draft.set('network.width', 32);
    draft.follow('volume');
    expect(draft.presetId).toBe('volume');
    expect(draft.config).toEqual(presetById('volume').config);
    expect(draft.presets.every(({ signals }) => signals.includes('volume'))).toBe(true);
    draft.set('plan.steps', 77);
    draft.follow('grid');
    expect([draft.presetId, draft.config.network.width]).toEqual(['siren', 32]);
    draft.follow('volume');
    expect(draft.config.plan.steps).toBe(77);
  });

  it('counts the points of a surface, not those of its grid, as what is learned from', () => {
    const draft = new Draft();
    draft.follow('surface');
    const signal = { kind: 'surface', size: [8, 8, 8], channels: 1, rawBytes: 10_000 } as const;
    draft.set('plan.sampling.kind', 'full');
    const few = draft.cost({ ...signal, size: [...signal.size] })!;
    draft.set('surface.points', 2 * draft.config.surface!.points);
    expect(draft.cost({ ...signal, size: [...signal.size] })!.operationsPerStep).toBe(2 * few.operationsPerStep);
    expect(few.ratio).toBe(10_000 / few.fileBytes);
  });

  it('counts all pixels as the batch where all are taken', () => {
    const draft = new Draft();
    const grid = { kind: 'grid', size: [50, 40], channels: 3, rawBytes: 6000 } as const;
    const drawn = draft.cost({ ...grid, size: [...grid.size] })!;
    draft.set('plan.sampling.kind', 'full');
    const full = draft.cost({ ...grid, size: [...grid.size] })!;
    expect(full.operationsPerStep / drawn.operationsPerStep).toBeCloseTo(2000 / presetById('siren').config.plan.batch);
  });
});
