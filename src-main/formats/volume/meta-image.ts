/**
 * MetaImage (ITK): lines of "Key = Value" that end with ElementDataFile, which is LOCAL where the samples follow (.mha), or the name of the
 * file or files that hold them (.mhd with .raw or .zraw). Samples are raw, zlib-packed or text.
 *
 * Place: the rows of TransformMatrix are the directions of the axes, Offset is the centre of the first voxel. ITK counts in LPS and names the
 * axes by where they come from, so that RAI is the plain orientation of LPS; a file without AnatomicalOrientation lies in an unknown space.
 */
import { deflate } from 'node:zlib';
import { promisify } from 'node:util';
import { bytesOf } from './bytes';
import { inSpace, type GeometryDraft } from './geometry';
import { finish } from './finish';
import { checkGrid, entry, numberOf, readSamples, readText, storedBytes, typeOf, voxelsOfBytes } from './samples';
import type { Reading, ReadVolume, StoredType, VolumeContent, WrittenVolume } from './types';
import { isGzip, turn, unpack } from './unpack';

const TYPES: Readonly<Record<string, StoredType>> = {
  MET_UCHAR: 'uint8', MET_CHAR: 'int8', MET_USHORT: 'uint16', MET_SHORT: 'int16', MET_UINT: 'uint32', MET_INT: 'int32', MET_ULONG: 'uint32', MET_LONG: 'int32',
  MET_ULONG_LONG: 'uint64', MET_LONG_LONG: 'int64', MET_FLOAT: 'float32', MET_DOUBLE: 'float64',
};
const TYPE_WORDS = { uint8: 'MET_UCHAR', int8: 'MET_CHAR', uint16: 'MET_USHORT', int16: 'MET_SHORT', uint32: 'MET_UINT', int32: 'MET_INT', float32: 'MET_FLOAT', float64: 'MET_DOUBLE' } as const;
const UNITS = { um: 'um', mm: 'mm', cm: 'cm' } as const;

const HEADER_LIMIT = 2 ** 16;
const MOST_FILES = 65536;

/** Whether a file begins as MetaImage headers do. */
export const isMetaImage = (bytes: Uint8Array): boolean => /^\s*(ObjectType|NDims|Comment)\s*=/.test(Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(256, bytes.length)).toString('latin1'));

/** Keys in small letters; `end` is the offset of what follows ElementDataFile. */
function readKeys(bytes: Uint8Array, reading: Reading): { keys: ReadonlyMap<string, string>; end: number; list: readonly string[] } {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, HEADER_LIMIT)).toString('latin1');
  const keys = new Map<string, string>();
  let at = 0;
  while (at < text.length) {
    const newline = text.indexOf('\n', at);
    const line = text.slice(at, newline < 0 ? undefined : newline).trim();
    at = newline < 0 ? text.length : newline + 1;
    const equals = line.indexOf('=');
    if (equals < 0) continue;
    const key = line.slice(0, equals).trim().toLowerCase();
    keys.set(key, line.slice(equals + 1).trim());
    if (key === 'elementdatafile') {
      // Names of slices follow a LIST; there may be more of them than the header is long.
      const names = /^LIST/.test(keys.get(key)!) ? Buffer.from(bytes.buffer, bytes.byteOffset + at, Math.min(bytes.length - at, 2 ** 22)).toString('latin1') : '';
      return { keys, end: at, list: names.split(/\r?\n/).map((name) => name.trim()).filter((name) => name !== '').slice(0, MOST_FILES) };
    }
  }
  throw reading.fault('truncated', 'the MetaImage header ends before "ElementDataFile". Copy the file again.');
}

