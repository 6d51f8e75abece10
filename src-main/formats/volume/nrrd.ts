/**
 * NRRD, with the samples behind the header or in files of their own (.nhdr): raw, gzip or text, of either byte order. "line skip" counts in the
 * file as it is, "byte skip" after unpacking, and a byte skip of -1 takes the end of a raw file. See nrrd-header.ts for axes and places.
 *
 * Written are NRRD0004 with space directions: spacing, origin, directions, space and unit all have a field.
 */
import { gzip } from 'node:zlib';
import { promisify } from 'node:util';
import { checkGrid, entry, MAX_BYTES, storedBytes, gather, readSamples, readText, typeOf, voxelsOfBytes } from './samples';
import { stepsOf } from './geometry';
import { finish } from './finish';
import { nrrdLayout, readFields, type Fields, type NrrdLayout } from './nrrd-header';
import type { Reading, ReadVolume, VolumeContent, WrittenVolume } from './types';
import { turn, unpack } from './unpack';
import { bytesOf } from './bytes';

const ENCODINGS = { raw: 'none', gzip: 'gzip', gz: 'gzip', txt: 'text', text: 'text', ascii: 'text' } as const;

/** Most files that the samples of one volume are spread over. */
const MOST_FILES = 65536;

export const isNrrd = (bytes: Uint8Array): boolean => /^NRRD000\d/.test(Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(8, bytes.length)).toString('latin1'));

/** Throws StudioError 'input': damaged, size, truncated, unsupported, companion. */
export async function readNrrd(bytes: Uint8Array, reading: Reading): Promise<ReadVolume> {
  const { fields, end } = readFields(bytes);
  const layout = nrrdLayout(fields, reading);
  const { size, channels, type, strides, channelStride } = layout;
  checkGrid({ size, channels, type }, reading);
  // The samples of other volumes may stand between those of the first.
  if (layout.count * storedBytes(type) > MAX_BYTES) throw reading.fault('size', `all volumes together take ${layout.count * storedBytes(type)} bytes; at most ${MAX_BYTES} can be read here. Take one volume out, for example with "unu slice".`);
  const stored = await samplesOf(fields, layout, bytes.subarray(end), reading);
  const voxels = await gather(stored, size, strides, channels, channelStride);
  return finish(reading, 'NRRD', { voxels, size, channels, geometry: layout.geometry });
}

async function samplesOf(fields: Fields, layout: NrrdLayout, attached: Uint8Array, reading: Reading) {
  const { type, total, offset, count } = layout;
  const encoding = (fields.get('encoding') ?? '').toLowerCase();
  const packing = entry(ENCODINGS, encoding);
  if (!packing) throw reading.fault('unsupported', `the encoding "${encoding.slice(0, 40)}" cannot be read here. Save the file again as raw or gzip, for example with "unu save -f nrrd -e gzip".`);
  const endian = (fields.get('endian') ?? '').toLowerCase();
  if (packing !== 'text' && storedBytes(type) > 1 && endian !== 'little' && endian !== 'big') reading.notes.push('the header gives no byte order; little-endian taken');
  const little = endian !== 'big';
  const skips = { lines: skip(fields, 'line skip', reading), bytes: skip(fields, 'byte skip', reading) };
  const names = dataFiles(fields.get('data file'), reading);
  const rest = total === count ? 'note' : 'ignore';
  const packed = (file: Uint8Array, wanted: number) => {
    const bytes = afterLines(file, skips.lines);
    const fromEnd = skips.bytes < 0 && packing === 'none' ? Math.max(0, bytes.length - wanted) : Math.max(0, skips.bytes);
    return { bytes, packing: packing === 'gzip' ? ('gzip' as const) : ('none' as const), skip: fromEnd };
  };
  if (names.length <= 1) {
    const file = names.length === 1 ? await reading.companion(names[0]!) : attached;
    if (packing === 'text') {
      const numbers = await readText(afterLines(file, skips.lines).subarray(Math.max(0, skips.bytes)), { count: offset + count, type }, reading);
      return offset > 0 ? numbers.slice(offset) : numbers;
    }
    const all = packed(file, total * storedBytes(type));
    return readSamples({ ...all, skip: all.skip + offset * storedBytes(type) }, { count, type, little }, reading, rest);
  }
  if (packing === 'text') throw reading.fault('unsupported', 'numbers as text in many files cannot be read here. Save the volume as one file.');
  const share = (total / names.length) * storedBytes(type);
  if (!Number.isInteger(share / storedBytes(type))) throw reading.fault('size', `${total} samples cannot be spread evenly over ${names.length} files. Correct the sizes or the list of files.`);
  const bytes = new Uint8Array(count * storedBytes(type));
  const start = offset * storedBytes(type);
  const first = Math.floor(start / share);
  // A file may begin before the volume, and end after it.
  for (let file = first, at = first * share - start; at < bytes.length; at += share, file++) {
    const piece = await unpack(packed(await reading.companion(names[file]!), share), share, reading);
    bytes.set(piece.subarray(Math.max(0, -at), bytes.length - at), Math.max(0, at));
    await turn();
  }
  return voxelsOfBytes(bytes, type, little, reading);
}

