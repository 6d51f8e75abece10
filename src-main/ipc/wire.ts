/**
 * How calls and events cross a WebSocket: one binary frame a message, the same code at both ends.
 *
 *   u32 little-endian: bytes of the header | header: JSON {"value", "patches"} | the attachments, one after the other
 *
 * JSON carries the value with null wherever JSON cannot say what is there; a patch [path, what] then puts it in: `what` is the
 * byte length of the next attachment (a Uint8Array anywhere in the value), or the name of a number that JSON has no word
 * for. Paths are outside of the value, so no key of the value needs escaping and no value can look like a patch. What comes
 * out equals what went in, as after a structured clone (which Electron's IPC does), for null, booleans, strings, all numbers,
 * arrays, plain objects and Uint8Array; undefined properties are dropped; everything else is refused by the sender.
 *
 * The receiver trusts nothing: sizes are checked before anything is allocated, every path must lead to a null that is there.
 */
const MEBIBYTE = 1024 * 1024;

/** Largest frame that either end takes: complete training states of the largest networks, never whole files. */
export const MAXIMUM_FRAME_BYTES = 64 * MEBIBYTE;
const MAXIMUM_HEADER_BYTES = 4 * MEBIBYTE;
const MAXIMUM_PATCHES = 65536;
const MAXIMUM_DEPTH = 32;

/** The frame, or the value that was to become one, is not of this protocol. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

type Path = readonly (string | number)[];
type Patch = readonly [path: Path, what: number | 'NaN' | 'Infinity' | '-Infinity' | '-0'];

const specialNumbers: ReadonlyMap<unknown, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
  ['-0', -0],
]);

function strip(value: unknown, path: Path, patches: Patch[], attachments: Uint8Array[]): unknown {
  if (path.length > MAXIMUM_DEPTH) throw new WireError(`Nested deeper than ${MAXIMUM_DEPTH} levels.`);
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') {
    if (Number.isFinite(value) && !Object.is(value, -0)) return value;
    patches.push([path, Object.is(value, -0) ? '-0' : (String(value) as 'NaN')]);
    return null;
  }
  if (value instanceof Uint8Array) {
    patches.push([path, value.byteLength]);
    attachments.push(value);
    return null;
  }
  if (Array.isArray(value)) return value.map((each, index) => strip(each, [...path, index], patches, attachments));
  if (typeof value === 'object') {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) {
      const stripped: [string, unknown][] = [];
      for (const [key, inner] of Object.entries(value)) {
        if (inner !== undefined) stripped.push([key, strip(inner, [...path, key], patches, attachments)]);
      }
      return Object.fromEntries(stripped);
    }
  }
  if (value === undefined && path.length === 0) return null;
  throw new WireError(`Cannot send ${typeof value} at ${path.join('.') || 'the top'}.`);
}

/** One frame. Throws WireError for what cannot be sent: functions, class instances, frames above MAXIMUM_FRAME_BYTES. */
export function encodeFrame(value: unknown): Uint8Array {
  const patches: Patch[] = [];
  const attachments: Uint8Array[] = [];
  const stripped = strip(value, [], patches, attachments);
  const header = new TextEncoder().encode(JSON.stringify({ value: stripped, patches }));
  const total = attachments.reduce((sum, each) => sum + each.byteLength, 4 + header.byteLength);
  if (header.byteLength > MAXIMUM_HEADER_BYTES || patches.length > MAXIMUM_PATCHES || total > MAXIMUM_FRAME_BYTES) {
    throw new WireError(`A message of ${total} bytes is too large to send.`);
  }
  const frame = new Uint8Array(total);
  new DataView(frame.buffer).setUint32(0, header.byteLength, true);
  frame.set(header, 4);
  let offset = 4 + header.byteLength;
  for (const each of attachments) {
    frame.set(each, offset);
    offset += each.byteLength;
  }
  return frame;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

function parseHeader(bytes: Uint8Array): { value: unknown; patches: unknown[] } {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new WireError('The header is not JSON.');
  }
  if (!isRecord(header) || !Object.hasOwn(header, 'value') || !Array.isArray(header.patches)) throw new WireError('The header lacks a part.');
  if (header.patches.length > MAXIMUM_PATCHES) throw new WireError('Too many patches.');
  return { value: header.value, patches: header.patches as unknown[] };
}

/** Puts `content` where the path leads; there must be a null of the value's own, so nothing outside of it is reached. */
function place(holder: { value: unknown }, path: unknown, content: unknown): void {
  if (!Array.isArray(path) || path.length > MAXIMUM_DEPTH) throw new WireError('A patch has no path.');
  let parent: Record<string, unknown> = holder;
  let key = 'value';
  for (const step of path as unknown[]) {
    const next = parent[key];
    const fits = Array.isArray(next) ? typeof step === 'number' : typeof step === 'string';
    if (!fits || !isRecord(next) || !Object.hasOwn(next, step as string)) throw new WireError('A patch leads nowhere.');
    parent = next;
    key = String(step);
  }
  if (parent[key] !== null) throw new WireError('A patch would overwrite a value.');
  Object.defineProperty(parent, key, { value: content, writable: true, enumerable: true, configurable: true });
}

/** The value of a frame; every Uint8Array in it is a copy with a buffer of its own. Throws WireError for anything else. */
export function decodeFrame(frame: Uint8Array): unknown {
  if (frame.byteLength < 4 || frame.byteLength > MAXIMUM_FRAME_BYTES) throw new WireError(`A frame of ${frame.byteLength} bytes.`);
  const headerBytes = new DataView(frame.buffer, frame.byteOffset).getUint32(0, true);
  if (headerBytes > MAXIMUM_HEADER_BYTES || 4 + headerBytes > frame.byteLength) throw new WireError('The header is cut off.');
  const { value, patches } = parseHeader(frame.subarray(4, 4 + headerBytes));
  const holder = { value };
  let offset = 4 + headerBytes;
  for (const patch of patches) {
    if (!Array.isArray(patch) || patch.length !== 2) throw new WireError('A patch is malformed.');
    const [path, what] = patch as [unknown, unknown];
    const number = specialNumbers.get(what);
    if (number !== undefined) {
      place(holder, path, number);
      continue;
    }
    if (typeof what !== 'number' || !Number.isInteger(what) || what < 0 || what > frame.byteLength - offset) {
      throw new WireError('An attachment is cut off.');
    }
    // Copied: Node hands out views of a pooled buffer, and whoever reads floats needs an offset of 0.
    const content = new Uint8Array(what);
    content.set(frame.subarray(offset, offset + what));
    place(holder, path, content);
    offset += what;
  }
  if (offset !== frame.byteLength) throw new WireError('Bytes are left over.');
  return holder.value;
}
