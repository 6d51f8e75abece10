import { describe, expect, it, vi } from 'vitest';
import { presetById } from '#core/fit/presets';
import type { GridSignal } from '#core/signal/signal';
import type { Engine } from '#engine/engine';
import { FitRuns } from './fit-runs';

describe('a fit in the main process', () => {
  it('is refused before it begins when its file could not be opened again', async () => {
    const createTrainer = vi.fn();
    const engine = { facts: { engine: 'cpu', name: '', software: false, details: {} }, refusal: () => null, createTrainer } as unknown as Engine;
    const { config } = presetById('siren');
    const signal: GridSignal = { kind: 'grid', size: [6000, 5000], channels: 1, type: 'uint8', samples: new Uint8Array(0), metadata: { colorSpace: 'srgb', alpha: false } };
    const start = new FitRuns(() => undefined).start({ signal, config: { ...config, network: { ...config.network, depth: 12, width: 256 } }, engine, state: null, previewPixels: 0 });
    await expect(start).rejects.toMatchObject({ kind: 'usage', code: 'fit.limit' });
    expect(createTrainer).not.toHaveBeenCalled();
  });
});