function skip(fields: Fields, name: string, reading: Reading): number {
  const value = Number(fields.get(name) ?? 0);
  if (!Number.isInteger(value) || value < -1) throw reading.fault('damaged', `the header gives a ${name} of "${(fields.get(name) ?? '').slice(0, 40)}". Correct it: a whole number.`);
  return value;
}

function afterLines(bytes: Uint8Array, lines: number): Uint8Array {
  let at = 0;
  for (let line = 0; line < lines && at < bytes.length; line++) {
    const end = bytes.indexOf(10, at);
    at = end < 0 ? bytes.length : end + 1;
  }
  return bytes.subarray(at);
}

/** A name, "LIST" and names, or a pattern "slice%03d.raw first last step"; none where the samples follow the header. */
function dataFiles(text: string | undefined, reading: Reading): string[] {
  if (text === undefined) return [];
  if (text.startsWith('LIST')) return text.split('\n').slice(1, MOST_FILES + 1);
  if (text.length > 1024) throw reading.fault('damaged', 'the line "data file" of the header is too long. Correct it.');
  const pattern = /^(.*%0?(\d{0,2})d\S*) (-?\d+) (-?\d+) (-?\d+)( \d+)?$/.exec(text);
  if (!pattern) return [text];
  const [first, last, step] = [Number(pattern[3]), Number(pattern[4]), Number(pattern[5])];
  const files = step === 0 ? 0 : Math.floor((last - first) / step) + 1;
  if (!(files >= 1 && files <= MOST_FILES)) throw reading.fault('damaged', `the header counts files from ${first} to ${last} by ${step}. Correct the line "data file".`);
  return Array.from({ length: files }, (_, at) => pattern[1]!.replace(/%0?\d{0,2}d/, String(first + at * step).padStart(Number(pattern[2] || 0), pattern[1]!.includes('%0') ? '0' : ' ')));
}

const TYPE_WORDS = { uint8: 'uint8', int8: 'int8', uint16: 'uint16', int16: 'int16', uint32: 'uint32', int32: 'int32', float32: 'float', float64: 'double' } as const;

/** The header of a volume; `encoding` and `data` (the name of the file of samples, if it is another) end it. */
export function nrrdHeader(volume: VolumeContent, encoding: 'raw' | 'gzip', data?: string): string {
  const { size, channels, voxels, metadata } = volume;
  const { geometry } = metadata;
  const type = typeOf(voxels);
  const steps = stepsOf(geometry);
  const triple = (values: readonly number[]) => `(${values.join(',')})`;
  const valued = channels > 1;
  const kind = type === 'uint8' && channels === 3 ? 'RGB-color' : type === 'uint8' && channels === 4 ? 'RGBA-color' : 'vector';
  return [
    'NRRD0004',
    `type: ${TYPE_WORDS[type]}`,
    `dimension: ${valued ? 4 : 3}`,
    geometry.space === 'unknown' ? 'space dimension: 3' : `space: ${geometry.space === 'RAS' ? 'right-anterior-superior' : 'left-posterior-superior'}`,
    `sizes: ${[...(valued ? [channels] : []), ...size].join(' ')}`,
    `space directions: ${valued ? 'none ' : ''}${[0, 3, 6].map((at) => triple(steps.slice(at, at + 3))).join(' ')}`,
    `kinds: ${valued ? `${kind} ` : ''}domain domain domain`,
    ...(geometry.unit === 'none' ? [] : [`space units: ${Array(3).fill(`"${geometry.unit}"`).join(' ')}`]),
    'endian: little',
    `encoding: ${encoding}`,
    `space origin: ${triple(geometry.origin)}`,
    ...(data === undefined ? [] : [`data file: ${data}`]),
    data === undefined ? '\n' : '',
  ].join('\n');
}

/** One .nrrd file of gzip samples, or a .nhdr beside a .raw. */
export async function writeNrrd(volume: VolumeContent, base: string, detached: boolean): Promise<WrittenVolume> {
  const samples = bytesOf(volume.voxels);
  if (detached) {
    const header = Buffer.from(nrrdHeader(volume, 'raw', `${base}.raw`), 'latin1');
    return { files: [{ name: `${base}.nhdr`, bytes: header }, { name: `${base}.raw`, bytes: samples }], notes: [] };
  }
  const packed = await promisify(gzip)(samples);
  return { files: [{ name: `${base}.nrrd`, bytes: Buffer.concat([Buffer.from(nrrdHeader(volume, 'gzip'), 'latin1'), packed]) }], notes: [] };
}
