/** Surfaces against a main process that the test plays: points for a fit in the window, and meshes of files. */
import { describe, expect, it } from 'vitest';
import type { FitConfig } from '#core/fit/config';
import { StudioError } from '#core/errors';
import type { ArtifactInfo } from '#main/ipc/contract';
import { Client } from '../client';
import { Run } from './runs.svelte';
import { drawSurface, readSurface, type Surface } from './surface';
import { extractMesh } from './surface-mesh';
import type { Studio } from './studio.svelte';

type Answer = (request: Record<string, unknown>) => unknown;

/** A client whose calls are answered by the table; reads are cut from `bytes` into pieces of `most`. */
function clientOf(answers: Record<string, Answer>): { client: Client; asked: { name: string; request: Record<string, unknown> }[] } {
  const asked: { name: string; request: Record<string, unknown> }[] = [];
  const call = async (name: string, request: unknown) => {
    asked.push({ name, request: request as Record<string, unknown> });
    try {
      return { ok: await answers[name]?.(request as Record<string, unknown>) };
    } catch (error) {
      const { kind, code, message } = error as StudioError;
      return { fault: { kind, code, message } };
    }
  };
  return { client: new Client({ call, on: () => () => undefined }), asked };
}
const reader = (bytes: Uint8Array, most: number): Answer => ({ offset, length }) => ({ data: bytes.slice(Number(offset), Number(offset) + Math.min(most, Number(length))) });
const joined = (...parts: readonly (Float32Array | Uint32Array | Uint16Array)[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...new Uint8Array(part.buffer)]));

const POSITIONS = Float32Array.of(0, 0, 0, 0.5, 0, 0, 0, 0.25, 0, 0, 0, -1);
const INDICES = Uint32Array.of(0, 1, 2, 0, 3, 1);
const FACTS = { domain: { center: [0, 0, 0], halfExtent: 2 }, mode: 'signed', thickness: 0, truncation: 0.1, vertices: 4, triangles: 2 };
const info = { kind: 'surface', signal: 'signal-12345678', name: 'fold.ply', watertight: false, surface: FACTS, dataBytes: 72 } as unknown as Surface['info'];

describe('an opened surface', () => {
  it('is read in pieces: positions, then triangles', async () => {
    const { client } = clientOf({ 'signal.read': reader(joined(POSITIONS, INDICES), 17) });
    const { surface } = await readSurface(client, info);
    expect(surface.mesh.positions).toEqual(POSITIONS);
    expect(surface.mesh.indices).toEqual(INDICES);
    expect(surface.watertight).toBe(false);
  });

  it('is drawn into points as a configuration wants it', async () => {
    const coordinates = Float32Array.of(0.5, -0.5, 1, 0, 0.25, -1, 0.125, 0, 0);
    const codes = Uint16Array.of(7, 65535, 300);
    const { client, asked } = clientOf({
      'signal.training': () => ({ points: 3, dataBytes: 42, surface: { ...FACTS, truncation: 0.25, mode: 'thickness' } }),
      'signal.read': reader(joined(coordinates, codes), 11),
    });
    const config = { seed: 5 } as unknown as FitConfig;
    const { original, points } = await drawSurface(client, { kind: 'surface', info, surface: { mesh: { positions: POSITIONS, indices: INDICES } }, thumbnail: null }, config, 'task-9');
    expect(asked).toEqual([{ name: 'signal.training', request: { task: 'task-9', signal: info.signal, config } }]);
    expect(original.info.surface).toMatchObject({ truncation: 0.25, mode: 'thickness' });
    expect(await points()).toEqual({ size: [3], channels: 1, type: 'uint16', coordinates, samples: codes });
    expect(asked[1]!.request).toMatchObject({ part: 'training', offset: 0 });
  });
});

