import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { presetById } from '#core/fit/presets';
import { applyOptions, fitDifference, readEncoding, readPreset, shapesFit, UNBOUNDED_STEPS } from './fit-config';

const siren = presetById('siren').config;

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

  it('let time alone bound the fit, unless steps are given too', () => {
    expect(applyOptions(siren, { seconds: 60 }).plan.steps).toBe(UNBOUNDED_STEPS);
    expect(applyOptions(siren, { seconds: 60, steps: 100 }).plan.steps).toBe(100);
  });

  it('switch encoding and activation as a whole', () => {
    const { network } = applyOptions(siren, { encoding: 'fourier:32:12.5', activation: 'relu', seed: 9 });
    expect(network.encoding).toEqual({ kind: 'fourier', features: 32, sigma: 12.5, seed: 9 });
    expect(network.activation).toEqual({ kind: 'relu' });
    expect(applyOptions(presetById('nerf').config, { activation: 'sine', omega0: 20 }).network.activation).toEqual({ kind: 'sine', omega0: 20, omegaHidden: 30 });
  });

  it('are refused in the words of the command line', () => {
    expect(() => applyOptions(siren, { width: 30 })).toThrow(/^--width: /);
    expect(() => applyOptions(siren, { encoding: 'octaves:99' })).toThrow(/^--encoding: /);
    expect(() => applyOptions(siren, { omega0: 1e9 })).toThrow(/^--omega0: /);
    for (const text of ['octaves', 'octaves:', 'identity:2', 'fourier:3', '']) expect(() => readEncoding(text, 1)).toThrow(/no such encoding/);
  });
});

describe('presets from files', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'inr-config-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('are read back as they were saved', async () => {
    const path = join(folder, 'mine.json');
    const mine = applyOptions(siren, { width: 32 });
    await writeFile(path, JSON.stringify(mine));
    expect(await readPreset(path)).toEqual(mine);
    expect(await readPreset(undefined)).toEqual(siren);
  });

  it('name the file and the place of the fault', async () => {
    const path = join(folder, 'odd.json');
    await writeFile(path, JSON.stringify({ ...siren, colour: 'red' }));
    await expect(readPreset(path)).rejects.toMatchObject({ kind: 'input', message: expect.stringContaining('colour') as string });
    await writeFile(path, '{');
    await expect(readPreset(path)).rejects.toMatchObject({ kind: 'input', code: 'config.json', message: expect.stringContaining(path) as string });
    await expect(readPreset(join(folder, 'none.json'))).rejects.toMatchObject({ code: 'file.missing' });
    await expect(readPreset('none')).rejects.toMatchObject({ kind: 'usage', code: 'preset.unknown' });
  });
});

describe('comparing configurations', () => {
  it('finds the first difference that changes the fit, and ignores coding', () => {
    expect(fitDifference(siren, applyOptions(siren, { bits: 4 }))).toBeNull();
    expect(fitDifference(siren, applyOptions(siren, { steps: 5 }))).toBe(`plan.steps: ${siren.plan.steps}, 5`);
    expect(fitDifference(siren, applyOptions(siren, { encoding: 'octaves:2' }))).toContain('network.encoding.kind');
    expect(shapesFit({ bits: 4 })).toBe(false);
    expect(shapesFit({ seed: 4 })).toBe(true);
  });
});
