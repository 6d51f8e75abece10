/**
 * Files that the renderer may name by a token: paths that the user chose (dialog, drop, root folder, command line) and bytes that the
 * renderer uploaded (drop and paste in a browser). A path never leaves main, and a renderer cannot make one.
 */
import { constants } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { StudioError } from '#core/errors';
import type { FileRef } from '../ipc/contract';
import { heldBy, newToken } from './tokens';

/** Largest file that is read. */
export const MAX_FILE_BYTES = 1024 ** 3;
/** Uploads that are held at a time, in all. */
const MAX_UPLOAD_BYTES = 2 * 1024 ** 3;
const MAX_UPLOADS_OPEN = 8;
/** An upload that got no bytes for so long has been given up. */
const UPLOAD_IDLE_MILLISECONDS = 120_000;

interface PathEntry {
  readonly kind: 'path';
  readonly name: string;
  readonly path: string;
  readonly confined: boolean;
}

interface BytesEntry {
  readonly kind: 'bytes';
  readonly name: string;
  readonly bytes: Uint8Array;
  read: boolean;
}

interface Upload {
  readonly name: string;
  readonly totalBytes: number;
  readonly parts: Uint8Array[];
  received: number;
  touched: number;
}

const FAULTS: Readonly<Record<string, readonly [code: string, message: string]>> = {
  ENOENT: ['file.missing', 'the file is no longer there. Open it from where it is now.'],
  ENOTDIR: ['file.missing', 'the file is no longer there. Open it from where it is now.'],
  ELOOP: ['file.unreadable', 'this is a symbolic link, which is not followed here. Open the file itself.'],
  EACCES: ['file.unreadable', 'it may not be read. Check its permissions.'],
  EPERM: ['file.unreadable', 'it may not be read. Check its permissions.'],
  EISDIR: ['file.directory', 'this is a folder. Open a file in it.'],
};

export class Files {
  readonly #entries = new Map<string, PathEntry | BytesEntry>();
  readonly #uploads = new Map<string, Upload>();
  /** Tokens of paths by what they stand for: a folder that is listed again and again makes no new ones. */
  readonly #offered = new Map<string, string>();

  /** A token for a path that the user named. A file that cannot be read is reported when it is loaded, where the user sees it. */
  async offer(path: string, options: { readonly name?: string; readonly confined?: boolean } = {}): Promise<FileRef> {
    const name = (options.name ?? basename(path)).slice(0, 255) || 'file';
    const bytes = await stat(path).then(
      (facts) => facts.size,
      () => 0,
    );
    const confined = options.confined ?? false;
    const key = JSON.stringify([path, name, confined]);
    const file = this.#offered.get(key) ?? newToken('file');
    this.#offered.set(key, file);
    this.#entries.set(file, { kind: 'path', name, path, confined });
    return { file, name, bytes };
  }

  /** A token for bytes that are at hand, e.g. from the installation's archive. */
  hold(name: string, bytes: Uint8Array): FileRef {
    this.#makeRoom(name, bytes.length);
    const file = newToken('file');
    this.#entries.set(file, { kind: 'bytes', name, bytes, read: false });
    return { file, name, bytes: bytes.length };
  }

