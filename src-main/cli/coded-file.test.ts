import { describe, expect, it } from 'vitest';
import { unpackFile } from '#core/coding/pack';
import { synthesize } from '#core/coding/synthesis';
import { fieldFor } from '#core/field/field';
import { initialParameters } from '#core/field/init';
import { applyOptions } from '#core/fit/options';
import { presetById } from '#core/fit/presets';
import { pcg3d } from '#core/fit/random';
import { voxelQuality } from '#core/signal/subject';
import { PLAIN_GEOMETRY, volumeSignal, voxelsOf } from '#core/signal/volume';
import { sampledSubject } from '../service/subject';
import { Coder, type Target } from './coded-file';

const size = [40, 33, 20];
/** Hounsfield numbers of a ball with a shell, and noise. */
const voxels = Int16Array.from({ length: 40 * 33 * 20 }, (_, i) => {
  const [x, y, z] = [(i % 40) - 22, (Math.floor(i / 40) % 33) - 15, Math.floor(i / 1320) - 9];
  const radius = Math.hypot(x, y, 1.5 * z);
  return Math.round((radius < 9 ? 60 : radius < 11 ? 1200 : -1000) + 40 * (pcg3d(1, 2, i) / 2 ** 32));
});
const signal = volumeSignal(voxels, { size, channels: 1, voxelType: 'int16', geometry: PLAIN_GEOMETRY });
const config = applyOptions(presetById('dense-grid').config, { encoding: 'dense-grid:1:2:4:4', width: 8, depth: 1, bits: 8, residualStep: 0.1 });
const field = fieldFor(config.network, 3, 1);

function coder(): Coder {
  return new Coder({ subject: sampledSubject(signal), field, config, synthesize, provenance: ({ bits, residual }) => ({ generator: 'test', bits, residual }), abort: new AbortController().signal }, initialParameters(field, 3));
}

const choose = (target: Target) => coder().choose(target, voxels.length);

describe('targets of volumes with a residual', () => {
  it('are met by its step, and the file says which', async () => {
    for (const target of [
      { kind: 'psnr', decibel: 47.3 },
      { kind: 'psnr', decibel: 61 },
      { kind: 'bytes', bytes: 9000 },
      { kind: 'bytes', bytes: 2345 },
      { kind: 'error', largest: 50 },
      { kind: 'error', largest: 3 },
    ] as const) {
      const chosen = await choose(target);
      const { content, samples } = await unpackFile(chosen.file, synthesize);
      const { psnr, maximumError } = voxelQuality(voxels, voxelsOf(samples, signal.metadata));
      expect(chosen).toMatchObject({ reached: true, bits: 8, psnr, maximumError, bytes: chosen.file.length });
      expect(content.provenance).toMatchObject({ bits: 8, residual: chosen.coding.residual });
      expect(content.report.residual!.step).toBeCloseTo(chosen.coding.residual!.step * 65535, -1);
      if (target.kind === 'psnr') expect(psnr! >= target.decibel && psnr! < target.decibel + 0.1).toBe(true);
      if (target.kind === 'bytes') expect(chosen.bytes <= target.bytes && chosen.bytes > 0.98 * target.bytes).toBe(true);
      if (target.kind === 'error') expect(maximumError <= target.largest && maximumError > 0.75 * target.largest).toBe(true);
    }
  });

  it('come back exactly for an error of 0, where integers are few enough', async () => {
    const chosen = await choose({ kind: 'error', largest: 0 });
    expect(chosen).toMatchObject({ reached: true, psnr: null, maximumError: 0 });
  });

  it('are refused or reported where no step meets them', async () => {
    await expect(choose({ kind: 'bytes', bytes: 100 })).rejects.toMatchObject({ kind: 'failed', code: 'target.bytes', message: expect.stringMatching(/has \d+ bytes/) as string });
    const step = (await choose({ kind: 'bits' })).coding.residual!.step;
    expect(step).toBe(0.1);
  });
});
