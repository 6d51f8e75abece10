import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packFile } from '#core/coding/pack';
import { synthesize } from '#core/coding/synthesis';
import { fieldFor } from '#core/field/field';
import { initialParameters } from '#core/field/init';
import { headerOf } from '#core/signal/subject';
import { PLAIN_GEOMETRY, volumeSignal, type VolumeSignal } from '#core/signal/volume';
import { sha256 } from './coded-file';
import { compareVolume, readVolumeCodecs } from './commands/compare-volume';
import { testTerminal } from './test-terminal';

const SIZE = [10, 9, 8];

function volume(last: number): VolumeSignal {
  const voxels = Int16Array.from({ length: 720 }, (_, i) => -1000 + ((i * 37) % 500));
  voxels[719] = last;
  return volumeSignal(voxels, { size: SIZE, channels: 1, voxelType: 'int16', geometry: PLAIN_GEOMETRY });
}

/** The program of these tests is a script, which Windows would not run by its first line. */
const posix = process.platform !== 'win32';

let folder = '';
let inr = '';
/** Where a program is called zfp that makes files of as many bytes as its tolerance leaves levels, and gives zeros back. */
let path = '';

const ZFP = `
const fs = require('node:fs');
const words = process.argv.slice(2);
const after = (word) => words[words.indexOf(word) + 1];
if (words.length === 0) console.log('zfp version 7.0');
else if (words.includes('-i')) fs.writeFileSync(after('-z'), Buffer.alloc(Math.max(1, Math.round(words.includes('-a') ? 2000 / Number(after('-a')) : 90 * Number(after('-r'))))));
else fs.writeFileSync(after('-o'), Buffer.alloc(4 * 720));
`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inr-compare-'));
  path = join(folder, 'programs');
  await mkdir(path);
  await writeFile(join(path, 'zfp'), `#!${process.execPath}\n${ZFP}`);
  await chmod(join(path, 'zfp'), 0o755);
  const signal = volume(700);
  const field = fieldFor({ encoding: { kind: 'identity' }, depth: 2, width: 8, activation: { kind: 'relu' } }, 3, 1);
  const packed = await packFile({ header: headerOf(signal), field, parameters: initialParameters(field, 5), bits: 8, provenance: undefined, synthesize, sha256 });
  inr = join(folder, 'v.inr');
  await writeFile(inr, packed.bytes);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('reads names of codecs, and refuses others', () => {
  expect(readVolumeCodecs(' SZ3,zfp,sz3')).toEqual(['sz3', 'zfp']);
  expect(readVolumeCodecs(undefined)).toContain('tthresh');
  expect(() => readVolumeCodecs('jpeg')).toThrow(/no codec "jpeg" of volumes.*zfp/);
});

it.runIf(posix)('says bits a voxel and both ratios, in JSON and in words', async () => {
  const terminal = testTerminal();
  expect(await compareVolume('v.nrrd', volume(700), { bytes: 360, codecs: 'zfp,sz3', json: true }, terminal, path)).toBe(0);
  const said = JSON.parse(terminal.stdout()) as { rawBytes: number; bpp: number; ratio: number; ratioFloat32: number; rows: { codec: string; atBytes: Record<string, number> | null; atPsnr: null; note: string; version: string }[] };
  expect(said).toMatchObject({ rawBytes: 1440, bytes: 360, psnr: null, bpp: 4, ratio: 4, ratioFloat32: 8 });
  const [zfp, sz3] = said.rows;
  expect(zfp).toMatchObject({ codec: 'zfp', version: 'zfp 7.0', atPsnr: null });
  const { bytes, bpp, ratio, ratioFloat32 } = zfp!.atBytes!;
  expect(bytes).toBeLessThanOrEqual(360);
  expect([bpp, ratio, ratioFloat32]).toEqual([bytes! / 90, 1440 / bytes!, 2880 / bytes!]);
  expect(sz3).toMatchObject({ version: '', atBytes: null });
  expect(sz3!.note).toMatch(/not installed/);

  const words = testTerminal();
  await compareVolume('v.nrrd', volume(700), { psnr: 10, codecs: 'zfp,sz3' }, words, path);
  expect(words.stdout()).toMatch(/v\.nrrd {2}1\.44 kB uncompressed\n.*at 10\.00 dB or more\n/);
  expect(words.stdout()).toMatch(/sz3: not installed/);
});

it('takes bytes and PSNR from an .inr file, of this very volume alone', async () => {
  const terminal = testTerminal();
  await compareVolume('v.nrrd', volume(700), { inr, codecs: 'zfp', json: true }, terminal, join(folder, 'none'));
  const said = JSON.parse(terminal.stdout()) as { bytes: number; psnr: number };
  expect(said.bytes).toBeGreaterThan(100);
  expect(said.psnr).toBeGreaterThan(-20);
  const other = volumeSignal(volume(700).voxels.slice(0, 360), { size: [10, 9, 4], channels: 1, voxelType: 'int16', geometry: PLAIN_GEOMETRY });
  await expect(compareVolume('w.nrrd', other, { inr }, testTerminal(), path)).rejects.toMatchObject({ code: 'eval.mismatch', message: /10 x 9 x 8 voxels.*10 x 9 x 4 voxels/ });
  await expect(compareVolume('w.nrrd', volume(900), { inr }, testTerminal(), path)).rejects.toMatchObject({ code: 'eval.mismatch', message: /between -1000 and 700.*-1000 and 900/ });
});

it.runIf(posix)('shows a table without a goal, and what is missing below', async () => {
  const terminal = testTerminal();
  await compareVolume('v.nrrd', volume(700), { codecs: 'zfp,tthresh' }, terminal, path);
  expect(terminal.stdout()).toMatch(/codec +setting +size +bits\/voxel +ratio +of float32 +PSNR +max error/);
  expect(terminal.stdout().match(/zfp float32, fixed accuracy/g)).toHaveLength(5);
  expect(terminal.stdout()).toMatch(/tthresh: not installed/);
});
