/**
 * A file is either its old self or its whole new self: write a temporary file in the same directory (same file system, so that
 * rename is atomic), flush it to the disk, rename it over the target, flush the directory so that the rename survives a power
 * cut. On Windows a virus scanner or an indexer may hold the target for a moment (EPERM, EBUSY, EACCES): the rename is tried
 * again for about a second. Whatever fails, the temporary file is removed and the old file is as it was.
 */
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { StudioError } from '#core/errors';

/** The calls that can fail; tests put failing ones in their place. */
export interface WriteSystem {
  readonly open: typeof fs.open;
  readonly rename: typeof fs.rename;
  readonly unlink: typeof fs.unlink;
  readonly platform: NodeJS.Platform;
}

const SYSTEM: WriteSystem = { open: fs.open, rename: fs.rename, unlink: fs.unlink, platform: process.platform };
const RETRY_MILLISECONDS = [10, 30, 60, 120, 240, 480];
const CHUNK = 16 * 1024 * 1024;

/**
 * Writes `bytes` to `path` atomically. Throws StudioError 'failed' with codes save.full, save.readonly, save.folder, save.directory,
 * save.busy, save.name, save.failed; the old file, if any, is then unchanged.
 */
export async function writeAtomically(path: string, bytes: Uint8Array, system: WriteSystem = SYSTEM): Promise<void> {
  let temporary = '';
  let made = false;
  try {
    const old = await oldFile(path);
    if (old.kind === 'device') return await fs.writeFile(path, bytes);
    // A stem of bounded length: the target's own name may already be as long as the file system allows.
    temporary = join(dirname(old.path), `.${basename(old.path).slice(0, 40)}.${randomBytes(6).toString('hex')}.tmp`);
    const file = await system.open(temporary, 'wx', old.mode);
    made = true;
    try {
      for (let at = 0; at < bytes.length; ) {
        const { bytesWritten } = await file.write(bytes, at, Math.min(CHUNK, bytes.length - at));
        at += bytesWritten;
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await renamePatiently(temporary, old.path, system);
    made = false;
    await syncDirectory(dirname(old.path), system);
  } catch (error) {
    if (made) await system.unlink(temporary).catch(() => undefined);
    throw saveFault(path, error);
  }
}

interface OldFile {
  /** A device or pipe (/dev/null) is written to: replacing it would break the system. */
  readonly kind: 'file' | 'device';
  /** Where a symbolic link points: the link stays and its target is replaced. */
  readonly path: string;
  readonly mode: number;
}

/** What stands at the path now. A directory is refused here, since Windows would report it as EPERM, like a busy file. */
async function oldFile(path: string): Promise<OldFile> {
  const facts = await fs.stat(path).catch(() => null);
  if (!facts) return { kind: 'file', path, mode: 0o666 };
  if (facts.isDirectory()) throw Object.assign(new Error('is a directory'), { code: 'EISDIR' });
  return { kind: facts.isFile() ? 'file' : 'device', path: await fs.realpath(path), mode: facts.mode & 0o777 };
}

async function renamePatiently(from: string, to: string, system: WriteSystem): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await system.rename(from, to);
      return;
    } catch (error) {
      const wait = RETRY_MILLISECONDS[attempt];
      if (system.platform !== 'win32' || wait === undefined || !['EPERM', 'EBUSY', 'EACCES'].includes(codeOf(error))) throw error;
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}

/** The file is already in place, so a directory that cannot be flushed (some network file systems, Windows) is no failure. */
async function syncDirectory(path: string, system: WriteSystem): Promise<void> {
  if (system.platform === 'win32') return;
  try {
    const directory = await system.open(path, 'r');
    await directory.sync().finally(() => directory.close());
  } catch {
    return;
  }
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '');

/** An error of the file system while saving, in a user's words. */
function saveFault(path: string, error: unknown): StudioError {
  const fault = (code: string, message: string): StudioError => new StudioError('failed', code, `${path}: ${message}`, { cause: error });
  switch (codeOf(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return fault('save.full', 'the disk is full. Free some space or save elsewhere; the old file is unchanged.');
    case 'EFBIG':
      return fault('save.full', 'the file system does not take a file of this size. Save elsewhere.');
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return fault('save.readonly', 'writing is not permitted here. Save to another folder or change its permissions; the old file is unchanged.');
    case 'EBUSY':
      return fault('save.busy', 'another program holds the file. Close it there and save again.');
    case 'ENOENT':
      return fault('save.folder', 'its folder does not exist. Make the folder or choose another.');
    case 'ENOTDIR':
      return fault('save.folder', 'a part of the path is a file, not a folder. Choose another place.');
    case 'EISDIR':
      return fault('save.directory', 'this is a folder. Give a file name.');
    case 'ENAMETOOLONG':
      return fault('save.name', 'the name is too long. Choose a shorter one.');
    default:
      return fault('save.failed', `could not be written (${error instanceof Error ? error.message : String(error)}); the old file is unchanged.`);
  }
}
