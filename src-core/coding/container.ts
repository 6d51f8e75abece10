/**
 * The outer layer of an .inr file: signature, version, profile and level, then chunks. It knows the names and the order of chunks, not what
 * is in them.
 *
 *     preamble   0x89 'I' 'N' 'R' 0x0d 0x0a 0x1a 0x0a, version, profile, level         11 bytes
 *     chunk      length of data (LEB128), type (4 letters), data, CRC32C of all before it in the chunk (little-endian)
 *
 * The signature is PNG's idea (ISO/IEC 15948): a byte above 127 finds transfers in 7 bits, CR LF and LF find translated line ends,
 * 0x1a stops a listing under DOS. A chunk whose type begins with a capital is critical: a decoder that does not know it
 * must refuse the file. Others are ancillary.
 *
 * There is one order: HEAD, FELD, PARM, RESI where there is one, ancillary chunks by ascending type, TAIL. Nothing twice, nothing between, nothing
 * behind. Chunks are views of the file's bytes: reading allocates nothing that grows with what a file declares.
 */
import { StudioError } from '../errors';
import { crc32c } from './crc32c';
import type { ChunkReport } from './types';

export const SIGNATURE: readonly number[] = [0x89, 0x49, 0x4e, 0x52, 0x0d, 0x0a, 0x1a, 0x0a];
export const VERSION = 1;
/** The only profile: one coordinate network on a regular grid. */
export const PROFILE = 0;
/** Signature, version, profile, level. */
export const PREAMBLE_BYTES = SIGNATURE.length + 3;

const CRITICAL_BEFORE = ['HEAD', 'FELD', 'PARM'] as const;
/** May follow them. */
const RESIDUAL = 'RESI';
const LAST = 'TAIL';
const CRC_BYTES = 4;

export interface Chunk {
  readonly type: string;
  readonly data: Uint8Array;
}

export interface Container {
  readonly version: number;
  readonly level: number;
  readonly head: Uint8Array;
  readonly field: Uint8Array;
  readonly parameters: Uint8Array;
  readonly residual?: Uint8Array | undefined;
  /** In the order of the file, which is ascending. */
  readonly ancillary: readonly Chunk[];
  readonly reports: readonly ChunkReport[];
}

function refuse(code: string, message: string): StudioError {
  return new StudioError('container', `container.${code}`, message);
}

export function isCritical(type: string): boolean {
  return type[0]! < 'a';
}

function lengthBytes(length: number): number[] {
  const bytes: number[] = [];
  let rest = length;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return [...bytes, rest];
}

function encodeChunk({ type, data }: Chunk): Uint8Array {
  if (!/^[A-Za-z]{4}$/.test(type)) throw refuse('chunk.order', `A chunk type has four letters, not ${JSON.stringify(type)}.`);
  const start = [...lengthBytes(data.length), ...Array.from(type, (letter) => letter.charCodeAt(0))];
  const bytes = new Uint8Array(start.length + data.length + CRC_BYTES);
  bytes.set(start);
  bytes.set(data, start.length);
  const body = bytes.subarray(0, start.length + data.length);
  new DataView(bytes.buffer).setUint32(body.length, crc32c(body), true);
  return bytes;
}

/** Joins the parts of a file. Ancillary chunks are put into their order. Throws StudioError 'container.chunk.order' on duplicates. */
export function writeContainer(parts: Pick<Container, 'level' | 'head' | 'field' | 'parameters' | 'residual' | 'ancillary'>): Uint8Array {
  const ancillary = [...parts.ancillary].sort((a, b) => (a.type < b.type ? -1 : 1));
  ancillary.forEach(({ type }, i) => {
    if (isCritical(type)) throw refuse('chunk.order', `${type} is not an ancillary chunk type.`);
    if (ancillary[i + 1]?.type === type) throw refuse('chunk.order', `The chunk ${type} was given twice.`);
  });
  const chunks: Chunk[] = [
    { type: 'HEAD', data: parts.head },
    { type: 'FELD', data: parts.field },
    { type: 'PARM', data: parts.parameters },
    ...(parts.residual ? [{ type: RESIDUAL, data: parts.residual }] : []),
    ...ancillary,
    { type: LAST, data: new Uint8Array(0) },
  ];
  const pieces = [Uint8Array.of(...SIGNATURE, VERSION, PROFILE, parts.level), ...chunks.map(encodeChunk)];
  const file = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    file.set(piece, at);
    at += piece.length;
  }
  return file;
}

/** First bytes of what is often mistaken for an .inr file. */
const OTHER_FORMATS: readonly (readonly [string, readonly number[]])[] = [
  ['a PNG image', [0x89, 0x50, 0x4e, 0x47]],
  ['a JPEG image', [0xff, 0xd8, 0xff]],
  ['a GIF image', [0x47, 0x49, 0x46, 0x38]],
  ['a WebP or other RIFF file', [0x52, 0x49, 0x46, 0x46]],
  ['a TIFF image', [0x49, 0x49, 0x2a, 0x00]],
  ['a TIFF image', [0x4d, 0x4d, 0x00, 0x2a]],
  ['an NRRD volume', [0x4e, 0x52, 0x52, 0x44]],
  ['a NumPy array', [0x93, 0x4e, 0x55, 0x4d]],
  ['a glTF binary', [0x67, 0x6c, 0x54, 0x46]],
  ['a gzip file', [0x1f, 0x8b]],
  ['a ZIP file', [0x50, 0x4b, 0x03, 0x04]],
  ['a PDF document', [0x25, 0x50, 0x44, 0x46]],
];

