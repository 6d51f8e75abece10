/**
 * Samples of one page of a TIFF file, to the bit and in any type: strips or tiles, plain, PackBits, LZW or deflate, with differences of
 * neighbours undone (TIFF 6.0, sections 9, 13, 14, 15; Adobe's technical note 3 for differences of floats). Written out here because the picture library
 * gives no 32-bit integers, signed samples or floats back as they are.
 *
 * Invariants: a strip or tile never unpacks to more than it should; what ends early is an error, never a grey part.
 */
import { inflateSync } from 'node:zlib';
import { storedBytes } from './samples';
import type { TiffPage } from './tiff-directory';
import { unpackBits } from './pack-bits';
import type { Reading } from './types';

const [NONE, LZW, DEFLATE, PACK_BITS, OLD_DEFLATE] = [1, 5, 8, 32773, 32946] as const;
const READABLE: readonly number[] = [NONE, LZW, DEFLATE, PACK_BITS, OLD_DEFLATE];
const MOST_BLOCK = 2 ** 29;

/** Whether decodePage can read a page: its type, its packing, the extents of its strips or tiles. */
export function isReadable({ type, compression, predictor, reversed, width, height, blockWidth, blockHeight, samples }: TiffPage): boolean {
  if (type === null || reversed || !READABLE.includes(compression) || width < 1 || height < 1 || blockWidth < 1 || blockHeight < 1) return false;
  const float = type.startsWith('float');
  if (blockWidth * blockHeight * samples * storedBytes(type) > MOST_BLOCK) return false;
  return predictor === 1 || (predictor === 2 && storedBytes(type) <= 4) || (predictor === 3 && float);
}

/** The samples of a page as little-endian bytes, those of a pixel together. Throws StudioError input.truncated, input.damaged. */
export function decodePage(bytes: Uint8Array, page: TiffPage, reading: Reading): Uint8Array {
  const { width, height, samples, planar, blockWidth, blockHeight } = page;
  const wide = storedBytes(page.type!);
  const target = new Uint8Array(width * height * samples * wide);
  const [across, down] = [Math.ceil(width / blockWidth), Math.ceil(height / blockHeight)];
  const perPixel = (planar ? 1 : samples) * wide;
  for (let index = 0; index < across * down * (planar ? samples : 1); index++) {
    const plane = Math.floor(index / (across * down));
    const left = (index % across) * blockWidth;
    const top = (Math.floor(index / across) % down) * blockHeight;
    const rows = page.tiled ? blockHeight : Math.min(blockHeight, height - top);
    const block = decodeBlock(bytes, page, index, { rows, columns: blockWidth, perPixel }, reading);
    const columns = Math.min(blockWidth, width - left);
    for (let y = 0; y < Math.min(rows, height - top); y++) {
      const row = block.subarray(y * blockWidth * perPixel, (y * blockWidth + columns) * perPixel);
      const at = ((top + y) * width + left) * samples * wide;
      if (!planar) target.set(row, at);
      else for (let x = 0; x < columns; x++) for (let byte = 0; byte < wide; byte++) target[at + (x * samples + plane) * wide + byte] = row[x * wide + byte]!;
    }
  }
  return target;
}

function decodeBlock(bytes: Uint8Array, page: TiffPage, index: number, { rows, columns, perPixel }: { rows: number; columns: number; perPixel: number }, reading: Reading): Uint8Array {
  const place = page.block(bytes, index);
  if (!place) throw reading.fault('truncated', 'the TIFF file ends before its samples do. Copy or download it again.');
  const length = rows * columns * perPixel;
  const packed = bytes.subarray(place.from, place.from + place.length);
  // A copy even of plain bytes: they are turned round and added up in place.
  const block = new Uint8Array(length);
  if (fill(block, packed, page, reading) < length) throw reading.fault('truncated', `a part of the TIFF file holds less than its ${length} bytes of samples. Copy or download it again.`);
  const wide = storedBytes(page.type!);
  const step = perPixel / wide;
  if (page.predictor === 3) return planesToFloats(block, rows, columns * perPixel, wide, step);
  if (!page.little && wide > 1) {
    const swapped = Buffer.from(block.buffer);
    if (wide === 2) swapped.swap16();
    else if (wide === 4) swapped.swap32();
    else swapped.swap64();
  }
  if (page.predictor === 2) {
    const numbers = wide === 1 ? block : wide === 2 ? new Uint16Array(block.buffer) : new Uint32Array(block.buffer);
    const row = columns * step;
    for (let start = 0; start < numbers.length; start += row) for (let i = start + step; i < start + row; i++) numbers[i] = numbers[i]! + numbers[i - step]!;
  }
  return block;
}

