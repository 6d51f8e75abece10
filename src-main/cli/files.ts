/** Reading files that the user named: every failure says which file, what is wrong with it and what to do. */
import { open, readdir, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { asStudioError, StudioError } from '#core/errors';

/** Larger files than this are no pictures that fit into memory as one buffer. */
const LARGEST_BYTES = 2 ** 31 - 1;

const FAULTS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file. Check the name.',
  ENOTDIR: 'there is no such file: the path leads through a file. Check the name.',
  EACCES: 'it may not be read. Check its permissions.',
  EPERM: 'it may not be read. Check its permissions.',
  EISDIR: 'this is a folder. Give the name of a file in it.',
};

function fault(path: string, error: unknown): StudioError {
  if (error instanceof StudioError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const stable = code === 'ENOENT' || code === 'ENOTDIR' ? 'file.missing' : code === 'EISDIR' ? 'file.directory' : 'file.unreadable';
  return new StudioError('input', stable, `${path}: ${FAULTS[code] ?? `it cannot be read (${code || String(error)}). Check the disk.`}`, { cause: error });
}

async function opened<T>(path: string, work: (file: FileHandle, bytes: number) => Promise<T>): Promise<T> {
  try {
    // Opening a pipe waits for its writer, who may never come.
    const kind = await stat(path);
    if (!kind.isFile() && !kind.isDirectory()) throw new StudioError('input', 'file.unreadable', `${path}: this is a pipe or a device. Give the name of a file.`);
    const file = await open(path, 'r');
    try {
      const facts = await file.stat();
      if (facts.isDirectory()) throw new StudioError('input', 'file.directory', `${path}: ${FAULTS.EISDIR}`);
      return await work(file, facts.size);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw fault(path, error);
  }
}

/** Whole content of a file. Throws StudioError 'input', codes file.missing, file.directory, file.unreadable, file.size. */
export function readFileNamed(path: string): Promise<Uint8Array> {
  return opened(path, async (file, bytes) => {
    if (bytes > LARGEST_BYTES) throw new StudioError('input', 'file.size', `${path}: it has ${bytes} bytes, more than the 2 GiB that can be read. Give a smaller file.`);
    return new Uint8Array(await file.readFile());
  });
}

/**
 * Names of the files in a folder, hidden ones left out; null for what is no folder. Throws StudioError 'input'/'input.folder' where there is none, and
 * as readFileNamed does.
 */
export async function filesInFolder(path: string): Promise<string[] | null> {
  try {
    if (!(await stat(path)).isDirectory()) return null;
    const all = (await readdir(path, { withFileTypes: true })).filter(({ name }) => !name.startsWith('.'));
    const files: string[] = [];
    for (const each of all) {
      const linked = each.isSymbolicLink() && (await stat(join(path, each.name)).catch(() => null))?.isFile();
      if (each.isFile() || linked) files.push(each.name);
    }
    if (files.length > 0) return files;
    const folders = all.filter((each) => each.isDirectory()).length;
    throw new StudioError('input', 'input.folder', `${path}: there are no files in this folder${folders > 0 ? `, but ${folders} ${folders === 1 ? 'folder' : 'folders'}. Give the one that holds the slices.` : '. Give a file, or a folder of slices.'}`);
  } catch (error) {
    throw fault(path, error);
  }
}

/** Throws StudioError 'input' as readFileNamed does when a file cannot be read, without reading it. */
export function requireFile(path: string): Promise<void> {
  return opened(path, () => Promise.resolve());
}

/** Runs `work` on a file; its errors name the file, whether or not whoever threw them knew it. */
export async function about<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const known = asStudioError(error);
    if (known.kind === 'cancelled' || known.code === 'internal') throw known;
    const said = known.message;
    if (said.startsWith(path)) throw known;
    const base = path.split(/[\\/]/).pop() ?? path;
    const rest = said.startsWith(`${base}: `) ? said.slice(base.length + 2) : said;
    throw new StudioError(known.kind, known.code, `${path}: ${rest}`, { cause: known.cause ?? known });
  }
}
