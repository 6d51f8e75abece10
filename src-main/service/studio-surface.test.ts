/** Surfaces as a window meets them: opened, drawn into points, fitted, coded, and turned back into meshes. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SURFACE_DEFAULTS, type FitConfig } from '#core/fit/config';
import { distanceOfCode } from '#core/signal/surface';
import { pointOf, torus, torusDistance } from '#engine/surface/test-shapes';
import { readMesh, writeMesh } from '../formats/mesh';
import { CHUNK_BYTES } from '../ipc/contract';
import { config, openWindow, type Window } from './test-window';

let folder: string;
let window: Window;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inr-studio-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(async () => {
  window = await openWindow(folder, { root: null });
});
afterEach(() => window.studio.dispose());

describe('a surface', () => {
  const plan = { ...SURFACE_DEFAULTS, points: 8192, truncation: 0.2 };
  const wanted: FitConfig = { ...config, surface: plan };

  it('is opened, drawn into points, fitted here and coded', async () => {
    const ring = torus(0.7, 0.25, 80, 40);
    const signal = await window.load(await writeMesh(ring, 'stl'), 'ring.stl');
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
    const signal = await window.load(await writeMesh(torus(0.7, 0.25, 40, 20), 'ply'), 'ring.ply');
    const drawing = window.fault('signal.training', { task: 'long', signal: signal.signal, config: { ...wanted, surface: { ...plan, points: 2_000_000 } } });
    await window.event('task.progress', ({ task, fraction }) => task === 'long' && fraction > 0);
    await window.call('task.cancel', { task: 'long' });
    expect((await drawing).kind).toBe('cancelled');
    const stratified: FitConfig = { ...wanted, plan: { ...wanted.plan, sampling: { kind: 'stratified' } } };
    const asked = { config: stratified, size: signal.size, channels: 1, engine: 'cpu' } as const;
    expect((await window.call('fit.refusal', { ...asked, surface: true })).refusal).toMatch(/uniform sampling/);
    expect((await window.call('fit.refusal', asked)).refusal).toBeNull();
    const photo = await window.load(await readFile('assets/samples/airplane-from-above.jpg'), 'photo.jpg');
    expect((await window.fault('signal.training', { task: 'photo', signal: photo.signal, config: wanted })).code).toBe('signal.kind');
    const cloud = await window.upload('cloud.obj', new TextEncoder().encode('v 0 0 0\nv 1 0 0\n'));
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
    const [scene, bin] = [await window.upload('ring.gltf', new TextEncoder().encode(JSON.stringify(gltf))), await window.upload('ring.bin', data)];
    const loaded = await window.call('file.load', { file: scene.file, task: 'load', beside: [bin.file] });
    expect(loaded).toMatchObject({ kind: 'signal', signal: { kind: 'surface', watertight: true, surface: { triangles: indices.length / 3 } } });
    expect((await window.fault('file.load', { file: scene.file, task: 'load' })).message).toMatch(/ring\.bin/);
  });
});
