import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newVoxels, PLAIN_GEOMETRY, volumeSignal, type VolumeSignal, type VoxelType } from '#core/signal/volume';
import { commonestVoxel, compareVolumeCodecs, volumeCodecCurve } from './volume-codecs';
import { VOLUME_CODEC_NAMES } from './volume-programs';

/** A program that takes zfp's words: numbers rounded to twice the tolerance, deflated. Its -r is refused, as if it had not got any. */
const FAKE_ZFP = `
const fs = require('node:fs'), zlib = require('node:zlib');
const words = process.argv.slice(2);
const after = (word) => { const at = words.indexOf(word); return at < 0 ? undefined : words[at + 1]; };
if (words.length === 0) { console.error('zfp version 9.8.7 (imagined)'); process.exit(1); }
if (words.includes('-r')) { console.error('thinking\\nno rates today'); process.exit(3); }
if (words[0] !== '-h') process.exit(4);
if (after('-i')) {
  const shape = words.slice(words.indexOf('-3') + 1).slice(0, 3).map(Number);
  const bytes = fs.readFileSync(after('-i'));
  const wide = after('-t') === 'f64';
  const numbers = new (wide ? Float64Array : Float32Array)(bytes.buffer, bytes.byteOffset, shape[0] * shape[1] * shape[2]);
  if (numbers.byteLength !== bytes.length) process.exit(5);
  const tolerance = 2 ** Math.floor(Math.log2(Number(after('-a'))));
  const levels = Int32Array.from(numbers, (x) => Math.round(x / (2 * tolerance)));
  fs.writeFileSync(after('-z'), Buffer.concat([Buffer.from(Float64Array.of(tolerance, wide ? 1 : 0).buffer), zlib.deflateRawSync(Buffer.from(levels.buffer))]));
} else {
  const file = new Uint8Array(fs.readFileSync(after('-z')));
  const [tolerance, wide] = new Float64Array(file.slice(0, 16).buffer);
  const levels = new Int32Array(new Uint8Array(zlib.inflateRawSync(file.slice(16))).buffer);
  const numbers = (wide ? Float64Array : Float32Array).from(levels, (x) => x * 2 * tolerance);
  fs.writeFileSync(after('-o'), Buffer.from(numbers.buffer));
}
`;

let root = '';
let path = '';
let temporary = '';
const outerTemporary = process.env.TMPDIR;
const posix = process.platform !== 'win32';