  /** One chunk of an upload; see the contract. Throws StudioError 'input' upload.size, upload.count, 'usage' token.unknown. */
  upload(upload: string | null, name: string, totalBytes: number, data: Uint8Array): { upload: string; file: FileRef | null } {
    const token = upload ?? this.#begin(name, totalBytes);
    const state = heldBy(this.#uploads, token);
    if (state.received + data.length > state.totalBytes) {
      this.#uploads.delete(token);
      throw new StudioError('input', 'upload.size', `${state.name}: more bytes arrived than were announced. Drop the file again.`);
    }
    // A copy: the chunk may be a view of a buffer that the transport uses again.
    if (data.length > 0) state.parts.push(new Uint8Array(data));
    state.received += data.length;
    state.touched = performance.now();
    if (state.received < state.totalBytes) return { upload: token, file: null };
    this.#uploads.delete(token);
    const bytes = new Uint8Array(state.totalBytes);
    let at = 0;
    for (const part of state.parts) {
      bytes.set(part, at);
      at += part.length;
    }
    const file = newToken('file');
    this.#entries.set(file, { kind: 'bytes', name: state.name, bytes, read: false });
    return { upload: token, file: { file, name: state.name, bytes: bytes.length } };
  }

  #begin(name: string, totalBytes: number): string {
    if (totalBytes > MAX_FILE_BYTES) throw tooLarge(name, totalBytes);
    for (const [token, { touched }] of this.#uploads) {
      if (performance.now() - touched > UPLOAD_IDLE_MILLISECONDS) this.#uploads.delete(token);
    }
    if (this.#uploads.size >= MAX_UPLOADS_OPEN) throw new StudioError('input', 'upload.count', `${name}: too many files are arriving at once. Wait for them and drop it again.`);
    this.#makeRoom(name, totalBytes);
    const token = newToken('upload');
    // A base name: browsers may send folders for a dropped tree.
    this.#uploads.set(token, { name: name.split(/[\\/]/).at(-1) || 'file', totalBytes, parts: [], received: 0, touched: performance.now() });
    return token;
  }

  /** Forgets uploads that were read already, oldest first, until `wanted` bytes fit. */
  #makeRoom(name: string, wanted: number): void {
    const held = (): number => {
      let sum = wanted;
      for (const entry of this.#entries.values()) if (entry.kind === 'bytes') sum += entry.bytes.length;
      for (const { totalBytes } of this.#uploads.values()) sum += totalBytes;
      return sum;
    };
    for (const [token, entry] of this.#entries) {
      if (held() <= MAX_UPLOAD_BYTES) return;
      if (entry.kind === 'bytes' && entry.read) this.#entries.delete(token);
    }
    if (held() > MAX_UPLOAD_BYTES) throw new StudioError('input', 'upload.count', `${name}: too many files wait to be opened. Open or close some of them first.`);
  }

  /**
   * Reads files beside one: of those in `beside` the one of that name, else its neighbour in the folder that it lies in. Names without folders.
   * Throws as read does.
   */
  companions(token: string, beside: readonly string[]): (name: string) => Promise<Uint8Array> {
    const entry = heldBy(this.#entries, token);
    return async (name) => {
      const base = basename(name);
      for (const other of beside) if (heldBy(this.#entries, other).name === base) return (await this.read(other)).bytes;
      if (entry.kind !== 'path') throw new StudioError('input', 'file.missing', `${base}: it did not come with ${entry.name}. Open both together.`);
      return readWhole({ kind: 'path', name: base, path: join(dirname(entry.path), base), confined: entry.confined });
    };
  }

  /** Files that may be slices of one volume with another, each read when it is needed. Tokens of files that are gone are an error as in read. */
  parts(tokens: readonly string[]): { readonly name: string; readonly read: () => Promise<Uint8Array> }[] {
    return tokens.map((token) => ({ name: heldBy(this.#entries, token).name, read: async () => (await this.read(token)).bytes }));
  }

  /** Name and whole content. Throws StudioError 'input': file.missing, file.unreadable, file.directory, input.size. */
  async read(token: string): Promise<{ name: string; bytes: Uint8Array }> {
    const entry = heldBy(this.#entries, token);
    if (entry.kind === 'bytes') {
      entry.read = true;
      return entry;
    }
    return { name: entry.name, bytes: await readWhole(entry) };
  }
}

const tooLarge = (name: string, bytes: number): StudioError =>
  new StudioError('input', 'input.size', `${name}: ${(bytes / 1e9).toFixed(1)} GB are more than can be opened (${(MAX_FILE_BYTES / 1e9).toFixed(1)} GB). Choose a smaller file.`);

/** Non-blocking, so that a pipe without a writer cannot hold the program; a confined file must not be a link. */
async function readWhole({ name, path, confined }: PathEntry): Promise<Uint8Array> {
  const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (confined ? (constants.O_NOFOLLOW ?? 0) : 0);
  try {
    const file = await open(path, flags);
    try {
      const facts = await file.stat();
      if (facts.isDirectory()) throw Object.assign(new Error('is a directory'), { code: 'EISDIR' });
      if (!facts.isFile()) throw new StudioError('input', 'file.unreadable', `${name}: this is not an ordinary file. Choose another.`);
      if (facts.size > MAX_FILE_BYTES) throw tooLarge(name, facts.size);
      return new Uint8Array(await file.readFile());
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof StudioError) throw error;
    const known = FAULTS[error instanceof Error && 'code' in error ? String(error.code) : ''];
    const [code, message] = known ?? ['file.unreadable', `it cannot be read (${error instanceof Error ? error.message : String(error)}). Check the disk.`];
    throw new StudioError('input', code, `${name}: ${message}`, { cause: error });
  }
}
