/**
 * The services as a window meets them: through dispatch, with every answer and every event held against the contract's schemas, on real
 * pictures, with the cpu engine.
 */
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FitConfig } from '#core/fit/config';
import { slice } from '../formats/volume/test-dicom';
import { CHUNK_BYTES } from '../ipc/contract';
import { config, openWindow, type Window } from './test-window';

let folder: string;
let root: string;
let picture: Uint8Array;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inr-studio-'));
  root = join(folder, 'root');
  await mkdir(root);
  const samples = Uint8Array.from({ length: 48 * 32 * 3 }, (_, i) => 128 + 100 * Math.sin(i / 60));
  picture = await sharp(samples, { raw: { width: 48, height: 32, channels: 3 } }).png().toBuffer();
  await writeFile(join(root, 'photo.png'), picture);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let window: Window;
beforeEach(async () => {
  window = await openWindow(folder);
});
afterEach(() => window.studio.dispose());

const loadSignal = () => window.load(picture, 'photo.png');

async function fitted(steps = 60) {
  const signal = await loadSignal();
  const { run } = await window.call('fit.start', { signal: signal.signal, config: { ...config, plan: { ...config.plan, steps } }, engine: 'cpu', state: null, previewPixels: 400 });
  const ended = await window.event('fit.ended', (event) => event.run === run);
  return { signal, run, ended, state: await window.call('fit.state', { run }) };
}

describe('the window at its start', () => {
  it('is described with engines, samples and settings', async () => {
    const description = await window.call('app.describe', {});
    expect(description).toMatchObject({ version: '1.2.3', shell: 'browser', dialogs: false, root: 'root', settings: { theme: 'system' } });
    expect(description.engines.map(({ engine }) => engine)).toEqual(['cpu', 'tfjs']);
    expect(description.samples.map(({ kind }) => kind)).toEqual(['grid', 'grid', 'grid', 'volume', 'surface']);
    for (const { id, kind, thumbnail } of description.samples) {
      expect((await sharp(thumbnail).metadata()).format).toBe('jpeg');
      const loaded = await window.call('file.load', { file: (await window.call('file.sample', { id })).file, task: id });
      expect(loaded).toMatchObject({ kind: 'signal', signal: kind === 'grid' ? { kind, format: 'JPEG', channels: 3 } : { kind } });
    }
    expect(await window.fault('file.sample', { id: '../etc' })).toMatchObject({ code: 'sample.unknown' });
  });

  it('gets pending files once', async () => {
    window.studio.setPending([join(root, 'photo.png'), join(root, 'gone.png')]);
    const { files } = await window.call('app.pending', {});
    expect(files.map(({ name, bytes }) => [name, bytes])).toEqual([['photo.png', picture.length], ['gone.png', 0]]);
    expect((await window.call('app.pending', {})).files).toEqual([]);
    expect(await window.fault('file.load', { file: files[1]!.file, task: 't' })).toMatchObject({ kind: 'input', code: 'file.missing', message: expect.stringContaining('gone.png') });
  });

  it('remembers settings and survives a damaged file of them', async () => {
    const wanted = { theme: 'light', panes: { runs: false, controls: true, charts: true }, engine: 'cpu' } as const;
    await window.call('settings.write', wanted);
    const other = await openWindow(folder);
    expect((await other.call('app.describe', {})).settings).toEqual(wanted);
    await other.studio.dispose();
    await writeFile(join(folder, 'settings.json'), '{"theme": "li');
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const third = await openWindow(folder);
    expect((await third.call('app.describe', {})).settings.theme).toBe('system');
    expect(warn).toHaveBeenCalledOnce();
    warn.mockRestore();
    await third.studio.dispose();
    await rm(join(folder, 'settings.json'));
  });
});

