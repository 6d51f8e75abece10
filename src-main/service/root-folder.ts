/**
 * The one folder that the browser shell may read from and save into. A name is a plain file name: no separators, no '..', nothing
 * hidden, no device names of Windows. Symbolic links are neither listed, read nor written: they could lead out. Files are opened
 * without following a link that took a file's place after the check.
 */
import { constants } from 'node:fs';
import { lstat, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { StudioError } from '#core/errors';
import { sniffMesh } from '../formats/mesh/sniff';
import { sniffVolume } from '../formats/volume/sniff';
import { sniff } from './image-header';

/** Most files that are looked at for one listing. */
const MOST_LISTED = 2000;
/** Bytes that tell what a file is. */
const HEAD_BYTES = 2048;
const NO_FOLLOW = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

const WINDOWS_DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/** Absolute path of a plain name in the root. Throws StudioError 'usage' 'root.name'. */
export function pathInRoot(root: string, name: string): string {
  const plain = name.length > 0 && name.length <= 255 && !/[\\/:*?"<>|]/.test(name) && ![...name].some((letter) => letter < ' ') && !name.startsWith('.') && !/[. ]$/.test(name) && !WINDOWS_DEVICE.test(name);
  if (!plain) throw new StudioError('usage', 'root.name', `"${name}" is not a plain file name. Use letters, digits, spaces, - and _, without folders.`);
  return join(root, name);
}

/** What stands under that name: a regular file, nothing, or something else that must be left alone. */
export async function kindInRoot(root: string, name: string): Promise<'file' | 'none' | 'other'> {
  const facts = await lstat(pathInRoot(root, name)).catch(() => null);
  return facts === null ? 'none' : facts.isFile() ? 'file' : 'other';
}

/** Files in the root that can be opened: by content, and by name where content says nothing; sorted by name. */
export async function listRoot(root: string): Promise<{ name: string; path: string; bytes: number }[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  const files: { name: string; path: string; bytes: number }[] = [];
  for (const entry of entries.slice(0, MOST_LISTED)) {
    if (!entry.isFile() || entry.name.startsWith('.')) continue;
    const path = join(root, entry.name);
    const bytes = await openableSize(path, entry.name);
    if (bytes !== null) files.push({ name: entry.name, path, bytes });
  }
  return files.sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
}

/** Size in bytes of a file that can be opened here, else null. */
async function openableSize(path: string, name: string): Promise<number | null> {
  const file = await open(path, NO_FOLLOW).catch(() => null);
  if (!file) return null;
  try {
    const head = new Uint8Array(HEAD_BYTES);
    const { bytesRead } = await file.read(head, 0, HEAD_BYTES, 0);
    const start = head.subarray(0, bytesRead);
    const { kind } = sniff(start);
    const known = kind === 'picture' || kind === 'inr' || sniffVolume(start, name) !== null || sniffMesh(start, name) !== null;
    return known ? (await file.stat()).size : null;
  } catch {
    return null;
  } finally {
    await file.close();
  }
}
