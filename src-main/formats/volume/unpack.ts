/**
 * Bytes out of a file, unpacked where they are packed. Invariants:
 * - the length is known before anything is allocated, and no more than that is ever unpacked (a small file that unpacks to gigabytes ends
 *   at the length that its header declares);
 * - a length that the packed bytes cannot reach (deflate makes at most 1032 bytes of one) is refused before it is allocated;
 * - other work gets its turn between pieces of 16 MiB.
 */
import { constants, createGunzip, createInflate, createInflateRaw, gunzipSync } from 'node:zlib';
import type { Reading } from './types';

export interface Packed {
  readonly bytes: Uint8Array;
  readonly packing: 'none' | 'gzip' | 'zlib' | 'deflate';
  /** Bytes to leave out at the front, after unpacking. */
  readonly skip?: number;
}

const PIECE = 2 ** 24;
const DEFLATE_LIMIT = 1032;

/** Lets other work have its turn. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Calls `work` on pieces [from, to) of `length` elements, other work between them. */
export async function inPieces(length: number, work: (from: number, to: number) => void, piece = PIECE): Promise<void> {
  for (let from = 0; from < length; from += piece) {
    if (from > 0) await turn();
    work(from, Math.min(length, from + piece));
  }
}

export const isGzip = (bytes: Uint8Array): boolean => bytes.length >= 18 && bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8;

/** Length of what a gzip file unpacks to, modulo 2^32, as its last four bytes say; the length of any other file. */
export function unpackedLength(bytes: Uint8Array): number {
  return isGzip(bytes) ? new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 4).getUint32(0, true) : bytes.length;
}

/** The first bytes of a gzip file, unpacked: what the first 2 KiB of it hold. Empty where they are damaged. */
export function gzipStart(bytes: Uint8Array): Uint8Array {
  try {
    return gunzipSync(bytes.subarray(0, 2048), { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return new Uint8Array(0);
  }
}

/** "1234 bytes of voxels were expected, but ..." */
export function tooShort(reading: Reading, expected: number, found: string): Error {
  return reading.fault('truncated', `the voxels take ${expected} bytes, but the file holds ${found}. Copy or download it again, or correct the sizes in its header.`);
}

/**
 * `length` bytes in memory of their own. What follows them in the file is left out: silently ('ignore': other volumes of a series), with a
 * note, or refused as a sign of a wrong size. Throws StudioError input.truncated, input.size, input.damaged.
 */
export async function unpack({ bytes, packing, skip = 0 }: Packed, length: number, reading: Reading, rest: 'ignore' | 'note' | 'refuse' = 'note'): Promise<Uint8Array> {
  const most = packing === 'none' ? bytes.length : bytes.length * DEFLATE_LIMIT;
  if (skip + length > most) throw tooShort(reading, length, packing === 'none' ? `${Math.max(0, bytes.length - skip)}` : `only ${bytes.length} packed bytes`);
  const target = new Uint8Array(length);
  let surplus: string | null = null;
  if (packing === 'none') {
    await inPieces(length, (from, to) => target.set(bytes.subarray(skip + from, skip + to), from));
    if (bytes.length > skip + length) surplus = `${bytes.length - skip - length} more bytes`;
  } else {
    const { filled, more } = await inflateInto(bytes, packing, skip, target).catch((cause: unknown) => {
      const ended = (cause as { code?: unknown }).code === 'Z_BUF_ERROR';
      throw ended
        ? reading.fault('truncated', `the packed voxels end too early: ${length} bytes were expected. Copy or download the file again.`, cause)
        : reading.fault('damaged', 'the packed voxels are damaged. Copy or download the file again.', cause);
    });
    if (filled < length) throw tooShort(reading, length, `${filled}`);
    if (more) surplus = 'more data';
  }
  if (surplus && rest === 'refuse') throw reading.fault('size', `the voxels take ${length} bytes, but the file goes on with ${surplus}. Correct the shape, the type or the bytes to skip.`);
  if (surplus && rest === 'note') reading.notes.push(`${surplus} after the voxels left out`);
  return target;
}

async function inflateInto(bytes: Uint8Array, packing: 'gzip' | 'zlib' | 'deflate', skip: number, target: Uint8Array, finishFlush = constants.Z_FINISH): Promise<{ filled: number; more: boolean }> {
  const options = { finishFlush, chunkSize: Math.min(2 ** 20, Math.max(2 ** 12, skip + target.length)) };
  const stream = packing === 'gzip' ? createGunzip(options) : packing === 'zlib' ? createInflate(options) : createInflateRaw(options);
  stream.end(bytes);
  let left = skip;
  let filled = 0;
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    const fresh = chunk.subarray(Math.min(left, chunk.length));
    left -= chunk.length - fresh.length;
    const wanted = fresh.subarray(0, target.length - filled);
    target.set(wanted, filled);
    filled += wanted.length;
    if (wanted.length < fresh.length) return { filled, more: true };
  }
  return { filled, more: false };
}

/** The first `length` bytes of a gzip file, or all where it holds fewer. Throws StudioError input.damaged. */
export async function gunzipStart(bytes: Uint8Array, length: number, reading: Reading): Promise<Uint8Array> {
  const target = new Uint8Array(length);
  const { filled } = await inflateInto(bytes, 'gzip', 0, target, constants.Z_SYNC_FLUSH).catch((cause: unknown) => {
    throw reading.fault('damaged', 'the packed data are damaged. Copy or download the file again.', cause);
  });
  return target.subarray(0, filled);
}