describe('files', () => {
  it('arrive in chunks and are read by content', async () => {
    const signal = await loadSignal();
    expect(signal).toMatchObject({ name: 'photo.png', format: 'PNG', size: [48, 32], channels: 3, type: 'uint8', rawBytes: 48 * 32 * 3, fileBytes: picture.length });
    const reference = await sharp(picture).raw().toBuffer();
    const { data } = await window.call('signal.read', { signal: signal.signal, offset: 100, length: CHUNK_BYTES });
    expect(Buffer.from(data)).toEqual(reference.subarray(100));
    const small = await window.call('file.load', { file: (await window.upload('a.png', picture, 1000)).file, task: 'x' });
    expect(small.kind).toBe('signal');
    await window.call('signal.close', { signal: signal.signal });
    expect(await window.fault('signal.read', { signal: signal.signal, offset: 0, length: 1 })).toMatchObject({ code: 'token.unknown' });
  });

  it('refuses uploads that are too large or larger than announced', async () => {
    expect(await window.fault('file.upload', { upload: null, name: 'a', totalBytes: 2 ** 40, data: new Uint8Array(1) })).toMatchObject({ code: 'input.size' });
    expect(await window.fault('file.upload', { upload: null, name: 'a', totalBytes: 2, data: new Uint8Array(3) })).toMatchObject({ code: 'upload.size' });
    const empty = await window.upload('empty.png', new Uint8Array(0));
    expect(await window.fault('file.load', { file: empty.file, task: 't' })).toMatchObject({ code: 'input.empty' });
  });

  it('lists the root by content and follows no links out of it', async () => {
    await writeFile(join(folder, 'secret.png'), picture);
    await symlink(join(folder, 'secret.png'), join(root, 'link.png')).catch(() => undefined);
    await writeFile(join(root, 'notes.txt'), 'nothing to open');
    await writeFile(join(root, '.hidden.png'), picture);
    const { files } = await window.call('file.list', {});
    expect(files.map(({ name }) => name)).toEqual(['photo.png']);
    // Listing again grows nothing.
    expect((await window.call('file.list', {})).files).toEqual(files);
    // A link that takes the file's place after it was listed is not followed either.
    await rm(join(root, 'photo.png'));
    await symlink(join(folder, 'secret.png'), join(root, 'photo.png'));
    expect(await window.fault('file.load', { file: files[0]!.file, task: 't' })).toMatchObject({ kind: 'input', code: 'file.unreadable' });
    await rm(join(root, 'photo.png'));
    await writeFile(join(root, 'photo.png'), picture);
  });

  it('a damaged .inr is told as such', async () => {
    const damaged = await window.upload('broken.inr', Buffer.from('this was an inr'));
    expect(await window.fault('file.load', { file: damaged.file, task: 't' })).toMatchObject({ kind: 'container', code: 'container.magic', message: expect.stringContaining('broken.inr') });
  });
});

