import { describe, expect, it, vi } from 'vitest';
import type { Field } from '#core/field/field';
import type { FitConfig } from '#core/fit/config';
import { applyOptions, type ConfigOptions } from '#core/fit/options';
import { presetById } from '#core/fit/presets';
import type { GridSignal } from '#core/signal/signal';
import { DeviceLostError, type Engine, type Trainer, type TrainerRequest } from '#engine/engine';
import { createCpuEngine } from '#engine/cpu/engine';
import { referenceTrainer } from '#engine/reference';
import type { EventName, EventOf } from '../ipc/contract';
import { sampledSubject } from './subject';
import { fitRefusal, FitRuns, type FitRequest } from './fit-runs';

describe('a fit in the main process', () => {
  it('is refused before it begins when its file could not be opened again', async () => {
    const createTrainer = vi.fn();
    const engine = { facts: { engine: 'cpu', name: '', software: false, details: {} }, refusal: () => null, createTrainer } as unknown as Engine;
    const { config } = presetById('siren');
    const signal: GridSignal = { kind: 'grid', size: [6000, 5000], channels: 1, type: 'uint8', samples: new Uint8Array(0), metadata: { colorSpace: 'srgb', alpha: false } };
    const start = new FitRuns(() => undefined).start({ subject: sampledSubject(signal), config: { ...config, network: { ...config.network, depth: 12, width: 256 } }, engine, state: null, previewPixels: 0 });
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
    await new FitRuns((name, payload) => void events.push({ name, payload })).start({ subject: sampledSubject(signal), config: small, engine: frail(losses, requests), state: null, previewPixels: 0 });
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

  const signal: GridSignal = { kind: 'grid', size: [5, 4], channels: 1, type: 'uint8', samples: Uint8Array.from({ length: 20 }, (_, i) => 12 * i), metadata: { colorSpace: 'srgb', alpha: false } };
  const tiny = (options: ConfigOptions): FitConfig => applyOptions(presetById('siren').config, { depth: 1, width: 8, steps: 4, batch: 64, ...options });
  const reference = (notes: readonly string[] = []): Engine =>
    ({
      facts: { engine: 'cpu', name: 'reference', software: false, details: {} },
      refusal: (field: Field) => (field.head === 'tanh' ? 'No such head here.' : null),
      createTrainer: (request: TrainerRequest) => Promise.resolve({ ...referenceTrainer(request), notes }),
    }) as unknown as Engine;
  const fitted = async (config: FitConfig, state: FitRequest['state'] = null, engine = reference(['It is slow.'])) => {
    const events: { name: EventName; payload: unknown }[] = [];
    const runs = new FitRuns((name, payload) => void events.push({ name, payload }));
    const { run, notes } = await runs.start({ subject: sampledSubject(signal), config, engine, state, previewPixels: 0 });
    await vi.waitFor(() => expect(events.some(({ name }) => name === 'fit.ended')).toBe(true), 5000);
    return { notes, progress: events.filter(({ name }) => name === 'fit.progress').map(({ payload }) => payload as EventOf<'fit.progress'>), state: await runs.state(run) };
  };

  it('hands on what the engine has to say of it', async () => {
    expect((await fitted(tiny({}))).notes).toEqual(['It is slow.']);
  });

  it('keeps the average of its parameters and goes on with it; from a state without one it begins anew', async () => {
    // The same learning rate whatever the plan's length: a state taken half-way leads to the same end, but for its rounding.
    const plan = { average: 0.9, schedule: 'constant' };
    const whole = await fitted(tiny(plan));
    const half = await fitted(tiny({ ...plan, steps: 2 }));
    const distance = (average: Uint8Array | undefined): number => {
      const floats = (bytes: Uint8Array): Float32Array => new Float32Array(bytes.slice().buffer);
      const other = floats(whole.state.average!);
      return floats(average!).reduce((largest, value, i) => Math.max(largest, Math.abs(value - other[i]!)), 0);
    };
    expect(distance(whole.state.parameters)).toBeGreaterThan(1e-4);
    expect(distance((await fitted(tiny(plan), half.state)).state.average)).toBeLessThan(1e-6);
    const { average: _average, ...without } = half.state;
    const anew = distance((await fitted(tiny(plan), without)).state.average);
    expect(anew).toBeGreaterThan(1e-6);
    expect(anew).toBeLessThan(0.01);
    expect((await fitted(tiny({}))).state.average).toBeUndefined();
  });

  it('goes on where draws follow the error to the same bits as without a stop', async () => {
    const engine = await createCpuEngine({ threads: 1 });
    const plan = { sampling: 'error:3:0.2', schedule: 'constant', steps: 8 };
    const whole = await fitted(tiny(plan), null, engine);
    const half = await fitted(tiny({ ...plan, steps: 5 }), null, engine);
    expect(half.state.drawLimits).toHaveLength(80);
    expect((await fitted(tiny(plan), half.state, engine)).state).toEqual(whole.state);
    const { drawLimits: _limits, ...without } = half.state;
    expect((await fitted(tiny(plan), without, engine)).state).not.toEqual(whole.state);
    await expect(fitted(tiny(plan), { ...half.state, drawLimits: new Uint8Array(79) }, engine)).rejects.toMatchObject({ code: 'fit.state' });
    await engine.dispose();
  });

  it('reports decibels of the squared error, whatever the loss', async () => {
    const { progress } = await fitted(tiny({ loss: 'l1' }));
    const [l2] = (await fitted(tiny({}))).progress;
    expect(progress[0]!.psnr).toBeCloseTo(l2!.psnr, 6);
    expect(progress[0]!.loss).not.toBeCloseTo(l2!.loss, 3);
    expect(l2!.psnr).toBeCloseTo(-10 * Math.log10(l2!.loss), 6);
  });

  it('is refused by the engine or by the size of the grid, before it begins', async () => {
    const start = (config: FitConfig) => new FitRuns(() => undefined).start({ subject: sampledSubject(signal), config, engine: reference(), state: null, previewPixels: 0 });
    await expect(start(tiny({ head: 'tanh' }))).rejects.toMatchObject({ code: 'fit.refused', message: 'No such head here.' });
    expect(fitRefusal(reference(), tiny({ sampling: 'full' }), [5000, 5000], 1)).toMatch(/stratified/);
    expect(fitRefusal(reference(), tiny({ sampling: 'full' }), [50, 50], 1)).toBeNull();
  });
});