/** Unpacks into a block; returns how many bytes there were for it. */
function fill(block: Uint8Array, packed: Uint8Array, page: TiffPage, reading: Reading): number {
  switch (page.compression) {
    case LZW:
      return unpackLzw(packed, block);
    case PACK_BITS:
      return unpackBits(packed, block);
    case DEFLATE:
    case OLD_DEFLATE: {
      let plain: Uint8Array;
      try {
        // The last strip of some writers is as long as the others.
        plain = inflateSync(packed, { maxOutputLength: page.blockWidth * page.blockHeight * page.samples * storedBytes(page.type!) });
      } catch (cause) {
        throw reading.fault('damaged', 'a part of the TIFF file is damaged. Copy or download it again.', cause);
      }
      block.set(plain.subarray(0, block.length));
      return plain.length;
    }
    default:
      block.set(packed.subarray(0, block.length));
      return packed.length;
  }
}

/**
 * LZW as TIFF has it: codes of 9 to 12 bits, highest bit first, one bit more as soon as the next code but one needs it. Stops at the end mark, at
 * a code that cannot be, or when the target is full. Returns how many bytes were made.
 */
export function unpackLzw(packed: Uint8Array, target: Uint8Array): number {
  const [CLEAR, END, FIRST] = [256, 257, 258];
  // A string is its prefix (another code) and its last byte.
  const prefix = new Uint16Array(4096);
  const last = new Uint8Array(4096);
  const lengths = new Uint16Array(4096).fill(1, 0, 256);
  for (let i = 0; i < 256; i++) last[i] = i;
  let [next, width, previous] = [FIRST, 9, -1];
  let [held, bits, filled] = [0, 0, 0];
  for (let at = 0; filled < target.length; ) {
    while (bits < width) {
      if (at >= packed.length) return filled;
      held = ((held << 8) | packed[at++]!) & 0xffffff;
      bits += 8;
    }
    const code = (held >> (bits - width)) & ((1 << width) - 1);
    bits -= width;
    if (code === END) return filled;
    if (code === CLEAR) {
      [next, width, previous] = [FIRST, 9, -1];
      continue;
    }
    if (code > next || (code === next && previous < 0) || (code >= FIRST && previous < 0)) return filled;
    // A code that is only now made is the string before and its own first byte.
    const source = code < next ? code : previous;
    const length = lengths[source]!;
    let first = source;
    for (let i = length - 1; i >= 0; i--) {
      if (filled + i < target.length) target[filled + i] = last[first]!;
      if (i > 0) first = prefix[first]!;
    }
    if (code === next && filled + length < target.length) target[filled + length] = last[first]!;
    filled = Math.min(target.length, filled + length + (code === next ? 1 : 0));
    if (previous >= 0 && next < 4096) {
      prefix[next] = previous;
      last[next] = last[first]!;
      lengths[next] = lengths[previous]! + 1;
      next++;
    }
    if (next + 1 >= 1 << width && width < 12) width++;
    previous = code;
  }
  return filled;
}

/** Floats whose bytes were put into planes, highest first, and then replaced by differences, row by row. */
function planesToFloats(block: Uint8Array, rows: number, rowBytes: number, wide: number, step: number): Uint8Array {
  const result = new Uint8Array(block.length);
  const plane = rowBytes / wide;
  for (let y = 0; y < rows; y++) {
    const row = block.subarray(y * rowBytes, (y + 1) * rowBytes);
    for (let i = step; i < rowBytes; i++) row[i] = row[i]! + row[i - step]!;
    for (let i = 0; i < plane; i++) for (let byte = 0; byte < wide; byte++) result[y * rowBytes + i * wide + wide - 1 - byte] = row[byte * plane + i]!;
  }
  return result;
}
