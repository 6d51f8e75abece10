/**
 * The contract of the command line, held against the built command: keys, exit codes, same bytes for the same seed, what a
 * cancelled fit leaves, and what bad input and bad disks are answered with (docs/COMMAND-LINE.md).
 */
import { mkdtemp, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import sharp from 'sharp';
import { bash, inr, pngHeader, requireBuild, scene, type Run } from './run-inr';

// Many short processes in each: on a busy machine that takes its time, and a hang still ends.
vi.setConfig({ testTimeout: 180_000 });

let folder = '';
const at = (name: string): string => join(folder, name);
const json = (run: Run): Record<string, unknown> => JSON.parse(run.out) as Record<string, unknown>;
const missing = (path: string): Promise<boolean> => stat(path).then(() => false, () => true);
/** A fit of a blink: a sketch in few steps of few samples. */
const QUICK = ['--preset', 'siren-small', '--batch', '512', '--device', 'cpu'];
const fit = (input: string, output: string, ...more: string[]): Promise<Run> => inr(['fit', at(input), '-o', at(output), ...QUICK, '--steps', '60', ...more]);

/** One or two lines, the command's name first, no stack. */
const expectFault = (run: Run, code: number, ...words: (string | RegExp)[]): void => {
  expect(run).toMatchObject({ code });
  const fault = run.err.slice(run.err.indexOf('inr: '));
  expect(fault).toMatch(/^inr: /);
  expect(fault.trim().split('\n').length).toBeLessThanOrEqual(2);
  expect(fault).not.toMatch(/\n\s+at |fault of inr itself/);
  for (const word of words) expect(fault).toMatch(word);
};

beforeAll(async () => {
  requireBuild();
  folder = await mkdtemp(join(tmpdir(), 'inr-accept-'));
  await scene().png().toFile(at('photo.png'));
  await scene(40, 30).png().toFile(at('other.png'));
  const made = await fit('photo.png', 'photo.inr', '--seed', '7');
  expect(made).toMatchObject({ code: 0 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a fit and its file', () => {
  it('reports what docs/COMMAND-LINE.md promises as one JSON object, whatever the threads', async () => {
    const run = await fit('photo.png', 'a.inr', '--seed', '7', '--threads', '1', '--json');
    const result = json(run);
    for (const key of ['bytes', 'bpp', 'ratio', 'psnr', 'steps', 'seconds', 'stepsPerSecond', 'device', 'sha256']) expect(result).toHaveProperty(key);
    expect(result).toMatchObject({ bytes: (await stat(at('a.inr'))).size, steps: 60, seed: 7, engine: 'cpu' });
    expect(result.bpp).toBeCloseTo((8 * Number(result.bytes)) / (64 * 48), 10);
    expect(result.ratio).toBeCloseTo((64 * 48 * 3) / Number(result.bytes), 10);
    expect(await readFile(at('a.inr'))).toEqual(await readFile(at('photo.inr')));

    const measured = json(await inr(['eval', at('a.inr'), at('photo.png'), '--json']));
    expect(measured).toMatchObject({ psnr: result.psnr, bytes: result.bytes, sha256: result.sha256 });
    expect(measured.ssim).toBeGreaterThan(0);

    const other = await fit('photo.png', 'b.inr', '--seed', '8');
    expect(other.code).toBe(0);
    expect((await readFile(at('b.inr'))).equals(await readFile(at('a.inr')))).toBe(false);
  });

  it('decodes to the same bytes every time, in the format of the name', async () => {
    for (const [name, threads] of [['1.png', '1'], ['2.png', '2']] as const) {
      expect(await inr(['decode', at('photo.inr'), '-o', at(name), '--threads', threads])).toMatchObject({ code: 0 });
    }
    expect(await readFile(at('1.png'))).toEqual(await readFile(at('2.png')));
    expect(await sharp(at('1.png')).metadata()).toMatchObject({ format: 'png', width: 64, height: 48, channels: 3 });

    const array = json(await inr(['decode', at('photo.inr'), '-o', at('1.npy'), '--json']));
    expect(array).toMatchObject({ certified: true, size: [64, 48], channels: 3, bytes: (await stat(at('1.npy'))).size });

    const large = await inr(['decode', at('photo.inr'), '-o', at('large.webp'), '--resolution', '160', '--json']);
    expect(json(large)).toMatchObject({ certified: false, size: [160, 120] });
    expect(large.err).toContain('not the grid that the file certifies');
    expect(await sharp(at('large.webp')).metadata()).toMatchObject({ format: 'webp', width: 160, height: 120 });
    expectFault(await inr(['decode', at('photo.inr'), '-o', at('x.bmp')]), 2, /\.png/);
  });

  it('says what it holds, and is valid', async () => {
    const info = json(await inr(['info', at('photo.inr'), '--json']));
    const bytes = (await stat(at('photo.inr'))).size;
    const chunks = info.chunks as { bytes: number }[];
    expect(info).toMatchObject({ bytes, size: [64, 48], channels: 3, type: 'uint8', parameters: 3363, multiplyAddsPerSample: 3232 });
    expect(chunks.reduce((sum, chunk) => sum + chunk.bytes, 0)).toBeGreaterThan(bytes - 20);
    expect((info.provenance as { config: unknown }).config).toMatchObject({ seed: 7, plan: { steps: 60, batch: 512 } });
    expect((await inr(['info', at('photo.inr')])).out).toContain('hidden0.weight');
    expect(json(await inr(['validate', at('photo.inr'), '--json']))).toMatchObject({ ok: true, code: 'ok' });
    expect((await inr(['validate', at('photo.inr'), '--quick'])).out).toContain('ok');
  });

  it('is compared with classical codecs', async () => {
    const curves = json(await inr(['compare', at('photo.png'), '--codecs', 'jpeg,webp', '--json']));
    expect((curves.curves as { codec: string }[]).map((each) => each.codec)).toEqual(['jpeg', 'webp']);
    const rows = json(await inr(['compare', at('photo.png'), '--inr', at('photo.inr'), '--codecs', 'jpeg', '--json']));
    expect(rows).toMatchObject({ bytes: (await stat(at('photo.inr'))).size, rows: [{ codec: 'jpeg' }] });
    expectFault(await inr(['compare', at('other.png'), '--inr', at('photo.inr')]), 3, /other\.png/, /40 x 30/);
  });

  it('volumes and meshes go the same way', async () => {
    await writeFile(at('ball_16x12x8_uint8.raw'), Uint8Array.from({ length: 16 * 12 * 8 }, (_, i) => (Math.hypot((i % 16) - 8, ((i >> 4) % 12) - 6) < 5 ? 200 : 20)));
    expect(await inr(['fit', at('ball_16x12x8_uint8.raw'), '-o', at('ball.inr'), '--steps', '20', '--max-error', '0'])).toMatchObject({ code: 0 });
    expect(await inr(['decode', at('ball.inr'), '-o', at('ball.raw')])).toMatchObject({ code: 0 });
    expect(await readFile(at('ball.raw'))).toEqual(await readFile(at('ball_16x12x8_uint8.raw')));

    const corners = [0, 1, 2, 3, 4, 5, 6, 7].map((i) => `v ${i & 1} ${(i >> 1) & 1} ${i >> 2}`);
    const faces = ['1 3 4 2', '5 6 8 7', '1 2 6 5', '3 7 8 4', '1 5 7 3', '2 4 8 6'].map((face) => `f ${face}`);
    await writeFile(at('box.obj'), [...corners, ...faces, ''].join('\n'));
    expect(await inr(['fit', at('box.obj'), '-o', at('box.inr'), '--preset', 'surface-small', '--surface-points', '16384', '--steps', '200'])).toMatchObject({ code: 0 });
    const mesh = json(await inr(['decode', at('box.inr'), '-o', at('box.stl'), '--resolution', '24', '--json']));
    expect(mesh).toMatchObject({ watertight: true, resolution: 24, bytes: (await stat(at('box.stl'))).size });
    const measured = json(await inr(['eval', at('box.inr'), at('box.obj'), '--resolution', '24', '--samples', '2000', '--json']));
    for (const key of ['chamferL1', 'chamferL2', 'hausdorff', 'normalConsistency', 'fScores', 'iou', 'samples']) expect(measured).toHaveProperty(key);
    const compared = json(await inr(['compare', at('box.obj'), '--inr', at('box.inr'), '--resolution', '24', '--samples', '2000', '--json']));
    expect(compared).toMatchObject({ version: expect.stringMatching(/^draco3dgltf \d/), rows: expect.arrayContaining([expect.objectContaining({ codec: 'draco' }), expect.objectContaining({ codec: 'inr' })]) });
    expectFault(await inr(['decode', at('box.inr'), '-o', at('box.png')]), 2, /holds a surface/, /\.glb/);
  });

  it('repeats a fit from a saved configuration', async () => {
    expect(await fit('photo.png', 'c.inr', '--seed', '7', '--save-config', at('mine.json'))).toMatchObject({ code: 0 });
    const again = await inr(['fit', at('photo.png'), '-o', at('d.inr'), '--preset', at('mine.json'), '--device', 'cpu', '--quiet']);
    expect(again).toEqual({ code: 0, err: '', out: expect.stringContaining('d.inr') as string });
    expect(await readFile(at('d.inr'))).toEqual(await readFile(at('photo.inr')));
  });
});

describe('networks and plans of every kind', () => {
  it.each([
    ['--activation finer --residual --head tanh --loss huber:0.2 --schedule step:0.5:0.5', /residual, FINER/, { head: 'tanh', residual: true }],
    ['--encoding hash-grid:3:2:4:16:6 --activation relu --sampling stratified --clip 1', /3 hash grids, 4 to 16 nodes an axis, 2 features/, { encoding: { kind: 'hash-grid', tableLog2: 6 } }],
    ['--activation gabor --optimizer muon --weight-decay 0.01 --loss relative-l2', /Gabor, omega 10/, { activation: { kind: 'gabor' } }],
    ['--activation gaussian --sampling error:5:0.5 --loss l1 --average 0.9', /Gaussian, sigma 0.1/, { activation: { kind: 'gaussian' } }],
  ])('are fitted by some engine, decoded and told: %s', async (options, words, field) => {
    const run = await inr(['fit', at('photo.png'), '-o', at('kind.inr'), '--preset', 'siren-small', '--batch', '128', '--depth', '3', '--steps', '6', '--json', '--save-config', at('kind.json'), ...options.split(' ')]);
    expect(run).toMatchObject({ code: 0 });
    expect(json(run)).toMatchObject({ config: JSON.parse(await readFile(at('kind.json'), 'utf8')) as object });
    expect(json(await inr(['eval', at('kind.inr'), at('photo.png'), '--json']))).toMatchObject({ psnr: json(run).psnr, sha256: json(run).sha256 });
    expect(json(await inr(['info', at('kind.inr'), '--json']))).toMatchObject({ field });
    expect((await inr(['info', at('kind.inr')])).out).toMatch(words);
  });
});

describe('targets', () => {
  it('keep a file within its bytes, or say what is possible', async () => {
    for (const [bytes, more] of [[1500, ['--no-provenance']], [3000, []]] as const) {
      const result = json(await fit('photo.png', 't.inr', '--target-bytes', String(bytes), '--json', ...more));
      expect(result.bytes).toBeLessThanOrEqual(bytes);
      expect(result.bytes).toBe((await stat(at('t.inr'))).size);
    }
    expectFault(await fit('photo.png', 'never.inr', '--target-bytes', '200'), 2, /--target-bytes 200/, /needs about \d+ B/);
    expect(await missing(at('never.inr'))).toBe(true);
  });

  it('end a fit at its decibels with the fewest bits, or tell what was reached and keep the file', async () => {
    const done = json(await fit('photo.png', 't.inr', '--target-psnr', '12', '--steps', '100000', '--json'));
    expect(done.targetReached).toBe(true);
    expect(done.psnr).toBeGreaterThanOrEqual(12);
    expect(done.steps).toBeLessThan(100_000);
    const short = await fit('photo.png', 't.inr', '--target-psnr', '90', '--json');
    expect(short.code).toBe(0);
    expect(json(short)).toMatchObject({ targetReached: false, steps: 60 });
    expect(short.err).toMatch(/below the 90 dB/);
  });

  it('weigh bytes against error by lambda', async () => {
    const bytes = async (lambda: string): Promise<number> => Number(json(await fit('photo.png', 't.inr', '--lambda', lambda, '--json')).bytes);
    expect(await bytes('0.02')).toBeLessThan(await bytes('0.0000001'));
  });

  it('bound the time', async () => {
    const run = await inr(['fit', at('photo.png'), '-o', at('t.inr'), ...QUICK, '--seconds', '0.5', '--json']);
    expect(json(run).seconds).toBeGreaterThanOrEqual(0.5);
    expect(json(run).steps).toBeGreaterThan(0);
  });
});

describe('a cancelled fit', () => {
  /** With everything that a checkpoint must bring along: both rules' moments and the average. */
  const LONG = ['--preset', 'siren-small', '--batch', '4096', '--device', 'cpu', '--steps', '800', '--optimizer', 'muon', '--average', '0.99'];
  const long = (output: string, ...more: string[]): string[] => ['fit', at('photo.png'), '-o', at(output), ...LONG, ...more];

  /** Interrupts once the fit has begun; later and later until it has done a step. */
  async function interrupt(signal: NodeJS.Signals): Promise<Run> {
    for (let delay = 200; ; delay *= 2) {
      let sent = false;
      const run = await inr(long('cut.inr'), {
        onStderr: (text, kill) => {
          if (sent || !text.includes('seed 1')) return;
          sent = true;
          setTimeout(() => kill(signal), delay);
        },
      });
      if (!run.err.includes('before the first step') || delay > 5000) return run;
    }
  }

  it('leaves a checkpoint and goes on from it to the very file of a fit in one go', async () => {
    const whole = await inr(long('whole.inr'));
    expect(whole.code).toBe(0);
    expectFault(await interrupt('SIGINT'), 130, /Cancelled at step \d+/, /--resume/);
    expect(await missing(at('cut.inr'))).toBe(true);
    expect(await missing(at('cut.inr.checkpoint'))).toBe(false);

    expectFault(await inr(long('cut.inr', '--resume', '--seed', '3')), 2, /another configuration \(seed: 1 there, 3 here\)/);
    expectFault(await inr(['fit', at('other.png'), '-o', at('cut.inr'), '--resume']), 3, /another input/);
    const resumed = await inr(['fit', at('photo.png'), '-o', at('cut.inr'), '--device', 'cpu', '--threads', '1', '--resume']);
    expect(resumed.code).toBe(0);
    expect(resumed.err).toContain('going on from step');
    expect(await readFile(at('cut.inr'))).toEqual(await readFile(at('whole.inr')));
    expect(await missing(at('cut.inr.checkpoint'))).toBe(true);
  });

  it('may be ended by SIGTERM as well', async () => {
    expectFault(await interrupt('SIGTERM'), 130, /cut\.inr\.checkpoint is kept/);
  });

  it('refuses a damaged checkpoint', async () => {
    await writeFile(at('e.inr.checkpoint'), 'INRCKPT1 and no more than that, which is far too little for it to be one');
    expectFault(await fit('photo.png', 'e.inr', '--resume'), 3, /e\.inr\.checkpoint: this checkpoint is damaged/);
  });
});

describe('bad pictures', () => {
  it('are refused with exit code 3, by name, and leave no output', async () => {
    const good = await readFile(at('photo.png'));
    await writeFile(at('cut.png'), good.subarray(0, 200));
    await writeFile(at('half.png'), good.subarray(0, good.length >> 1));
    const jpeg = await scene().jpeg().toBuffer();
    await writeFile(at('half.jpg'), jpeg.subarray(0, jpeg.length >> 1));
    await writeFile(at('fake.png'), 'hello\n');
    await writeFile(at('empty.png'), '');
    await writeFile(at('zero.png'), pngHeader(0, 0));
    await writeFile(at('huge.png'), pngHeader(60_000, 60_000));
    await mkdir(at('folder.png'));
    for (const name of ['none.png', 'cut.png', 'half.png', 'half.jpg', 'fake.png', 'empty.png', 'zero.png', 'huge.png', 'folder.png']) {
      expectFault(await fit(name, 'x.inr'), 3, at(name));
    }
    expectFault(await fit('photo.inr', 'x.inr'), 3, /photo\.inr/);
    expect(await missing(at('x.inr'))).toBe(true);
  });

  it('that can be read are read, and what was done is told', async () => {
    await scene().toColourspace('cmyk').jpeg().toFile(at('cmyk.jpg'));
    await scene().webp().toFile(at('named.png'));
    await scene(48, 32, 4).png().toFile(at('alpha.png'));
    await scene().toColourspace('rgb16').png().toFile(at('deep.png'));
    await scene().withMetadata({ orientation: 6 }).jpeg().toFile(at('turned.jpg'));
    const frames = await Promise.all([0, 1].map((hue) => scene(32, 24).modulate({ hue: hue * 90 }).png().toBuffer()));
    await sharp(frames, { join: { animated: true } }).gif().toFile(at('moving.gif'));
    for (const [name, word] of [
      ['cmyk.jpg', /CMYK/i],
      ['named.png', /WebP/i],
      ['turned.jpg', /orientation|turned/i],
      ['moving.gif', /frame/i],
    ] as const) {
      const run = await fit(name, `${name}.inr`, '--steps', '2');
      expect(run).toMatchObject({ code: 0 });
      expect(run.err).toMatch(word);
    }
    for (const [name, facts] of [
      ['alpha.png', { channels: 4, alpha: true }],
      ['deep.png', { type: 'uint16' }],
    ] as const) {
      expect((await fit(name, `${name}.inr`, '--steps', '2')).code).toBe(0);
      expect(json(await inr(['info', at(`${name}.inr`), '--json']))).toMatchObject(facts);
      expect((await inr(['decode', at(`${name}.inr`), '-o', at(`back-${name}`)])).code).toBe(0);
      const { width, height, channels, depth } = await sharp(at(name)).metadata();
      expect(await sharp(at(`back-${name}`)).metadata()).toMatchObject({ width, height, channels, depth });
    }
  });
});

describe('damaged .inr files', () => {
  it('are refused with exit code 4 by every command that reads them', async () => {
    const good = await readFile(at('photo.inr'));
    const changed = (position: number): Buffer => {
      const bytes = Buffer.from(good);
      bytes[position]! ^= 0xff;
      return bytes;
    };
    const files: Readonly<Record<string, Buffer>> = {
      'cut.inr': good.subarray(0, good.length >> 1),
      'flip.inr': changed(good.length >> 1),
      'version.inr': changed(8),
      'longer.inr': Buffer.concat([good, Buffer.from([0])]),
      'empty.inr': Buffer.alloc(0),
      'picture.inr': await readFile(at('photo.png')),
    };
    for (const [name, bytes] of Object.entries(files)) {
      await writeFile(at(name), bytes);
      expectFault(await inr(['decode', at(name), '-o', at('y.png')]), 4, at(name));
      const verdict = await inr(['validate', at(name), '--json']);
      expect(verdict.code).toBe(4);
      expect(json(verdict)).toMatchObject({ ok: false, code: expect.stringMatching(/^container\./) as string });
    }
    expectFault(await inr(['info', at('picture.inr')]), 4, /PNG/);
    expectFault(await inr(['eval', at('flip.inr'), at('photo.png')]), 4, /flip\.inr/);
    expectFault(await inr(['decode', at('none.inr'), '-o', at('y.png')]), 3, /none\.inr/);
    expect(await missing(at('y.png'))).toBe(true);
  });
});

describe('usage', () => {
  it('is exit code 2, and devices that are not there 2 or 5', async () => {
    for (const args of [['fit'], ['fit', at('photo.png')], ['fti'], ['fit', at('photo.png'), '-o', at('x.inr'), '--device', 'quantum'], ['decode', at('photo.inr'), '-o', at('x.png'), '--resolution', '0']]) {
      expectFault(await inr(args), 2);
    }
    expect((await inr(['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect((await inr([])).code).toBe(0);
  });

  it.runIf(process.platform !== 'win32')('lets whoever reads the output leave early', async () => {
    const run = await bash('"$NODE" "$INR" help fit | head -1; echo "${PIPESTATUS[0]}"');
    expect(run).toEqual({ code: 0, err: '', out: 'Usage: inr fit [options] <input>\n0\n' });
  });
});

describe('disks', () => {
  it('are looked at before the fit begins', async () => {
    await writeFile(at('file'), '');
    for (const [name, word] of [['gone/z.inr', /does not exist/], ['file/z.inr', /not a folder|through a file/], ['folder', /is a folder/], ['photo.png', /input file/]] as const) {
      if (name === 'folder') await mkdir(at('folder'), { recursive: true });
      const run = await inr(['fit', at('photo.png'), '-o', at(name), '--steps', '1000000']);
      expectFault(run, 1, at(name), word);
    }
  });

  it.runIf(process.platform === 'linux')('that fill up leave the old file as it was', async () => {
    await writeFile(at('old.npy'), 'old');
    // No file may grow beyond 1 KiB: what a full disk does to a write.
    const decoded = await bash('ulimit -f 1; "$NODE" "$INR" decode "$1" -o "$2"', at('photo.inr'), at('old.npy'));
    expectFault(decoded, 1, /old\.npy/);
    expect(await readFile(at('old.npy'), 'utf8')).toBe('old');
    await writeFile(at('old.inr'), 'old');
    const fitted = await bash('ulimit -f 1; "$NODE" "$INR" fit "$1" -o "$2" --preset siren-small --batch 512 --device cpu --steps 5', at('photo.png'), at('old.inr'));
    expectFault(fitted, 1, /old\.inr/);
    expect(await readFile(at('old.inr'), 'utf8')).toBe('old');
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it.runIf(process.platform !== 'win32')('keep a link a link', async () => {
    await writeFile(at('real.inr'), 'old');
    await symlink(at('real.inr'), at('link.inr'));
    expect((await fit('photo.png', 'link.inr', '--seed', '7')).code).toBe(0);
    expect(await readFile(at('real.inr'))).toEqual(await readFile(at('photo.inr')));
  });
});
