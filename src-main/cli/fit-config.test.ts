import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { presetById } from '#core/fit/presets';
import { applyOptions } from '#core/fit/options';
import { fitDifference, readPreset, shapesFit } from './fit-config';

const siren = presetById('siren').config;

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
    expect(await readPreset(path, 'picture')).toEqual(mine);
    expect(await readPreset(undefined, 'picture')).toEqual(siren);
  });

  it('name the file and the place of the fault', async () => {
    const path = join(folder, 'odd.json');
    await writeFile(path, JSON.stringify({ ...siren, colour: 'red' }));
    await expect(readPreset(path, 'picture')).rejects.toMatchObject({ kind: 'input', message: expect.stringContaining('colour') as string });
    await writeFile(path, '{');
    await expect(readPreset(path, 'picture')).rejects.toMatchObject({ kind: 'input', code: 'config.json', message: expect.stringContaining(path) as string });
    await expect(readPreset(join(folder, 'none.json'), 'picture')).rejects.toMatchObject({ code: 'file.missing' });
    await expect(readPreset('none', 'picture')).rejects.toMatchObject({ kind: 'usage', code: 'preset.unknown' });
  });
});

describe('comparing configurations', () => {
  it('finds the first difference that changes the fit, and ignores coding', () => {
    expect(fitDifference(siren, applyOptions(siren, { bits: 4 }))).toBeNull();
    expect(fitDifference(siren, applyOptions(siren, { steps: 5 }))).toBe(`plan.steps: ${siren.plan.steps} there, 5 here`);
    expect(fitDifference(siren, applyOptions(siren, { encoding: 'octaves:2' }))).toContain('network.encoding.kind');
    expect(shapesFit({ bits: 4 })).toBe(false);
    expect(shapesFit({ seed: 4 })).toBe(true);
    expect(shapesFit({ residual: false })).toBe(true);
    expect(shapesFit({ clip: null })).toBe(true);
    expect(shapesFit({ preset: 'siren' })).toBe(true);
    expect(fitDifference(siren, applyOptions(siren, { average: 0.9 }))).toBe('plan.average: null there, 0.9 here');
  });
});