describe('the mesh of a file', () => {
  const NORMALS = Float32Array.of(0, 0, 1, 0, 0, 1, 0, 1, 0, 1, 0, 0);
  const ERRORS = Float32Array.of(0, 0.5, 0.25, 0.125);
  const quality = { chamferL1: 0.02 };
  const file = (name: string): ArtifactInfo => ({ artifact: name, kind: 'surface' }) as ArtifactInfo;

  /** A studio that runs work at once; a task counts on, so that each has its own name. */
  function studioOf(client: Client): { studio: Studio; cancelled: string[] } {
    let tasks = 0;
    const cancelled: string[] = [];
    const studio = { client, resolution: 128, working: (_label: string, work: (task: string) => Promise<unknown>) => work(`task-${++tasks}`), cancel: (task: string) => cancelled.push(task), notices: { speak: () => undefined } };
    return { studio: studio as unknown as Studio, cancelled };
  }
  const newRun = (): Run => new Run('fit', { kind: 'surface', info, surface: { mesh: { positions: POSITIONS, indices: INDICES } }, thumbnail: null }, '', '', null, null);

  for (const errors of [true, false]) {
    it(`is read ${errors ? 'with' : 'without'} errors, and let go of in main`, async () => {
      const bytes = joined(POSITIONS, NORMALS, ...(errors ? [ERRORS] : []), INDICES);
      const { client, asked } = clientOf({
        'artifact.mesh': () => ({ mesh: 'mesh-12345678', vertices: 4, triangles: 2, watertight: true, errors, dataBytes: bytes.length, milliseconds: 5, quality: errors ? quality : null }),
        'mesh.read': reader(bytes, 23),
      });
      const run = newRun();
      await extractMesh(studioOf(client).studio, run, file('artifact-a'));
      expect(asked[0]!.request).toEqual({ task: 'task-1', artifact: 'artifact-a', resolution: 128, signal: info.signal });
      expect(run.mesh).toMatchObject({ artifact: 'artifact-a', resolution: 128, vertices: 4, triangles: 2, quality: errors ? quality : null });
      expect(run.mesh!.picture.mesh).toEqual({ positions: POSITIONS, normals: NORMALS, indices: INDICES });
      expect(run.mesh!.picture.errors).toEqual(errors ? ERRORS : undefined);
      expect(asked.at(-1)).toMatchObject({ name: 'mesh.close', request: { mesh: 'mesh-12345678' } });
      expect(run.extraction).toBeNull();
    });
  }

  it('of a newer question ends the older one, whose answer no longer counts', async () => {
    const bytes = joined(POSITIONS, NORMALS, INDICES);
    const waiting: (() => void)[] = [];
    const { client } = clientOf({
      'artifact.mesh': ({ artifact }) => new Promise((answer) => waiting.push(() => answer({ mesh: `mesh-${String(artifact)}`, vertices: 4, triangles: 2, watertight: true, errors: false, dataBytes: bytes.length, milliseconds: 5, quality: null }))),
      'mesh.read': reader(bytes, 100),
    });
    const { studio, cancelled } = studioOf(client);
    const run = newRun();
    const first = extractMesh(studio, run, file('artifact-a'));
    const second = extractMesh(studio, run, file('artifact-b'));
    expect(cancelled).toEqual(['task-1']);
    waiting[1]!();
    await second;
    waiting[0]!();
    await first;
    expect(run.mesh?.artifact).toBe('artifact-b');
    expect(run.extraction).toBeNull();
  });

  it('says with the run why there is none, except when that was wanted', async () => {
    const fault = { current: new StudioError('failed', 'memory', 'Too rugged for 512.') };
    const { client } = clientOf({
      'artifact.mesh': () => {
        throw fault.current;
      },
    });
    const { studio } = studioOf(client);
    const run = newRun();
    await extractMesh(studio, run, file('artifact-a'));
    expect([run.meshFault, run.mesh, run.extraction]).toEqual(['Too rugged for 512.', null, null]);
    fault.current = new StudioError('cancelled', 'cancelled', 'Cancelled.');
    await extractMesh(studio, run, file('artifact-a'));
    expect(run.meshFault).toBe('');
  });
});