describe('a fit in the main process', () => {
  it('reports progress and previews, ends, and is coded, opened again and exported', async () => {
    const { signal, run, ended, state } = await fitted();
    expect(ended).toMatchObject({ outcome: 'done', step: 60 });
    const progress = await window.event('fit.progress', (event) => event.run === run);
    expect(progress.loss).toBeGreaterThan(0);
    const preview = await window.event('fit.preview', (event) => event.run === run);
    expect(preview.size[0]! * preview.size[1]!).toBeLessThanOrEqual(400);
    expect(preview.data).toHaveLength(preview.size[0]! * preview.size[1]! * 3);

    const artifact = await window.call('artifact.encode', { task: 'encode', signal: signal.signal, config, parameters: state.parameters });
    expect(artifact).toMatchObject({ name: 'photo.inr', size: [48, 32], bits: 8, ratio: signal.rawBytes / artifact.bytes });
    expect(artifact.quality!.psnr!).toBeGreaterThan(10);
    expect(Math.abs(artifact.quality!.psnrFloat! - artifact.quality!.psnr!)).toBeLessThan(6);
    expect(artifact.quality!.ssim!).toBeGreaterThan(0);
    expect(artifact.quality!.msSsim).toBeNull();
    expect(artifact.chunks.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(artifact.bytes);
    const decoded = (await window.call('artifact.read', { artifact: artifact.artifact, offset: 0, length: CHUNK_BYTES })).data;

    const saved = await window.call('artifact.save', { artifact: artifact.artifact, format: 'inr', name: 'photo.inr', overwrite: false });
    expect(saved).toEqual({ outcome: 'saved', name: 'photo.inr', bytes: artifact.bytes });
    expect(await window.call('artifact.save', { artifact: artifact.artifact, format: 'inr', name: 'photo.inr', overwrite: false })).toMatchObject({ outcome: 'exists' });
    const listed = (await window.call('file.list', {})).files.find(({ name }) => name === 'photo.inr')!;
    const opened = await window.call('file.load', { file: listed.file, task: 'open' });
    if (opened.kind !== 'artifact') throw new Error('An artifact was expected.');
    expect(opened.artifact).toMatchObject({ sha256: artifact.sha256, bytes: artifact.bytes, quality: null, bits: 8, provenance: { generator: 'inr-studio 1.2.3' } });

    const png = await window.call('artifact.download', { artifact: opened.artifact.artifact, format: 'png', offset: 0 });
    expect(png.name).toBe('photo.png');
    expect(png.data).toHaveLength(png.totalBytes);
    expect(Buffer.from(decoded)).toEqual(await sharp(png.data).raw().toBuffer());

    const rows = await window.call('codecs.compare', { task: 'codecs', signal: signal.signal, bytes: artifact.bytes, psnr: artifact.quality!.psnr!, codecs: ['jpeg'] });
    expect(rows.rows[0]).toMatchObject({ codec: 'jpeg', atPsnr: { quality: expect.any(Number) } });
    await window.event('task.progress', ({ task }) => task === 'codecs');
    await rm(join(root, 'photo.inr'));
  });

  it('pauses, steps, goes on from a state, and stops', async () => {
    const signal = await loadSignal();
    const long = { ...config, plan: { ...config.plan, steps: 1_000_000 } };
    const { run } = await window.call('fit.start', { signal: signal.signal, config: long, engine: 'cpu', state: null, previewPixels: 0 });
    await window.event('fit.progress', (event) => event.run === run && event.step > 3);
    await window.call('fit.state', { run });
    await window.call('fit.control', { run, action: 'pause' });
    const { step } = await window.event('fit.progress', (event) => event.run === run && event.state === 'paused');
    await window.call('fit.control', { run, action: 'step' });
    await window.event('fit.progress', (event) => event.run === run && event.step === step + 1);
    const state = await window.call('fit.state', { run });
    expect(state.step).toBe(step + 1);
    await window.call('fit.control', { run, action: 'stop' });
    expect(await window.event('fit.ended', (event) => event.run === run)).toMatchObject({ outcome: 'stopped', step: step + 1 });
    await window.call('fit.control', { run, action: 'stop' });

    const next = await window.call('fit.start', { signal: signal.signal, config: { ...config, plan: { ...config.plan, steps: step + 11 } }, engine: 'cpu', state, previewPixels: 0 });
    expect(await window.event('fit.ended', (event) => event.run === next.run)).toMatchObject({ outcome: 'done', step: step + 11 });
    const wrong = { ...state, moment1: new Uint8Array(8) };
    expect(await window.fault('fit.start', { signal: signal.signal, config, engine: 'cpu', state: wrong, previewPixels: 0 })).toMatchObject({ code: 'fit.state' });
  });

  it('ends by its time budget, and says when it diverges', async () => {
    const signal = await loadSignal();
    const timed = await window.call('fit.start', {
      signal: signal.signal,
      config: { ...config, plan: { ...config.plan, steps: 10_000_000 } },
      engine: 'cpu',
      state: null,
      previewPixels: 0,
      seconds: { budget: 0.2, before: 0 },
    });
    expect(await window.event('fit.ended', (event) => event.run === timed.run)).toMatchObject({ outcome: 'done' });
    const state = await window.call('fit.state', { run: timed.run });
    const broken = new Uint8Array(Float32Array.from({ length: state.parameters.length / 4 }, () => Number.NaN).buffer);
    const run = await window.call('fit.start', { signal: signal.signal, config, engine: 'cpu', state: { ...state, step: 0, parameters: broken }, previewPixels: 0 });
    expect(await window.event('fit.ended', (event) => event.run === run.run)).toMatchObject({ outcome: 'failed', message: expect.stringContaining('learning rate') });
  });

  it('says beforehand what an engine cannot fit', async () => {
    const ask = (change: Partial<FitConfig['plan']>, size: number[]) =>
      window.call('fit.refusal', { config: { ...config, plan: { ...config.plan, ...change } }, size, channels: 3, engine: 'cpu' }).then(({ refusal }) => refusal);
    expect(await ask({}, [48, 32])).toBeNull();
    expect(await ask({ sampling: { kind: 'full' } }, [5000, 5000])).toMatch(/choose stratified/);
  });

  it('runs on the tfjs engine too', async () => {
    const signal = await loadSignal();
    const { run, device } = await window.call('fit.start', { signal: signal.signal, config: { ...config, plan: { ...config.plan, steps: 5 } }, engine: 'tfjs', state: null, previewPixels: 100 });
    expect(device.engine).toBe('tfjs');
    expect(await window.event('fit.ended', (event) => event.run === run)).toMatchObject({ outcome: 'done', step: 5 });
  });

  it('stops with the window', async () => {
    const signal = await loadSignal();
    const { run } = await window.call('fit.start', { signal: signal.signal, config: { ...config, plan: { ...config.plan, steps: 1_000_000 } }, engine: 'cpu', state: null, previewPixels: 0 });
    await window.event('fit.progress');
    await window.studio.dispose();
    expect(await window.event('fit.ended', (event) => event.run === run)).toMatchObject({ outcome: 'stopped' });
  });
});

describe('slices of a volume', () => {
  it('that are opened together become one signal, whichever is named first', async () => {
    const files = await Promise.all([0, 1, 2].map((at) => window.upload(`IM${at}`, slice({ values: Array<number>(4).fill(at), position: [0, 0, -at] }))));
    for (const first of files) {
      const beside = files.filter((file) => file !== first).map(({ file }) => file);
      const loaded = await window.call('file.load', { file: first.file, task: 'load', beside });
      expect(loaded).toMatchObject({ kind: 'signal', signal: { kind: 'volume', name: first.name, size: [2, 2, 3], notes: ['3 slices read as one volume'] } });
      if (loaded.kind !== 'signal') throw new Error('A signal was expected.');
      const { data } = await window.call('signal.read', { signal: loaded.signal.signal, offset: 0, length: 12 });
      expect(data[0]).toBeGreaterThan(data[11]!);
    }
    expect(await window.call('file.load', { file: files[0]!.file, task: 'load' })).toMatchObject({ signal: { size: [2, 2, 1] } });
    const other = await window.upload('packed', slice({ values: [1, 2, 3, 4], position: [0, 0, 9], uid: '1.2.840.10008.1.2.4.70' }));
    expect((await window.fault('file.load', { file: files[0]!.file, task: 'load', beside: [other.file] })).message).toMatch(/^packed: .*JPEG lossless/);
  });
});

describe('saving', () => {
  it('refuses names that leave the root, and keeps to ordinary files', async () => {
    const { signal, state } = await fitted(2);
    const { artifact } = await window.call('artifact.encode', { task: 'e', signal: signal.signal, config, parameters: state.parameters });
    for (const name of ['../out.inr', 'a/b.inr', '..', '.inr', 'c:\\x.inr', 'nul.inr', 'a\u0000.inr']) {
      expect(await window.fault('artifact.save', { artifact, format: 'inr', name, overwrite: true }), name).toMatchObject({ kind: 'usage', code: 'root.name' });
    }
    await symlink(join(folder, 'elsewhere.inr'), join(root, 'trap.inr'));
    expect(await window.fault('artifact.save', { artifact, format: 'inr', name: 'trap.inr', overwrite: true })).toMatchObject({ code: 'root.name' });
    await rm(join(root, 'trap.inr'));
    expect(await window.call('artifact.save', { artifact, format: 'inr', name: null, overwrite: false })).toMatchObject({ outcome: 'cancelled' });
    expect(await window.fault('artifact.encode', { task: 'e', signal: signal.signal, config, parameters: state.parameters.subarray(4) })).toMatchObject({ code: 'encode.parameters' });
  });

  it('goes through the native dialog, and its faults name the file without its folder', async () => {
    await window.studio.dispose();
    let target = join(folder, 'saved.inr');
    window = await openWindow(folder, { kind: 'electron', root: null, saveDialog: () => Promise.resolve(target) });
    const { signal, state } = await fitted(2);
    const { artifact, bytes } = await window.call('artifact.encode', { task: 'e', signal: signal.signal, config, parameters: state.parameters });
    expect(await window.call('artifact.save', { artifact, format: 'inr', name: null, overwrite: false })).toEqual({ outcome: 'saved', name: 'saved.inr', bytes });
    expect(await readFile(target)).toHaveLength(bytes);
    target = join(folder, 'none', 'saved.inr');
    const fault = await window.fault('artifact.save', { artifact, format: 'inr', name: null, overwrite: false });
    expect(fault).toMatchObject({ kind: 'failed', code: 'save.folder' });
    expect(fault.message).toMatch(/^saved\.inr: /);
    expect(await window.fault('artifact.save', { artifact, format: 'inr', name: 'x.inr', overwrite: false })).toMatchObject({ code: 'save.root' });
  });

  it('cancels a running task', async () => {
    const signal = await window.load(await readFile('assets/samples/airplane-from-above.jpg'), 'a.jpg');
    const work = window.fault('codecs.compare', { task: 'long', signal: signal.signal, bytes: 20_000, psnr: 30, codecs: ['webp'] });
    await window.event('task.progress', ({ task }) => task === 'long');
    await window.call('task.cancel', { task: 'long' });
    expect(await work).toMatchObject({ kind: 'cancelled' });
  });
});
