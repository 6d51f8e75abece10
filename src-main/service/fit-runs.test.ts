import { describe, expect, it, vi } from 'vitest';
import { presetById } from '#core/fit/presets';
import type { GridSignal } from '#core/signal/signal';
import { DeviceLostError, type Engine, type Trainer, type TrainerRequest } from '#engine/engine';
import { referenceTrainer } from '#engine/reference';
import type { EventName } from '../ipc/contract';
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

  /** The float64 twin as an engine whose first `losses` trainers lose their device in their second call. */
  function frail(losses: number, requests: TrainerRequest[]): Engine {
    const createTrainer = (request: TrainerRequest): Promise<Trainer> => {
      requests.push(request);
      const trainer = referenceTrainer(request);
      if (requests.length > losses) return Promise.resolve(trainer);
      let calls = 0;
      const run: Trainer['run'] = (rates) => (++calls > 1 ? Promise.reject(new DeviceLostError('a thread died')) : trainer.run(rates));
      return Promise.resolve({ field: trainer.field, run, checkpoint: () => trainer.checkpoint(), reconstruct: (size) => trainer.reconstruct(size), dispose: () => trainer.dispose() });
    };
    return { facts: { engine: 'cpu', name: 'frail', software: false, details: {} }, refusal: () => null, createTrainer } as unknown as Engine;
  }

  async function fitOn(losses: number): Promise<{ requests: TrainerRequest[]; events: { name: EventName; payload: unknown }[] }> {
    const requests: TrainerRequest[] = [];
    const events: { name: EventName; payload: unknown }[] = [];
    const silenced = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const { config } = presetById('siren');
    const signal: GridSignal = { kind: 'grid', size: [4, 4], channels: 1, type: 'uint8', samples: new Uint8Array(16), metadata: { colorSpace: 'srgb', alpha: false } };
    const small = { ...config, network: { ...config.network, depth: 1, width: 8 }, plan: { ...config.plan, steps: 6, batch: 64 } };
    await new FitRuns((name, payload) => void events.push({ name, payload })).start({ signal, config: small, engine: frail(losses, requests), state: null, previewPixels: 0 });
    await vi.waitFor(() => expect(events.some(({ name }) => name === 'fit.ended')).toBe(true), 5000);
    silenced.mockRestore();
    return { requests, events };
  }

  it('goes on when its engine breaks down once, and says so', async () => {
    const { requests, events } = await fitOn(1);
    expect(requests).toHaveLength(2);
    expect(events.find(({ name }) => name === 'fit.notice')?.payload).toMatchObject({ message: expect.stringContaining('goes on') });
    expect(events.at(-1)).toMatchObject({ name: 'fit.ended', payload: { outcome: 'done', step: 6 } });
  });

  it('fails when it breaks down again', async () => {
    const { events } = await fitOn(2);
    expect(events.at(-1)).toMatchObject({ name: 'fit.ended', payload: { outcome: 'failed' } });
  });
});
