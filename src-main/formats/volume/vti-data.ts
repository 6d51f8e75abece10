/**
 * The numbers of a DataArray of VTK's XML files: text; or binary, as base64 between the tags or appended behind the header, raw or base64,
 * plain or in blocks packed with zlib. Source: VTK's "File Formats" (XML) and vtkXMLDataParser.
 *
 * Binary data begin with whole numbers of `header` bytes. Plain: the length in bytes. Packed: the number of blocks, the length of a block, the
 * length of the last one where it is shorter (else 0), then the packed length of each block; all before packing. Base64 may be padded
 * between the numbers and the data, so every padding ends a group of characters, not the data.
 *
 * How many bytes there must be is known from the grid; whatever a file says of itself is held against that before memory is taken.
 */
import { inflate } from 'node:zlib';
import { promisify } from 'node:util';
import type { Reading } from './types';
import { tooShort, turn } from './unpack';

/** How a file writes its binary data. */
export interface VtiEncoding {
  readonly little: boolean;
  /** Bytes of the numbers in front of the data: 4 or 8. */
  readonly header: 4 | 8;
  readonly packed: boolean;
}

const CODES = new Int8Array(256).fill(-1);
for (const [i, letter] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].entries()) CODES[letter.charCodeAt(0)] = i;
const PADDING = 0x3d;

/** At most `most` bytes of base64 text; white space is passed over. Ends at the first other character. */
export function decodeBase64(text: Uint8Array, most: number): Uint8Array {
  const target = new Uint8Array(Math.min(most, Math.floor((text.length * 3) / 4)));
  let filled = 0;
  let bits = 0;
  let letters = 0;
  let padded = 0;
  for (let at = 0; at < text.length && filled < target.length; at++) {
    const byte = text[at]!;
    const code = CODES[byte]!;
    if (code < 0 && byte !== PADDING) {
      if (byte > 32) break;
      continue;
    }
    bits = (bits << 6) | (code < 0 ? 0 : code);
    if (code < 0) padded++;
    if (++letters < 4) continue;
    for (let shift = 16; shift >= 8 * padded && filled < target.length; shift -= 8) target[filled++] = (bits >> shift) & 255;
    bits = letters = padded = 0;
  }
  return target.subarray(0, filled);
}

/** The first bytes of binary data, at most so many. */
type Source = (most: number) => Uint8Array;

/** `base64`: the text between the tags or behind the offset; otherwise bytes as they are. */
export function sourceOf(bytes: Uint8Array, base64: boolean): Source {
  return base64 ? (most) => decodeBase64(bytes, most) : (most) => bytes.subarray(0, most);
}

/** The `length` bytes of an array, in memory of their own. Throws StudioError input.truncated, input.size, input.damaged. */
export async function binaryData(source: Source, encoding: VtiEncoding, length: number, reading: Reading): Promise<Uint8Array> {
  const { header, packed } = encoding;
  if (packed) return packedData(source, encoding, length, reading);
  const said = numbersOf(source(header), 1, encoding)[0];
  if (said === undefined) throw tooShort(reading, length, 'none');
  if (said !== length) throw reading.fault('size', `the voxels take ${length} bytes, but the array says that it has ${said}. Write the file again from its source.`);
  const all = source(header + length);
  if (all.length < header + length) throw tooShort(reading, length, `${all.length - header}`);
  // Not slice(), which of a Buffer is a view.
  return new Uint8Array(all.subarray(header));
}

async function packedData(source: Source, encoding: VtiEncoding, length: number, reading: Reading): Promise<Uint8Array> {
  const { header } = encoding;
  const [blocks, usual, last] = numbersOf(source(3 * header), 3, encoding);
  if (last === undefined) throw tooShort(reading, length, 'none');
  const unpacked = blocks === 0 ? 0 : (blocks! - (last > 0 ? 1 : 0)) * usual! + last;
  if (unpacked !== length || last > usual!) throw reading.fault('size', `the voxels take ${length} bytes, but the array says that it has ${unpacked}. Write the file again from its source.`);
  const front = (3 + blocks!) * header;
  // A block holds a byte or more.
  const sizes = blocks! <= length ? numbersOf(source(front).subarray(3 * header), blocks!, encoding) : [];
  if (sizes.length < blocks!) throw tooShort(reading, length, 'a part of the sizes of its blocks');
  const all = source(front + sizes.reduce((sum, size) => sum + size, 0));
  const target = new Uint8Array(length);
  let from = front;
  let to = 0;
  for (const [block, size] of sizes.entries()) {
    const wanted = block === blocks! - 1 && last > 0 ? last : usual!;
    if (from + size > all.length) throw tooShort(reading, length, `${block} of ${blocks} blocks`);
    const piece = await promisify(inflate)(all.subarray(from, from + size), { maxOutputLength: Math.max(1, wanted) }).catch((cause: unknown) => {
      throw reading.fault('damaged', `block ${block + 1} of ${blocks} of the voxels is damaged. Copy or write the file again.`, cause);
    });
    if (piece.length !== wanted) throw tooShort(reading, length, `${piece.length} bytes instead of ${wanted} in block ${block + 1}`);
    target.set(piece, to);
    from += size;
    to += wanted;
    if (block % 64 === 63) await turn();
  }
  return target;
}

/** Whole numbers in front of data, as many as are there; those beyond 2^53 as Infinity. */
function numbersOf(bytes: Uint8Array, count: number, { header, little }: VtiEncoding): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: Math.min(count, Math.floor(bytes.length / header)) }, (_, i) => {
    if (header === 4) return view.getUint32(4 * i, little);
    const value = Number(view.getBigUint64(8 * i, little));
    return Number.isSafeInteger(value) ? value : Infinity;
  });
}
