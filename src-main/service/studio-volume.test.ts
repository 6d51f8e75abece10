/** Volumes as a window meets them: the sample, files that came together, raw voxels with and without a description, the list of the folder. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PLAIN_GEOMETRY, volumeSignal } from '#core/signal/volume';
import { writeVolume } from '../formats/volume';
import { endpoints, type EndpointName, type RequestOf, type ResponseOf } from '../ipc/contract';
import { dispatch } from '../ipc/dispatch';
import { createStudio, type Studio } from './studio';

const SIZE = [7, 5, 3] as const;
const voxels = Uint8Array.from({ length: 7 * 5 * 3 }, (_, i) => (i * 37) % 251);
const volume = volumeSignal(voxels, { size: SIZE, channels: 1, voxelType: 'uint8', geometry: { ...PLAIN_GEOMETRY, spacing: [0.5, 0.75, 2] } });

let folder: string;
let studio: Studio;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inr-volumes-'));
  await mkdir(join(folder, 'root'));
  const port = { kind: 'browser' as const, emit: () => undefined, openDialog: () => Promise.resolve([]), saveDialog: () => Promise.resolve(null), versions: {}, assetsDir: resolve('assets') };
  studio = await createStudio({ ...port, root: join(folder, 'root'), settingsFile: join(folder, 'settings.json') });
});
afterAll(async () => {
  await studio.dispose();
  await rm(folder, { recursive: true, force: true });
});

async function call<Name extends EndpointName>(name: Name, request: RequestOf<Name>): Promise<ResponseOf<Name>> {
  const answer = await dispatch(studio.handlers, name, request);
  if ('fault' in answer) throw Object.assign(new Error(answer.fault.message), answer.fault);
  return v.parse(endpoints[name].response, answer.ok) as never;
}
const upload = async (name: string, data: Uint8Array): Promise<string> => (await call('file.upload', { upload: null, name, totalBytes: data.length, data })).file!.file;

describe('volumes in the window', () => {
  it('a sample is made by the program, the same every time', async () => {
    const { samples } = await call('app.describe', {});
    const card = samples.find(({ kind }) => kind === 'volume')!;
    expect(card.thumbnail.length).toBeGreaterThan(1000);
    const read = async (): Promise<Uint8Array> => {
      const loaded = await call('file.load', { file: (await call('file.sample', { id: card.id })).file, task: 't' });
      if (loaded.kind !== 'signal') throw new Error('A volume was expected.');
      expect(loaded.signal).toMatchObject({ kind: 'volume', volume: { voxelType: 'uint8' }, notes: [] });
      return (await call('signal.read', { signal: loaded.signal.signal, offset: 0, length: 4 << 20 })).data;
    };
    const [first, second] = [await read(), await read()];
    expect(first).toEqual(second);
    // Walls and air: neither may fill it.
    const dense = first.filter((voxel) => voxel > 100).length / first.length;
    expect(dense).toBeGreaterThan(0.03);
    expect(dense).toBeLessThan(0.3);
  });

  it('a header takes its voxels from the file that came with it, and says what is missing without it', async () => {
    const { files } = await writeVolume(volume, 'nhdr', 'scan');
    const [header, raw] = [await upload('scan.nhdr', files[0]!.bytes), await upload('scan.raw', files[1]!.bytes)];
    const loaded = await call('file.load', { file: header, task: 't', beside: [raw] });
    expect(loaded).toMatchObject({ kind: 'signal', signal: { size: [...SIZE], volume: { geometry: { spacing: [0.5, 0.75, 2] } } } });
    await expect(call('file.load', { file: header, task: 't' })).rejects.toThrow(/scan\.raw/);
  });

  it('raw voxels are asked about where name and bytes do not agree, and read as they are described', async () => {
    const plain = await upload('scan.raw', voxels);
    expect(await call('file.load', { file: plain, task: 't' })).toEqual({ kind: 'raw', name: 'scan.raw', bytes: voxels.length, guess: {} });
    const wrong = await upload('scan_7x5x4_uint8.raw', voxels);
    expect(await call('file.load', { file: wrong, task: 't' })).toMatchObject({ kind: 'raw', guess: { shape: [7, 5, 4], type: 'uint8' } });
    const right = await upload('scan_7x5x3_uint8.raw', voxels);
    expect(await call('file.load', { file: right, task: 't' })).toMatchObject({ kind: 'signal', signal: { size: [...SIZE] } });
    const raw = { shape: [7, 5, 2] as [number, number, number], type: 'uint8' as const, endian: 'little' as const, spacing: [1, 2, 3] as [number, number, number], channels: 1, skipBytes: 35 };
    const loaded = await call('file.load', { file: plain, task: 't', raw });
    if (loaded.kind !== 'signal') throw new Error('A volume was expected.');
    expect(loaded.signal.volume!.geometry.spacing).toEqual([1, 2, 3]);
    expect((await call('signal.read', { signal: loaded.signal.signal, offset: 0, length: 100 })).data).toEqual(voxels.slice(35));
  });

  it('the list of the folder has volumes and meshes, and no other files', async () => {
    const root = join(folder, 'root');
    for (const extension of ['nrrd', 'nii.gz', 'mha', 'npy'] as const) await writeFile(join(root, `scan.${extension}`), (await writeVolume(volume, extension)).files[0]!.bytes);
    await writeFile(join(root, 'scan.raw'), voxels);
    await writeFile(join(root, 'tetra.off'), 'OFF\n4 0 0\n');
    await writeFile(join(root, 'notes.txt'), 'nothing to open');
    await writeFile(join(root, 'packed.gz'), Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
    const { files } = await call('file.list', {});
    expect(files.map(({ name }) => name).sort()).toEqual(['scan.mha', 'scan.nii.gz', 'scan.npy', 'scan.nrrd', 'scan.raw', 'tetra.off']);
  });
});
