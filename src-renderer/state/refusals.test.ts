import { describe, expect, it, vi } from 'vitest';
import { applyOptions } from '#core/fit/options';
import { presetById } from '#core/fit/presets';
import type { Client } from '../client';
import type { Gpu } from './gpu.svelte';
import { askEngines, generalRefusal } from './refusals';

const { config } = presetById('siren');
const grid = { kind: 'grid' as const, size: [300, 200], channels: 3 };
const noGpu = { facts: null } as unknown as Gpu;
const clientThat = (answer: (engine: string) => Promise<{ refusal: string | null }>) => {
  const call = vi.fn((_name: string, request: { engine: string }) => answer(request.engine));
  return { client: { call } as unknown as Client, call };
};

describe('what no engine can fit', () => {
  it('is told of plans and of files, before any engine is asked', () => {
    expect(generalRefusal(config, grid)).toBeNull();
    const full = applyOptions(config, { sampling: 'full' });
    expect(generalRefusal(full, grid)).toBeNull();
    expect(generalRefusal(full, { ...grid, size: [5000, 5000] })).toMatch(/stratified/);
    expect(generalRefusal(applyOptions(config, { width: 256, depth: 12 }), { ...grid, size: [6000, 5000], channels: 1 })).toMatch(/could not be opened again/);
  });

  it('goes by the points that are drawn of a surface, not by its grid', () => {
    const surface = { kind: 'surface' as const, size: [64, 64, 64], channels: 1 };
    const base = presetById('surface').config;
    expect(generalRefusal(base, surface)).toBeNull();
    expect(generalRefusal(applyOptions(base, { sampling: 'stratified' }), surface)).toMatch(/uniform sampling/);
    const points = 2 ** 24;
    expect(generalRefusal({ ...applyOptions(base, { sampling: 'full' }), surface: { ...base.surface!, points } }, surface)).toBeNull();
  });
});

describe('asking the engines', () => {
  it('ends with the first that can', async () => {
    const { client, call } = clientThat((engine) => Promise.resolve({ refusal: engine === 'cpu' ? 'No feet.' : null }));
    expect(await askEngines(client, noGpu, 'auto', config, grid)).toEqual({ cpu: 'No feet.' });
    expect(call).toHaveBeenLastCalledWith('fit.refusal', { config, size: [300, 200], channels: 3, engine: 'tfjs' });
    await askEngines(client, noGpu, 'cpu', config, { ...grid, kind: 'surface' });
    expect(call).toHaveBeenLastCalledWith('fit.refusal', { config, size: [300, 200], channels: 3, engine: 'cpu', surface: true });
    call.mockClear();
    expect(await askEngines(client, noGpu, 'tfjs', config, grid)).toEqual({});
    expect(call).toHaveBeenCalledOnce();
  });

  it('takes one that cannot be asked for willing', async () => {
    const { client } = clientThat(() => Promise.reject(new Error('the host is gone')));
    expect(await askEngines(client, noGpu, 'auto', config, grid)).toEqual({});
    expect(await askEngines(client, { facts: null, open: () => Promise.reject(new Error('no device')) } as unknown as Gpu, 'webgpu', config, grid)).toEqual({});
  });
});