/** Throws StudioError 'input': damaged, size, truncated, unsupported, companion. */
export async function readMetaImage(bytes: Uint8Array, reading: Reading): Promise<ReadVolume> {
  const { keys, end, list } = readKeys(bytes, reading);
  const numbers = (...names: string[]) => (names.map((name) => keys.get(name)).find((value) => value !== undefined) ?? '').split(/\s+/).filter((word) => word !== '').map(numberOf);
  const yes = (name: string) => /^(true|yes|1)$/i.test(keys.get(name) ?? '');

  const word = (keys.get('elementtype') ?? '').toUpperCase().replace(/_ARRAY$/, '');
  const type = entry(TYPES, word);
  if (!type) throw reading.fault('unsupported', `the header gives the type "${word.slice(0, 40)}", which is no number type of MetaImage. Save the file with one such as MET_FLOAT.`);
  const extents = numbers('dimsize');
  const dimensions = numbers('ndims')[0] ?? extents.length;
  if (!(dimensions >= 2 && dimensions <= 10) || extents.length !== dimensions || extents.some((extent) => !Number.isInteger(extent) || extent < 1)) {
    throw reading.fault('size', `the header gives ${dimensions} dimensions and the sizes "${(keys.get('dimsize') ?? '').slice(0, 80)}". Correct it: one number of 1 or more for each of two axes or more.`);
  }
  const size = [extents[0]!, extents[1]!, extents[2] ?? 1] as [number, number, number];
  const volumes = extents.slice(3).reduce((product, extent) => product * extent, 1);
  if (extents.slice(4).some((extent) => extent > 1)) throw reading.fault('unsupported', `${extents.join(' x ')} has more than four dimensions. Take one volume out first.`);
  const frame = reading.frame(volumes);
  const channels = numbers('elementnumberofchannels')[0] ?? 1;
  const count = checkGrid({ size, channels, type }, reading);

  const little = !(yes('binarydatabyteordermsb') || yes('elementbyteordermsb'));
  const skip = numbers('headersize')[0] ?? 0;
  if (!Number.isInteger(skip) || skip < -1) throw reading.fault('damaged', `the header gives a HeaderSize of ${skip}. Correct it: a whole number.`);
  const text = /^(false|no|0)$/i.test(keys.get('binarydata') ?? '');
  const length = count * storedBytes(type);
  const packed = (file: Uint8Array, wanted: number) => {
    // HeaderSize is -1 where the samples are the end of the file.
    const front = skip < 0 ? Math.max(0, file.length - wanted * volumes) : skip;
    const before = frame * wanted;
    return yes('compresseddata') ? ({ bytes: file.subarray(Math.max(0, skip)), packing: isGzip(file.subarray(Math.max(0, skip))) ? 'gzip' : 'zlib', skip: before } as const) : ({ bytes: file, packing: 'none', skip: front + before } as const);
  };
  const files = dataFiles(keys.get('elementdatafile')!, list, size[2], reading);
  const only = files === 'LOCAL' ? bytes.subarray(end) : files.length === 1 ? await reading.companion(files[0]!) : null;
  if (frame > 0 && (!only || text)) throw reading.fault('unsupported', 'only the first volume can be taken out of slices in files of their own or out of numbers as text. Save the volumes as one file.');
  const rest = volumes > 1 ? 'ignore' : 'note';
  const voxels = only
    ? text
      ? await readText(only.subarray(Math.max(0, skip)), { count, type }, reading)
      : await readSamples(packed(only, length), { count, type, little }, reading, rest)
    : await slices(files as readonly string[], length, reading, packed).then((all) => voxelsOfBytes(all, type, little, reading));
  return finish(reading, 'MetaImage', { voxels, size, channels, geometry: place(keys, dimensions, numbers) });
}

function place(keys: ReadonlyMap<string, string>, dimensions: number, numbers: (...names: string[]) => number[]): GeometryDraft {
  const matrix = numbers('transformmatrix', 'rotation', 'orientation');
  const directions = [0, 1, 2].flatMap((row) => [0, 1, 2].map((column) => (row < dimensions && column < dimensions ? matrix[row * dimensions + column] : undefined) ?? (row === column ? 1 : 0)));
  const known = /^[RLAPIS]{3}/.test(keys.get('anatomicalorientation') ?? '');
  const unit = (keys.get('distanceunits') ?? '').toLowerCase();
  return {
    spacing: numbers('elementspacing', 'elementsize'),
    origin: numbers('offset', 'origin', 'position'),
    directions: matrix.length === dimensions ** 2 ? directions : undefined,
    space: known ? 'LPS' : 'unknown',
    unit: entry(UNITS, unit) ?? 'none',
  };
}

