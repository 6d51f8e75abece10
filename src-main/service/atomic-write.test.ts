import { mkdtemp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeAtomically, type WriteSystem } from './atomic-write';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inr-write-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const real: WriteSystem = { open: fs.open, rename: fs.rename, unlink: fs.unlink, platform: 'linux' };
const failure = (code: string): Error => Object.assign(new Error(`${code}: injected`), { code });
/** A disk that takes `room` bytes and then fails with `code`. */
const fullDisk = (room: number, code = 'ENOSPC'): WriteSystem => ({
  ...real,
  open: async (...args) => {
    const file = await fs.open(...args);
    let left = room;
    const write = file.write.bind(file) as (data: Uint8Array, at: number, length: number) => ReturnType<typeof file.write>;
    return Object.assign(file, {
      write: async (data: Uint8Array, at: number, length: number) => {
        if (left === 0) throw failure(code);
        const take = Math.min(left, length);
        left -= take;
        return write(data, at, take);
      },
    });
  },
});

describe('writeAtomically', () => {
  it('writes new files and replaces old ones, leaving nothing else behind', async () => {
    const path = join(folder, 'a.inr');
    await writeAtomically(path, Uint8Array.of(1, 2, 3));
    await writeAtomically(path, new Uint8Array(0));
    expect(await readFile(path)).toHaveLength(0);
    await writeAtomically(path, Uint8Array.of(4));
    expect([...(await readFile(path))]).toEqual([4]);
    expect(await readdir(folder)).toEqual(['a.inr']);
  });

  it('takes names as long as the file system allows', async () => {
    const path = join(folder, `${'n'.repeat(251)}.inr`);
    await writeAtomically(path, Uint8Array.of(1));
    expect([...(await readFile(path))]).toEqual([1]);
    await expect(writeAtomically(join(folder, 'n'.repeat(300)), Uint8Array.of(1))).rejects.toMatchObject({ code: 'save.name' });
  });

  it.each([
    ['ENOSPC', 'save.full'],
    ['EROFS', 'save.readonly'],
    ['EIO', 'save.failed'],
  ])('keeps the old file when the disk fails half way with %s', async (code, expected) => {
    const path = join(folder, 'a.inr');
    await writeFile(path, 'old');
    await expect(writeAtomically(path, new Uint8Array(1000), fullDisk(500, code))).rejects.toMatchObject({ kind: 'failed', code: expected, message: expect.stringContaining(path) });
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['a.inr']);
  });

  it('goes on after short writes', async () => {
    const path = join(folder, 'a.inr');
    let calls = 0;
    const slow: WriteSystem = {
      ...real,
      open: async (...args) => {
        const file = await fs.open(...args);
        const write = file.write.bind(file) as (data: Uint8Array, at: number, length: number) => ReturnType<typeof file.write>;
        return Object.assign(file, { write: (data: Uint8Array, at: number) => (calls++, write(data, at, 1)) });
      },
    };
    await writeAtomically(path, Uint8Array.of(1, 2, 3), slow);
    expect(calls).toBe(3);
    expect([...(await readFile(path))]).toEqual([1, 2, 3]);
  });

  it('names a missing folder, a file used as a folder, and a folder in the way', async () => {
    await writeFile(join(folder, 'file'), '');
    await mkdir(join(folder, 'sub'));
    await expect(writeAtomically(join(folder, 'none', 'a.inr'), Uint8Array.of(1))).rejects.toMatchObject({ code: 'save.folder' });
    await expect(writeAtomically(join(folder, 'file', 'a.inr'), Uint8Array.of(1))).rejects.toMatchObject({ code: 'save.folder' });
    await expect(writeAtomically(join(folder, 'sub'), Uint8Array.of(1))).rejects.toMatchObject({ code: 'save.directory' });
  });

  it('writes through symbolic links, keeps permissions, and never replaces a device', async () => {
    const target = join(folder, 'target.inr');
    await writeFile(target, 'old', { mode: 0o600 });
    await fs.symlink(target, join(folder, 'link.inr'));
    await writeAtomically(join(folder, 'link.inr'), Uint8Array.of(9));
    expect([...(await readFile(target))]).toEqual([9]);
    expect((await fs.stat(target)).mode & 0o777).toBe(0o600);
    expect((await fs.lstat(join(folder, 'link.inr'))).isSymbolicLink()).toBe(true);
    await writeAtomically('/dev/null', Uint8Array.of(1));
    expect((await fs.stat('/dev/null')).isCharacterDevice()).toBe(true);
  });

  it('waits on Windows until a scanner lets go of the file, elsewhere fails at once', async () => {
    const path = join(folder, 'a.inr');
    await writeFile(path, 'old');
    let refusals = 2;
    const held = (platform: NodeJS.Platform): WriteSystem => ({
      ...real,
      platform,
      rename: (from, to) => (refusals-- > 0 ? Promise.reject(failure('EPERM')) : fs.rename(from, to)),
    });
    await writeAtomically(path, Uint8Array.of(7), held('win32'));
    expect([...(await readFile(path))]).toEqual([7]);
    refusals = 1;
    await expect(writeAtomically(path, Uint8Array.of(8), held('linux'))).rejects.toMatchObject({ code: 'save.readonly' });
    expect([...(await readFile(path))]).toEqual([7]);
    expect(await readdir(folder)).toEqual(['a.inr']);
  });
});
