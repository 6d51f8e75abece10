/** Folders as inputs: slices in their order, and what is said of folders that hold none. */
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { slice } from '../formats/volume/test-dicom';
import { openSignal } from './open-signal';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inr-folder-'));
  for (const name of ['scan', 'empty', 'parent/inner', 'other']) await mkdir(join(folder, name), { recursive: true });
  for (let at = 0; at < 4; at++) await writeFile(join(folder, 'scan', `${9 - at}.dcm`), slice({ values: Array<number>(4).fill(at), position: [0, 0, 2 * at] }));
  await writeFile(join(folder, 'scan', '.DS_Store'), 'hidden');
  await writeFile(join(folder, 'parent/inner/a.txt'), 'a');
  await writeFile(join(folder, 'other', 'a.txt'), 'a');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('reads the slices of a folder', async () => {
  for (const path of [join(folder, 'scan'), `${join(folder, 'scan')}/`]) {
    const { signal, notes } = await openSignal(path);
    if (signal.kind !== 'volume') throw new Error('A volume was expected.');
    expect(signal.size).toEqual([2, 2, 4]);
    expect([...signal.voxels].filter((_, at) => at % 4 === 0)).toEqual([0, 1, 2, 3]);
    expect(notes).toEqual(['4 slices read as one volume']);
  }
});

it('names the folder, or the file in it, that is at fault', async () => {
  await expect(openSignal(join(folder, 'empty'))).rejects.toMatchObject({ kind: 'input', code: 'input.folder', message: `${join(folder, 'empty')}: there are no files in this folder. Give a file, or a folder of slices.` });
  await expect(openSignal(join(folder, 'parent'))).rejects.toMatchObject({ message: expect.stringMatching(/but 1 folder\. Give the one that holds the slices/) });
  await expect(openSignal(join(folder, 'other'))).rejects.toMatchObject({ code: 'input.folder', message: expect.stringMatching(/none of the 1 files is a slice/) });
  await expect(openSignal(join(folder, 'missing'))).rejects.toMatchObject({ code: 'file.missing' });
  await expect(openSignal(join(folder, 'scan'), { frame: 2 })).rejects.toMatchObject({ code: 'input.frame' });
  const broken = join(folder, 'scan', '5.dcm');
  await writeFile(broken, slice({ values: [1], position: [0, 0, 9] }));
  await expect(openSignal(join(folder, 'scan'))).rejects.toMatchObject({ code: 'input.truncated', message: expect.stringMatching(new RegExp(`^${broken}: `)) });
  await rm(broken);
});

it.skipIf(process.platform === 'win32')('passes over links that lead nowhere or to folders', async () => {
  await symlink(join(folder, 'nothing'), join(folder, 'scan', 'dead'));
  await symlink(join(folder, 'empty'), join(folder, 'scan', 'sub'));
  expect((await openSignal(join(folder, 'scan'))).signal).toMatchObject({ size: [2, 2, 4] });
});