/** LOCAL, one name, or the names of slices: a LIST, or a pattern "slice%03d.raw first last step". */
function dataFiles(value: string, list: readonly string[], depth: number, reading: Reading): 'LOCAL' | readonly string[] {
  if (/^local$/i.test(value)) return 'LOCAL';
  if (/^LIST/.test(value)) {
    if (list.length === 0 || (list.length !== 1 && list.length !== depth)) throw reading.fault('size', `the header lists ${list.length} files for ${depth} slices. Correct one of the two.`);
    return list;
  }
  const pattern = /^(\S{1,200}) (\d+) (\d+)(?: (\d+))?$/.exec(value);
  const place = pattern && /%0?(\d{0,2})d/.exec(pattern[1]!);
  if (!pattern || !place) return [value];
  const [first, last, step] = [Number(pattern[2]), Number(pattern[3]), Number(pattern[4] ?? 1)];
  const files = Math.floor((last - first) / step) + 1;
  if (files !== depth || files > MOST_FILES) throw reading.fault('size', `the header counts files from ${first} to ${last} for ${depth} slices. Correct one of the two.`);
  return Array.from({ length: files }, (_, at) => pattern[1]!.replace(place[0], String(first + at * step).padStart(Number(place[1] || 0), '0')));
}

async function slices(files: readonly string[], length: number, reading: Reading, packed: (file: Uint8Array, wanted: number) => Parameters<typeof unpack>[0]): Promise<Uint8Array> {
  const share = length / files.length;
  // The first file is looked at before memory is taken for all.
  const first = await unpack(packed(await reading.companion(files[0]!), share), share, reading);
  const all = new Uint8Array(length);
  all.set(first);
  for (let at = 1; at < files.length; at++) {
    all.set(await unpack(packed(await reading.companion(files[at]!), share), share, reading), at * share);
    await turn();
  }
  return all;
}

/** Letters of where the axes come from: R or L, A or P, I or S. */
function orientation(directions: readonly number[]): string {
  return [0, 3, 6]
    .map((at) => {
      const parts = directions.slice(at, at + 3);
      const largest = parts.reduce((best, part, axis) => (Math.abs(part) > Math.abs(parts[best]!) ? axis : best), 0);
      return ['RL', 'AP', 'IS'][largest]![parts[largest]! < 0 ? 1 : 0];
    })
    .join('');
}

/** One .mha file of zlib-packed samples. */
export async function writeMetaImage(volume: VolumeContent, base: string): Promise<WrittenVolume> {
  const { size, channels, voxels, metadata } = volume;
  const known = metadata.geometry.space !== 'unknown';
  const geometry = known ? inSpace(metadata.geometry, 'LPS') : metadata.geometry;
  const packed = await promisify(deflate)(bytesOf(voxels));
  const { unit } = geometry;
  const notes = unit === 'none' || Object.hasOwn(UNITS, unit) ? [] : [`MetaImage has no word for the unit ${unit}; lengths are as they were`];
  const header = [
    'ObjectType = Image',
    'NDims = 3',
    'BinaryData = True',
    'BinaryDataByteOrderMSB = False',
    'CompressedData = True',
    `CompressedDataSize = ${packed.length}`,
    `TransformMatrix = ${geometry.directions.join(' ')}`,
    `Offset = ${geometry.origin.join(' ')}`,
    'CenterOfRotation = 0 0 0',
    `AnatomicalOrientation = ${known ? orientation(geometry.directions) : '???'}`,
    `ElementSpacing = ${geometry.spacing.join(' ')}`,
    ...(Object.hasOwn(UNITS, unit) ? [`DistanceUnits = ${unit}`] : []),
    `DimSize = ${size.join(' ')}`,
    ...(channels > 1 ? [`ElementNumberOfChannels = ${channels}`] : []),
    `ElementType = ${TYPE_WORDS[typeOf(voxels)]}`,
    'ElementDataFile = LOCAL',
    '',
  ].join('\n');
  return { files: [{ name: `${base}.mha`, bytes: Buffer.concat([Buffer.from(header, 'latin1'), packed]) }], notes };
}