function checkSignature(bytes: Uint8Array): void {
  if (bytes.length === 0) throw refuse('empty', 'The file is empty.');
  const startsWith = (start: readonly number[], length = start.length) => start.slice(0, length).every((byte, i) => bytes[i] === byte);
  if (startsWith(SIGNATURE, Math.min(bytes.length, SIGNATURE.length))) return;
  if (startsWith(SIGNATURE, 4)) {
    throw refuse('magic', 'The first bytes of this .inr file are damaged, as by a transfer in text mode. Transfer it again in binary mode.');
  }
  const [guess] = OTHER_FORMATS.find(([, start]) => startsWith(start)) ?? [];
  throw refuse('magic', `This is not an .inr file${guess ? `: it seems to be ${guess}` : ''}.`);
}

/** Reads one chunk at `at`; returns it and where the next begins. */
function readChunk(bytes: Uint8Array, at: number): Chunk & { readonly end: number } {
  const cut = (): StudioError => refuse('truncated', `The file is cut short: it ends after ${bytes.length} bytes in the middle of a chunk.`);
  let length = 0;
  let start = at;
  for (let scale = 1; ; scale *= 128) {
    if (start >= bytes.length) throw cut();
    const byte = bytes[start++]!;
    length += (byte % 128) * scale;
    if (byte < 128) {
      if (byte === 0 && scale > 1) throw refuse('checksum', 'A chunk has a malformed length: the file is damaged.');
      break;
    }
    if (scale >= 2 ** 28) throw refuse('checksum', 'A chunk has a malformed length: the file is damaged.');
  }
  const data = start + 4;
  const end = data + length + CRC_BYTES;
  if (end > bytes.length) throw cut();
  const type = String.fromCharCode(...bytes.subarray(start, data));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(end - CRC_BYTES, true) !== crc32c(bytes.subarray(at, end - CRC_BYTES))) {
    throw refuse('checksum', `The chunk at byte ${at} does not match its checksum: the file is damaged. Copy it again from its source.`);
  }
  if (!/^[A-Za-z]{4}$/.test(type)) throw refuse('chunk.unknown', 'A chunk has a type that is not four letters.');
  return { type, data: bytes.subarray(data, end - CRC_BYTES), end };
}

/**
 * Takes a file apart. Throws StudioError 'container' with code container.empty, .magic, .truncated, .version, .checksum, .chunk.unknown,
 * .chunk.order or .trailing.
 */
export function readContainer(bytes: Uint8Array): Container {
  checkSignature(bytes);
  if (bytes.length < PREAMBLE_BYTES) throw refuse('truncated', `The file is cut short: it has ${bytes.length} bytes.`);
  const [version, profile, level] = bytes.subarray(SIGNATURE.length, PREAMBLE_BYTES) as unknown as [number, number, number];
  if (version !== VERSION || profile !== PROFILE) {
    throw refuse('version', `The file has format version ${version}, profile ${profile}; this program reads version ${VERSION}, profile ${PROFILE}. Update INR Studio.`);
  }

  const chunks: Chunk[] = [];
  const reports: ChunkReport[] = [];
  let at = PREAMBLE_BYTES;
  let previous = '';
  while (previous !== LAST) {
    if (at === bytes.length) throw refuse('truncated', `The file is cut short: it ends after ${at} bytes without its last chunk.`);
    const { type, data, end } = readChunk(bytes, at);
    checkOrder(type, previous, chunks.length);
    if (type === LAST && data.length > 0) throw refuse('chunk.order', 'The last chunk is not empty.');
    reports.push({ type, critical: isCritical(type), bytes: end - at });
    chunks.push({ type, data });
    previous = type;
    at = end;
  }
  if (at < bytes.length) throw refuse('trailing', `The file goes on for ${bytes.length - at} bytes behind its end.`);
  const [head, field, parameters, ...rest] = chunks as [Chunk, Chunk, Chunk, ...Chunk[]];
  const residual = rest[0]?.type === RESIDUAL ? rest[0].data : undefined;
  return { version, level, head: head.data, field: field.data, parameters: parameters.data, residual, ancillary: rest.slice(residual ? 1 : 0, -1), reports };
}

/** Throws unless a chunk of this type may be number `index`, behind `previous`. */
function checkOrder(type: string, previous: string, index: number): void {
  const known = type === LAST || type === RESIDUAL || (CRITICAL_BEFORE as readonly string[]).includes(type);
  if (isCritical(type) && !known) {
    throw refuse('chunk.unknown', `The file needs the feature "${type}", which this program does not know. Update INR Studio.`);
  }
  const expected = CRITICAL_BEFORE[index];
  if (expected) {
    if (type !== expected) throw refuse('chunk.order', `The chunk ${type} stands where ${expected} must be.`);
    return;
  }
  if (type === LAST || (type === RESIDUAL && index === CRITICAL_BEFORE.length)) return;
  if (isCritical(type) || (!isCritical(previous) && type <= previous)) {
    throw refuse('chunk.order', `The chunk ${type} stands twice or in the wrong place.`);
  }
}
