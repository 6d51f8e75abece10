import { mkdtemp, mkdir, readlink, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StudioError } from '#core/errors';
import { about, readFileNamed } from './files';
import { checkOutput } from './output-path';

let folder = '';
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'inr-output-')));
  await mkdir(join(folder, 'inside'));
  await writeFile(join(folder, 'photo.png'), 'x');
  await writeFile(join(folder, 'old.inr'), 'x');
  await symlink(join(folder, 'old.inr'), join(folder, 'link.inr'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('an output path', () => {
  it('is accepted when a file can be written there', async () => {
    expect(await checkOutput(join(folder, 'new.inr'))).toBe(join(folder, 'new.inr'));
    expect(await checkOutput(join(folder, 'old.inr'))).toBe(join(folder, 'old.inr'));
  });

  it('follows a link, so that the link stays one', async () => {
    expect(await checkOutput(join(folder, 'link.inr'))).toBe(join(folder, 'old.inr'));
    expect(await readlink(join(folder, 'link.inr'))).toBe(join(folder, 'old.inr'));
  });

  it.each([
    ['missing/new.inr', 'output.folder'],
    ['photo.png/new.inr', 'output.folder'],
    ['inside', 'output.directory'],
    ['photo.png', 'output.input'],
  ])('%s is refused as %s, by name', async (name, code) => {
    const path = join(folder, name);
    await expect(checkOutput(path, [join(folder, 'photo.png')])).rejects.toMatchObject({ kind: 'failed', code, message: expect.stringContaining(path) as string });
  });

  it.runIf(process.platform !== 'win32')('is never a device', async () => {
    await expect(checkOutput('/dev/null')).rejects.toMatchObject({ code: 'output.special' });
  });
});

describe('an input file', () => {
  it('is refused by name when it is missing or a folder', async () => {
    await expect(readFileNamed(join(folder, 'none'))).rejects.toMatchObject({ kind: 'input', code: 'file.missing' });
    await expect(readFileNamed(join(folder, 'photo.png', 'x'))).rejects.toMatchObject({ code: 'file.missing' });
    await expect(readFileNamed(folder)).rejects.toMatchObject({ code: 'file.directory', message: expect.stringContaining(folder) as string });
  });

  it('is named in faults of those who do not know its name, once', async () => {
    const thrown = (message: string) => about('dir/a.inr', () => Promise.reject(new StudioError('container', 'container.empty', message)));
    await expect(thrown('It is empty.')).rejects.toThrow('dir/a.inr: It is empty.');
    await expect(thrown('a.inr: it is empty.')).rejects.toThrow('dir/a.inr: it is empty.');
    await expect(thrown('dir/a.inr: it is empty.')).rejects.toThrow(/^dir\/a\.inr: it is empty\.$/);
  });
});
