/**
 * Bare samples, gzip-packed or not. What they are is told by the user, by the name (engine_256x256x128_uint8.raw.gz, head_512x512x100_u16_le.raw)
 * and, where one part is missing, by the length: the type from the bytes of a voxel, the last extent from the others.
 */
import { pointCount } from '#core/signal/signal';
import { finish } from './finish';
import { checkGrid, readSamples, storedBytes } from './samples';
import type { RawDescription, Reading, ReadVolume, StoredType } from './types';
import { isGzip, unpackedLength } from './unpack';

const TYPE_WORDS: readonly (readonly [RegExp, StoredType])[] = [
  [/^(u8|uint8|uchar|ubyte|byte|8bit|8u)$/, 'uint8'],
  [/^(i8|s8|int8|char|schar|8s)$/, 'int8'],
  [/^(u16|uint16|ushort|16bit|16u)$/, 'uint16'],
  [/^(i16|s16|int16|short|16s)$/, 'int16'],
  [/^(u32|uint32|uint|ulong|32u)$/, 'uint32'],
  [/^(i32|s32|int32|int|long|32s)$/, 'int32'],
  [/^(u64|uint64|64u)$/, 'uint64'],
  [/^(i64|s64|int64|64s)$/, 'int64'],
  [/^(f16|float16|half)$/, 'float16'],
  [/^(f32|float32|float|single|32f)$/, 'float32'],
  [/^(f64|float64|double|64f)$/, 'float64'],
];

/** Types by the bytes of a voxel: the usual one of each width. */
const USUAL: Readonly<Record<number, StoredType>> = { 1: 'uint8', 2: 'uint16', 4: 'float32', 8: 'float64' };

/**
 * What the name and the length of a raw file tell, to fill in the rest of a panel: parts that are not known are left out. `byteLength` is
 * that of the samples (unpackedLength() of a gzip file), 0 where it is not known.
 */
export function guessRaw(name: string, byteLength: number): Partial<RawDescription> {
  const plain = name.replace(/^.*[/\\]/, '').toLowerCase().replace(/(\.(raw|bin|dat|img|vol|gz|zraw))+$/, '');
  const words = plain.split(/[^a-z0-9.]+|\.(?=[a-z])/).flatMap((word) => [word, ...(/^(.*?\d)(le|be)$/.exec(word)?.slice(1) ?? [])]);
  const known: { -readonly [K in keyof RawDescription]?: RawDescription[K] } = {};
  const triple = /(?<!\d\.|\d)(\d{1,7})x(\d{1,7})x(\d{1,7})(?![\d.]*\.\d|\d)/.exec(plain);
  if (triple) known.shape = [Number(triple[1]), Number(triple[2]), Number(triple[3])];
  const gaps = [...plain.matchAll(/(\d{1,6}(?:\.\d{1,8})?)x(\d{1,6}(?:\.\d{1,8})?)x(\d{1,6}(?:\.\d{1,8})?)/g)].find((found) => found[0].includes('.'));
  if (gaps) known.spacing = [Number(gaps[1]), Number(gaps[2]), Number(gaps[3])];
  for (const word of words) {
    known.type ??= TYPE_WORDS.find(([pattern]) => pattern.test(word))?.[1];
    if (/^(le|little|lsb|littleendian)$/.test(word)) known.endian ??= 'little';
    if (/^(be|big|msb|bigendian)$/.test(word)) known.endian ??= 'big';
    const channels = /^(?:c|ch|channels?)?([234])(?:c|ch|channels?)$|^(?:c|ch|channels?)([234])$/.exec(word);
    if (channels) known.channels ??= Number(channels[1] ?? channels[2]);
  }
  if (known.type === undefined) delete known.type;
  return completed(known, byteLength, plain);
}

/** Fills in the one part that the length decides. */
function completed(known: Partial<RawDescription>, byteLength: number, plain = ''): Partial<RawDescription> {
  const bytes = byteLength - (known.skipBytes ?? 0);
  if (!(bytes > 0)) return known;
  const channels = known.channels ?? 1;
  if (known.shape && !known.type) {
    const width = bytes / (pointCount(known.shape) * channels);
    if (width === 3 && known.channels === undefined) return { ...known, type: 'uint8', channels: 3 };
    const type = USUAL[width];
    return type ? { ...known, type } : known;
  }
  if (known.shape && known.type && known.channels === undefined) {
    const each = bytes / (pointCount(known.shape) * storedBytes(known.type));
    return each === 2 || each === 3 || each === 4 ? { ...known, channels: each } : known;
  }
  if (!known.shape && known.type) {
    const points = bytes / (storedBytes(known.type) * channels);
    const pair = /(?<![\d.x])(\d{1,7})x(\d{1,7})(?![\d.x])/.exec(plain);
    if (pair) {
      const depth = points / (Number(pair[1]) * Number(pair[2]));
      return Number.isInteger(depth) && depth >= 1 ? { ...known, shape: [Number(pair[1]), Number(pair[2]), depth] } : known;
    }
    const edge = Math.round(Math.cbrt(points));
    return edge > 1 && edge ** 3 === points ? { ...known, shape: [edge, edge, edge] } : known;
  }
  return known;
}

/**
 * What the user says goes before what the name says. Throws StudioError 'input': raw (a part is not known), size, truncated, damaged.
 */
export async function readRaw(bytes: Uint8Array, reading: Reading): Promise<ReadVolume> {
  const length = unpackedLength(bytes);
  const said = Object.fromEntries(Object.entries(reading.options.raw ?? {}).filter(([, value]) => value !== undefined)) as Partial<RawDescription>;
  // A length that is guessed from must not contradict what is said, so the guess is made again with all of it.
  const { shape, type, endian, spacing, skipBytes = 0, channels = 1 } = completed({ ...guessRaw(reading.name, 0), ...said }, length, reading.name.toLowerCase());
  if (!shape || !type) {
    const missing = shape ? 'the type' : type ? 'the shape' : 'the shape and the type';
    throw reading.fault('raw', `${missing} of the voxels cannot be told from the name and the ${length} bytes. Give it, or name the file like head_256x256x128_uint8.raw.`);
  }
  if (!Number.isInteger(skipBytes) || skipBytes < 0) throw reading.fault('size', `${skipBytes} bytes cannot be left out. Give a whole number of 0 or more.`);
  const count = checkGrid({ size: shape, channels, type }, reading);
  if (endian === undefined && storedBytes(type) > 1) reading.notes.push('no byte order given; little-endian taken');
  const voxels = await readSamples({ bytes, packing: isGzip(bytes) ? 'gzip' : 'none', skip: skipBytes }, { count, type, little: endian !== 'big' }, reading, 'refuse');
  return finish(reading, 'raw', { voxels, size: [...shape], channels, geometry: { spacing } });
}