async function fakeProgram(folder: string, name: string, source: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, name), `#!${process.execPath}\n${source}`);
  await chmod(join(folder, name), 0o755);
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'inr-volume-codecs-'));
  path = join(root, 'programs');
  temporary = join(root, 'temporary');
  await mkdir(temporary);
  process.env.TMPDIR = temporary;
  await fakeProgram(path, 'zfp', FAKE_ZFP);
});
afterAll(async () => {
  if (outerTemporary === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = outerTemporary;
  await rm(root, { recursive: true, force: true });
});

/** A blob with some texture over a background of `low`. */
function volume(voxelType: VoxelType, low: number, span: number, channels = 1): VolumeSignal {
  const size = [17, 12, 9];
  const voxels = newVoxels(voxelType, 17 * 12 * 9 * channels);
  for (let i = 0; i < voxels.length; i++) {
    const point = Math.floor(i / channels);
    const [x, y, z] = [point % 17, Math.floor(point / 17) % 12, Math.floor(point / 204)];
    const radius = Math.hypot(x - 8, y - 6, z - 4 - (i % channels));
    const inside = radius < 5 ? 0.55 + 0.3 * Math.cos(radius) + 0.1 * Math.sin(2.1 * x + y * z) : 0;
    voxels[i] = low + span * inside;
  }
  return volumeSignal(voxels, { size, channels, voxelType, geometry: PLAIN_GEOMETRY });
}

it('finds the most frequent voxel of short integers and takes others as they are', () => {
  expect(commonestVoxel(Uint8Array.of(9, 4, 4, 9, 4))).toBe(4);
  expect(commonestVoxel(Int16Array.of(-32768, 7, -32768))).toBe(-32768);
  expect(commonestVoxel(Uint16Array.of(65535, 65535, 0))).toBe(65535);
  expect(commonestVoxel(Float32Array.of(3, 3))).toBe(0);
  expect(commonestVoxel(new Int8Array(0))).toBe(0);
});

describe.runIf(posix)('a program that takes the words of zfp', () => {
  it.each([
    ['uint8', 0, 255],
    ['int16', -1024, 3000],
    ['int32', -2e8, 1e9],
    ['float64', 1e-9, 2e-7],
  ] as const)('answers both questions on %s', async (type, low, span) => {
    const signal = volume(type, low, span, type === 'int16' ? 2 : 1);
    const [row] = await compareVolumeCodecs({ signal, bytes: 900, psnr: 35, codecs: ['zfp'], path });
    expect(row!.version).toBe('zfp 9.8.7');
    expect(row!.atBytes!.bytes).toBeLessThanOrEqual(900);
    expect(row!.atPsnr!.psnr!).toBeGreaterThanOrEqual(35);
    // Steps are fine: the answer lies near the target, not up to 6 dB above it.
    expect(row!.atPsnr!.psnr!).toBeLessThan(37.5);
    expect(row!.note).toMatch(/fixed accuracy.*no rates today/);
    expect(await readdir(temporary)).toEqual([]);
  });

  it('has a curve that rises, with the largest error beside', async () => {
    const { points, note, version } = await volumeCodecCurve(volume('uint8', 0, 250), 'zfp', { path });
    expect(version).toBe('zfp 9.8.7');
    expect(note).toContain('no rates today');
    expect(points.length).toBe(5);
    for (const [i, point] of points.entries()) {
      expect(point.maximumError!).toBeLessThanOrEqual(point.quality + 1);
      if (i > 0) expect(point.bytes).toBeGreaterThanOrEqual(points[i - 1]!.bytes);
    }
  });

  it('says what is out of reach', async () => {
    const [row] = await compareVolumeCodecs({ signal: volume('float32', 0, 1), bytes: 3, psnr: 400, codecs: ['zfp'], path });
    expect(row).toMatchObject({ atBytes: null, atPsnr: null });
    expect(row!.note).toContain('no rates today');
  });

  it('tells which are not installed, and how to get them', async () => {
    const rows = await compareVolumeCodecs({ signal: volume('uint8', 0, 200), bytes: 800, psnr: null, codecs: VOLUME_CODEC_NAMES, path: join(root, 'nothing here') });
    expect(rows.map(({ codec }) => codec)).toEqual([...VOLUME_CODEC_NAMES]);
    for (const row of rows) expect(row).toMatchObject({ version: '', atBytes: null, atPsnr: null });
    expect(rows[0]!.note).toBe('not installed (Debian: apt-get install zfp)');
  });

  it('ends a program that does not end, and goes on with a note', async () => {
    const folder = join(root, 'slow');
    await fakeProgram(folder, 'zfp', "if (process.argv.length > 2) setTimeout(() => {}, 1e6); else console.log('zfp version 1');");
    const [row] = await compareVolumeCodecs({ signal: volume('uint8', 0, 200), bytes: 800, psnr: null, codecs: ['zfp'], path: folder, milliseconds: 200 });
    expect(row!.note).toMatch(/took longer than/);
  });

  it('is cancelled at once, and leaves nothing behind', async () => {
    const folder = join(root, 'sleepy');
    await fakeProgram(folder, 'zfp', "if (process.argv.length > 2) setTimeout(() => {}, 1e6); else console.log('zfp version 1');");
    const controller = new AbortController();
    const running = compareVolumeCodecs({ signal: volume('uint8', 0, 200), bytes: 800, psnr: null, codecs: ['zfp'], path: folder, abort: controller.signal });
    setTimeout(() => controller.abort(), 300);
    await expect(running).rejects.toMatchObject({ kind: 'cancelled' });
    expect(await readdir(temporary)).toEqual([]);
  });

  it.each([
    ['writes nothing', '', 'wrote no file'],
    ['gives back too little', "const w = process.argv; require('node:fs').writeFileSync(w[w.indexOf(w.includes('-i') ? '-z' : '-o') + 1], 'abc');", 'gave back 3 bytes'],
  ])('notes a program that %s', async (_, source, said) => {
    const folder = join(root, said.replaceAll(' ', '-'));
    await fakeProgram(folder, 'zfp', source);
    const [row] = await compareVolumeCodecs({ signal: volume('uint8', 0, 200), bytes: null, psnr: 30, codecs: ['zfp'], path: folder });
    expect(row).toMatchObject({ atPsnr: null });
    expect(row!.note).toContain(said);
  });

  it('refuses more voxels than a file may have before anything is made', async () => {
    const signal = { ...volume('uint8', 0, 1), size: [1 << 11, 1 << 11, 1 << 11], voxels: { length: 2 ** 33 } } as unknown as VolumeSignal;
    await expect(compareVolumeCodecs({ signal, bytes: 1, psnr: null, codecs: ['zfp'], path })).rejects.toMatchObject({ code: 'codecs.size' });
  });
});

for (const [codec, program] of [
  ['zfp', 'zfp'],
  ['sperr', 'sperr3d'],
  ['tthresh', 'tthresh'],
  ['sz3', 'sz3'],
] as const) {
  const installed = !spawnSync(program, ['-h']).error;
  if (!installed) console.log(`${program} is not installed: its files are not tested here.`);
  describe.runIf(installed)(`the real ${program}`, () => {
    it.each([
      ['uint8', 0, 250],
      ['int16', -1000, 4000],
      ['float32', -2, 5],
      ['float64', 0.1, 1e-3],
    ] as const)(`reaches the PSNR and keeps to the bytes on %s`, async (type, low, span) => {
      const signal = volume(type, low, span);
      const [row] = await compareVolumeCodecs({ signal, bytes: 1500, psnr: 40, codecs: [codec] });
      expect(row!.note).not.toMatch(/failed|wrote|gave back/);
      expect(row!.atBytes!.bytes).toBeLessThanOrEqual(1500);
      expect(row!.atPsnr!.psnr!).toBeGreaterThanOrEqual(40);
      expect(row!.atPsnr!.psnr!).toBeLessThan(46);
    });
  });
}
