/**
 * The services as a window meets them: through dispatch, with every answer and every event held against the contract's schemas, on real
 * pictures, with the cpu engine.
 */
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import sharp from 'sharp';
import * as v from 'valibot';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FitConfig } from '#core/fit/config';
import { PLAN_DEFAULTS, SURFACE_DEFAULTS } from '#core/fit/config';
import { distanceOfCode } from '#core/signal/surface';
import { pointOf, torus, torusDistance } from '#engine/surface/test-shapes';
import { readMesh, writeMesh } from '../formats/mesh';
import { slice } from '../formats/volume/test-dicom';
import { CHUNK_BYTES, endpoints, events, type EndpointName, type EventName, type EventOf, type FileRef, type RequestOf, type ResponseOf } from '../ipc/contract';
import { dispatch } from '../ipc/dispatch';
import { createStudio, type ShellPort, type Studio } from './studio';

const config: FitConfig = {
  version: 1,
  network: { encoding: { kind: 'identity' }, depth: 2, width: 16, activation: { kind: 'sine', omega0: 20, omegaHidden: 20 } },
  plan: { steps: 60, batch: 256, ...PLAN_DEFAULTS,
  optimizer: { kind: 'adam', learningRate: 2e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 }, schedule: { kind: 'constant' } },
  coding: { bits: 8 },
  seed: 3,
};

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

interface Window {
  studio: Studio;
  seen: { name: EventName; payload: unknown }[];
  call<Name extends EndpointName>(name: Name, request: RequestOf<Name>): Promise<ResponseOf<Name>>;
  fault<Name extends EndpointName>(name: Name, request: RequestOf<Name>): Promise<{ kind: string; code: string; message: string }>;
  event<Name extends EventName>(name: Name, wanted?: (payload: EventOf<Name>) => boolean): Promise<EventOf<Name>>;
}

async function openWindow(port: Partial<ShellPort> = {}): Promise<Window> {
  const seen: Window['seen'] = [];
  const studio = await createStudio({
    kind: 'browser',
    emit: (name, payload) => void seen.push({ name, payload: v.parse(events[name], payload) }),
    openDialog: () => Promise.resolve([]),
    saveDialog: () => Promise.resolve(null),
    root,
    settingsFile: join(folder, 'settings.json'),
    versions: {},
    assetsDir: resolve('assets'),
    appVersion: '1.2.3',
    ...port,
  });
  const ask = (name: EndpointName, request: unknown) => dispatch(studio.handlers, name, request);
  return {
    studio,
    seen,
    call: async (name, request) => {
      const answer = await ask(name, request);
      if ('fault' in answer) throw Object.assign(new Error(`${name}: ${answer.fault.message}`), answer.fault);
      return v.parse(endpoints[name].response, answer.ok) as never;
    },
    fault: async (name, request) => {
      const answer = await ask(name, request);
      if ('ok' in answer) throw new Error(`${name} was expected to fail.`);
      return answer.fault;
    },
    event: (name, wanted = () => true) =>
      vi.waitFor(
        () => {
          const found = seen.find((each) => each.name === name && wanted(each.payload as never));
          if (!found) throw new Error(`No ${name} came.`);
          return found.payload as never;
        },
        { timeout: 20_000, interval: 10 },
      ),
  };
}

let window: Window;
beforeEach(async () => {
  window = await openWindow();
});
afterEach(() => window.studio.dispose());

async function upload(name: string, bytes: Uint8Array, step = bytes.length): Promise<FileRef> {
  let token: string | null = null;
  let file: FileRef | null = null;
  for (let at = 0; file === null; at += step) {
    const answer: ResponseOf<'file.upload'> = await window.call('file.upload', { upload: token, name, totalBytes: bytes.length, data: bytes.subarray(at, at + step) });
    token = answer.upload;
    file = answer.file;
  }
  return file;
}

async function loadSignal(bytes: Uint8Array = picture, name = 'photo.png') {
  const loaded = await window.call('file.load', { file: (await upload(name, bytes)).file, task: 'load' });
  if (loaded.kind !== 'signal') throw new Error('A picture was expected.');
  return loaded.signal;
}

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
    const other = await openWindow();
    expect((await other.call('app.describe', {})).settings).toEqual(wanted);
    await other.studio.dispose();
    await writeFile(join(folder, 'settings.json'), '{"theme": "li');
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const third = await openWindow();
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
    const small = await window.call('file.load', { file: (await upload('a.png', picture, 1000)).file, task: 'x' });
    expect(small.kind).toBe('signal');
    await window.call('signal.close', { signal: signal.signal });
    expect(await window.fault('signal.read', { signal: signal.signal, offset: 0, length: 1 })).toMatchObject({ code: 'token.unknown' });
  });

  it('refuses uploads that are too large or larger than announced', async () => {
    expect(await window.fault('file.upload', { upload: null, name: 'a', totalBytes: 2 ** 40, data: new Uint8Array(1) })).toMatchObject({ code: 'input.size' });
    expect(await window.fault('file.upload', { upload: null, name: 'a', totalBytes: 2, data: new Uint8Array(3) })).toMatchObject({ code: 'upload.size' });
    const empty = await upload('empty.png', new Uint8Array(0));
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
    const damaged = await upload('broken.inr', Buffer.from('this was an inr'));
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

describe('a surface', () => {
  const plan = { ...SURFACE_DEFAULTS, points: 8192, truncation: 0.2 };
  const wanted: FitConfig = { ...config, surface: plan };

  it('is opened, drawn into points, fitted here and coded', async () => {
    const ring = torus(0.7, 0.25, 80, 40);
    const signal = await loadSignal(await writeMesh(ring, 'stl'), 'ring.stl');
    expect(signal).toMatchObject({ kind: 'surface', format: 'STL (binary)', watertight: true, notes: [], surface: { triangles: 6400, vertices: 3200 } });
    const read = async (part: 'samples' | 'training', offset: number): Promise<Uint8Array> => (await window.call('signal.read', { signal: signal.signal, offset, length: CHUNK_BYTES, part })).data;
    expect(await read('samples', 0)).toHaveLength(signal.dataBytes);
    expect((await window.fault('signal.read', { signal: signal.signal, offset: 0, length: 10, part: 'training' })).code).toBe('signal.training');

    const drawn = await window.call('signal.training', { task: 'draw', signal: signal.signal, config: wanted });
    expect(drawn).toMatchObject({ points: 8192, dataBytes: 8192 * 14, surface: { truncation: 0.2, mode: 'signed' } });
    await window.event('task.progress', ({ task, label }) => task === 'draw' && label === 'Sampling the surface');
    const coordinates = new Float32Array((await read('training', 0)).slice().buffer);
    const codes = new Uint16Array((await read('training', 4 * coordinates.length)).slice().buffer);
    expect([coordinates.length, codes.length]).toEqual([3 * 8192, 8192]);
    const unit = 1 / drawn.surface.domain.halfExtent;
    for (let i = 0; i < 200; i++) {
      const truth = Math.max(-0.2, Math.min(0.2, torusDistance(0.7 * unit, 0.25 * unit, pointOf(coordinates, i))));
      // The facets lie inside of the torus by 0.95 (1 - cos(pi / 80)) + 0.25 (1 - cos(pi / 40)) at most.
      expect(Math.abs(distanceOfCode(codes[i]!, 0.2) - truth)).toBeLessThan(0.0016);
    }

    const { run } = await window.call('fit.start', { signal: signal.signal, config: wanted, engine: 'cpu', state: null, previewPixels: 4096 });
    const preview = await window.event('fit.preview', (event) => event.run === run);
    expect([preview.size, preview.data.length]).toEqual([[16, 16, 16], 4096]);
    await window.event('fit.ended', (event) => event.run === run && event.outcome === 'done');
    const { parameters } = await window.call('fit.state', { run });
    const artifact = await window.call('artifact.encode', { task: 'encode', signal: signal.signal, config: wanted, parameters });
    expect(artifact).toMatchObject({ name: 'ring.inr', kind: 'surface', surface: { truncation: 0.2, triangles: 6400 } });
    expect(artifact.quality!.psnr!).toBeGreaterThan(5);

    await meshOf(artifact.artifact, signal.signal);

    // A closed signal keeps nothing.
    await window.call('signal.close', { signal: signal.signal });
    expect((await window.fault('signal.training', { task: 'again', signal: signal.signal, config: wanted })).code).toBe('token.unknown');
  });

  /** The mesh of a file in the window: extracted, measured, saved as it is shown. */
  async function meshOf(artifact: string, signal: string): Promise<void> {
    const asked = { artifact, resolution: 32 };
    const bare = await window.call('artifact.mesh', { ...asked, task: 'bare', signal: null });
    expect(bare).toMatchObject({ errors: false, quality: null, watertight: true, dataBytes: 24 * bare.vertices + 12 * bare.triangles });
    const measured = await window.call('artifact.mesh', { ...asked, task: 'measured', signal });
    await window.event('task.progress', ({ task, label }) => task === 'measured' && label === 'Measuring');
    expect(measured).toMatchObject({ errors: true, vertices: bare.vertices, triangles: bare.triangles, dataBytes: bare.dataBytes + 4 * bare.vertices, quality: { samples: 200_000 } });
    const { data } = await window.call('mesh.read', { mesh: measured.mesh, offset: 0, length: CHUNK_BYTES });
    expect(data).toHaveLength(measured.dataBytes);
    const floats = new Float32Array(data.slice(0, 28 * measured.vertices).buffer);
    const lengths = Array.from({ length: measured.vertices }, (_, i) => Math.hypot(...floats.subarray(3 * (measured.vertices + i), 3 * (measured.vertices + i) + 3)));
    expect([Math.min(...lengths), Math.max(...lengths)]).toEqual([expect.closeTo(1, 3), expect.closeTo(1, 3)]);
    const errors = floats.subarray(6 * measured.vertices);
    const diagonal = 100 / (2 * Math.hypot(0.95, 0.95, 0.25) / (1.1 * 0.95));
    expect(Math.max(...errors) * diagonal).toBeLessThanOrEqual(1.3 * measured.quality!.hausdorff);
    expect(Math.max(...errors)).toBeGreaterThan(0);
    const saved = await window.call('artifact.download', { artifact, format: 'glb', offset: 0, resolution: 32 });
    const { mesh } = await readMesh(saved.data, saved.name);
    expect([saved.name, mesh.positions.length, mesh.indices.length]).toEqual(['ring.glb', 3 * bare.vertices, 3 * bare.triangles]);
    expect((await window.fault('artifact.mesh', { ...asked, resolution: 3000, task: 'large', signal: null })).code).toBe('surface.resolution');
    const cancelled = window.fault('artifact.mesh', { ...asked, resolution: 256, task: 'cut', signal: null });
    await window.event('task.progress', ({ task }) => task === 'cut');
    await window.call('task.cancel', { task: 'cut' });
    expect((await cancelled).kind).toBe('cancelled');
    await window.call('mesh.close', { mesh: bare.mesh });
    expect((await window.fault('mesh.read', { mesh: bare.mesh, offset: 0, length: 8 })).code).toBe('token.unknown');
  }

  it('is left when it is cancelled, and refused where it cannot be', async () => {
    const signal = await loadSignal(await writeMesh(torus(0.7, 0.25, 40, 20), 'ply'), 'ring.ply');
    const drawing = window.fault('signal.training', { task: 'long', signal: signal.signal, config: { ...wanted, surface: { ...plan, points: 2_000_000 } } });
    await window.event('task.progress', ({ task, fraction }) => task === 'long' && fraction > 0);
    await window.call('task.cancel', { task: 'long' });
    expect((await drawing).kind).toBe('cancelled');
    const stratified: FitConfig = { ...wanted, plan: { ...wanted.plan, sampling: { kind: 'stratified' } } };
    const asked = { config: stratified, size: signal.size, channels: 1, engine: 'cpu' } as const;
    expect((await window.call('fit.refusal', { ...asked, surface: true })).refusal).toMatch(/uniform sampling/);
    expect((await window.call('fit.refusal', asked)).refusal).toBeNull();
    const photo = await loadSignal();
    expect((await window.fault('signal.training', { task: 'photo', signal: photo.signal, config: wanted })).code).toBe('signal.kind');
    const cloud = await upload('cloud.obj', new TextEncoder().encode('v 0 0 0\nv 1 0 0\n'));
    expect(await window.fault('file.load', { file: cloud.file, task: 'cloud' })).toMatchObject({ code: 'input.empty', message: expect.stringMatching(/^cloud\.obj: a point cloud/) });
  });

  it('finds the buffers of its glTF among the files that came with it', async () => {
    const { positions, indices } = torus(0.7, 0.25, 12, 8);
    const data = new Uint8Array([...new Uint8Array(Float32Array.from(positions).buffer), ...new Uint8Array(indices.buffer)]);
    const gltf = {
      asset: { version: '2.0' },
      meshes: [{ primitives: [{ attributes: { POSITION: 0 }, indices: 1 }] }],
      accessors: [
        { bufferView: 0, componentType: 5126, count: positions.length / 3, type: 'VEC3' },
        { bufferView: 1, componentType: 5125, count: indices.length, type: 'SCALAR' },
      ],
      bufferViews: [
        { buffer: 0, byteLength: 4 * positions.length },
        { buffer: 0, byteOffset: 4 * positions.length, byteLength: indices.byteLength },
      ],
      buffers: [{ uri: 'ring.bin', byteLength: data.length }],
    };
    const [scene, bin] = [await upload('ring.gltf', new TextEncoder().encode(JSON.stringify(gltf))), await upload('ring.bin', data)];
    const loaded = await window.call('file.load', { file: scene.file, task: 'load', beside: [bin.file] });
    expect(loaded).toMatchObject({ kind: 'signal', signal: { kind: 'surface', watertight: true, surface: { triangles: indices.length / 3 } } });
    expect((await window.fault('file.load', { file: scene.file, task: 'load' })).message).toMatch(/ring\.bin/);
  });
});

describe('slices of a volume', () => {
  it('that are opened together become one signal, whichever is named first', async () => {
    const files = await Promise.all([0, 1, 2].map((at) => upload(`IM${at}`, slice({ values: Array<number>(4).fill(at), position: [0, 0, -at] }))));
    for (const first of files) {
      const beside = files.filter((file) => file !== first).map(({ file }) => file);
      const loaded = await window.call('file.load', { file: first.file, task: 'load', beside });
      expect(loaded).toMatchObject({ kind: 'signal', signal: { kind: 'volume', name: first.name, size: [2, 2, 3], notes: ['3 slices read as one volume'] } });
      if (loaded.kind !== 'signal') throw new Error('A signal was expected.');
      const { data } = await window.call('signal.read', { signal: loaded.signal.signal, offset: 0, length: 12 });
      expect(data[0]).toBeGreaterThan(data[11]!);
    }
    expect(await window.call('file.load', { file: files[0]!.file, task: 'load' })).toMatchObject({ signal: { size: [2, 2, 1] } });
    const other = await upload('packed', slice({ values: [1, 2, 3, 4], position: [0, 0, 9], uid: '1.2.840.10008.1.2.4.70' }));
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
    window = await openWindow({ kind: 'electron', root: null, saveDialog: () => Promise.resolve(target) });
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
    const signal = await loadSignal(await readFile('assets/samples/airplane-from-above.jpg'), 'a.jpg');
    const work = window.fault('codecs.compare', { task: 'long', signal: signal.signal, bytes: 20_000, psnr: 30, codecs: ['webp'] });
    await window.event('task.progress', ({ task }) => task === 'long');
    await window.call('task.cancel', { task: 'long' });
    expect(await work).toMatchObject({ kind: 'cancelled' });
  });
});
