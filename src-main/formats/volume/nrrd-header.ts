/**
 * Headers of NRRD files (Teem, teem.sourceforge.net/nrrd/format.html): text of fields up to an empty line, then the samples, or the name of
 * the files that hold them. Here the fields become a grid, strides and a geometry; nrrd.ts reads the samples.
 *
 * Which axes are which: an axis whose kind is domain or space, or that has a direction, lies in space; time and list axes count volumes, of
 * which the first is taken; any other kind, and a direction of "none" in front, is the values of a voxel. Where nothing is said, up to three
 * axes lie in space, and a first axis of at most 4 before three more is the values of a voxel.
 */
import type { LENGTH_UNITS } from '#core/signal/volume';
import { mirrored, type GeometryDraft } from './geometry';
import { entry, numberOf } from './samples';
import type { Reading, StoredType } from './types';

const TYPES: Readonly<Record<string, StoredType>> = Object.fromEntries(
  (
    [
      ['int8', 'signed char|int8|int8_t'],
      ['uint8', 'uchar|unsigned char|uint8|uint8_t'],
      ['int16', 'short|short int|signed short|signed short int|int16|int16_t'],
      ['uint16', 'ushort|unsigned short|unsigned short int|uint16|uint16_t'],
      ['int32', 'int|signed int|int32|int32_t'],
      ['uint32', 'uint|unsigned int|uint32|uint32_t'],
      ['int64', 'longlong|long long|long long int|signed long long|signed long long int|int64|int64_t'],
      ['uint64', 'ulonglong|unsigned long long|unsigned long long int|uint64|uint64_t'],
      ['float32', 'float'],
      ['float64', 'double'],
    ] as const
  ).flatMap(([type, names]) => names.split('|').map((name) => [name, type])),
) as Record<string, StoredType>;

/** How NRRD spells a space, and the signs that make LPS or RAS of it. */
const SPACE_NAMES: Readonly<Record<string, { space: 'RAS' | 'LPS'; signs: readonly number[] }>> = {
  'right-anterior-superior': { space: 'RAS', signs: [1, 1, 1] },
  ras: { space: 'RAS', signs: [1, 1, 1] },
  'left-anterior-superior': { space: 'RAS', signs: [-1, 1, 1] },
  las: { space: 'RAS', signs: [-1, 1, 1] },
  'left-posterior-superior': { space: 'LPS', signs: [1, 1, 1] },
  lps: { space: 'LPS', signs: [1, 1, 1] },
};

const UNITS: Readonly<Record<string, (typeof LENGTH_UNITS)[number]>> = {
  nm: 'nm', nanometer: 'nm', nanometers: 'nm', um: 'um', µm: 'um', micron: 'um', microns: 'um', micrometer: 'um', micrometers: 'um', mm: 'mm', millimeter: 'mm', millimeters: 'mm',
  cm: 'cm', centimeter: 'cm', centimeters: 'cm', m: 'm', meter: 'm', meters: 'm', km: 'km', kilometer: 'km', kilometers: 'km',
};

const VALUE_KINDS = /^(stub|scalar|complex|point|vector|covariant-vector|normal|quaternion|[234]-(color|vector|gradient|normal)|(rgb|hsv|xyz|rgba)-color|[23]d-.*matrix)$/;

/** Fields by name, small letters; the last of a name counts. */
export type Fields = ReadonlyMap<string, string>;

/** Longest header that is looked through. */
export const HEADER_LIMIT = 2 ** 20;

/** Fields of a header and the offset of what follows its empty line (the length of the file where there is none). */
export function readFields(bytes: Uint8Array): { fields: Fields; end: number } {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, HEADER_LIMIT)).toString('latin1');
  const found = /\r?\n\r?\n/.exec(text);
  const end = found ? found.index + found[0].length : bytes.length;
  const fields = new Map<string, string>();
  for (const line of text.slice(0, found?.index).split(/\r?\n/).slice(1)) {
    const colon = line.indexOf(':');
    // "key:=value" is a note of the writer's own.
    if (line.startsWith('#') || colon < 0 || line[colon + 1] === '=') {
      if (fields.has('data file') && fields.get('data file')!.startsWith('LIST') && !line.startsWith('#') && line.trim() !== '') fields.set('data file', `${fields.get('data file')}\n${line.trim()}`);
      continue;
    }
    const key = line.slice(0, colon).trim().toLowerCase();
    fields.set(key === 'datafile' ? 'data file' : key === 'lineskip' ? 'line skip' : key === 'byteskip' ? 'byte skip' : key, line.slice(colon + 1).trim());
  }
  return { fields, end };
}

/** What a header says of the samples and of their place. */
export interface NrrdLayout {
  readonly type: StoredType;
  /** Samples in all volumes. */
  readonly total: number;
  /** The first sample of the volume that is read, and how many there are from there to its last one. */
  readonly offset: number;
  readonly count: number;
  readonly size: readonly [number, number, number];
  readonly channels: number;
  /** Of x, y, z and of the channels, in samples. */
  readonly strides: readonly [number, number, number];
  readonly channelStride: number;
  readonly geometry: GeometryDraft;
}

type Role = 'space' | 'values' | 'volumes';

/** Throws StudioError input.damaged, input.size, input.unsupported. Limits on the size are the caller's to check. */
export function nrrdLayout(fields: Fields, reading: Reading): NrrdLayout {
  const typeName = (fields.get('type') ?? '').toLowerCase();
  const type = entry(TYPES, typeName);
  if (!type) throw reading.fault('unsupported', `the header gives the type "${typeName.slice(0, 40)}", which is no number type of NRRD. Save the file with one, for example with "unu convert -t float".`);
  const dimension = Number(fields.get('dimension'));
  if (!Number.isInteger(dimension) || dimension < 1 || dimension > 16) throw reading.fault('damaged', `the header gives "${(fields.get('dimension') ?? '').slice(0, 40)}" dimensions. NRRD files have 1 to 16: write it again.`);
  if (dimension < 2) throw reading.fault('unsupported', 'this is a list of numbers, not a volume. Choose a file with two axes or more.');
  const sizes = words(fields.get('sizes')).map(Number);
  if (sizes.length !== dimension || sizes.some((extent) => !Number.isInteger(extent) || extent < 1 || extent > Number.MAX_SAFE_INTEGER)) {
    throw reading.fault('size', `the header gives ${dimension} dimensions and the sizes "${(fields.get('sizes') ?? '').slice(0, 80)}". Correct it: one number of 1 or more for each axis.`);
  }
  const directions = axisVectors(fields.get('space directions'), dimension);
  const roles = axisRoles(fields, sizes, directions, reading);
  const space = roles.flatMap((role, axis) => (role === 'space' ? [axis] : []));
  const values = roles.flatMap((role, axis) => (role === 'values' && sizes[axis] !== 1 ? [axis] : []));
  const volumes = roles.flatMap((role, axis) => (role === 'volumes' && sizes[axis] !== 1 ? [axis] : []));
  if (space.length < 1 || space.length > 3 || values.length > 1) {
    throw reading.fault('unsupported', `${dimension} axes (${sizes.join(' x ')}) with ${space.length} in space and ${values.length} of values are no volume. Take one volume out, for example with "unu slice".`);
  }
  const held = volumes.reduce((product, axis) => product * sizes[axis]!, 1);
  const frame = reading.frame(held);
  const stride = (axis: number | undefined) => (axis === undefined ? 0 : sizes.slice(0, axis).reduce((product, extent) => product * extent, 1));
  const size = [0, 1, 2].map((at) => (space[at] === undefined ? 1 : sizes[space[at]]!)) as [number, number, number];
  const [valueAxis] = values;
  // Volumes count by the first of their axes the fastest.
  let left = frame;
  const offset = volumes.reduce((sum, axis) => {
    const index = left % sizes[axis]!;
    left = Math.floor(left / sizes[axis]!);
    return sum + index * stride(axis);
  }, 0);
  const total = sizes.reduce((product, extent) => product * extent, 1);
  return {
    type,
    total,
    offset,
    count: [...space, ...values].reduce((sum, axis) => sum + (sizes[axis]! - 1) * stride(axis), 1),
    size,
    channels: valueAxis === undefined ? 1 : sizes[valueAxis]!,
    strides: [0, 1, 2].map((at) => stride(space[at])) as [number, number, number],
    channelStride: valueAxis === undefined ? 1 : stride(valueAxis),
    geometry: geometryDraft(fields, space, sizes, directions, reading),
  };
}

function axisRoles(fields: Fields, sizes: readonly number[], directions: readonly (number[] | null | undefined)[], reading: Reading): Role[] {
  const kinds = words(fields.get('kinds')).map((kind) => kind.toLowerCase());
  const told = sizes.map((_, axis): Role | null => {
    const kind = kinds[axis] ?? '';
    if (kind === 'time' || kind === 'list') return 'volumes';
    if (VALUE_KINDS.test(kind)) return 'values';
    return directions[axis] || kind === 'domain' || kind === 'space' ? 'space' : null;
  });
  const inSpace = told.filter((role) => role === 'space').length;
  const silent = told.flatMap((role, axis) => (role ? [] : [axis]));
  // Axes of which nothing is said fill up the three of space, once the axes with a direction of "none" are left out.
  if (silent.length === 0) return told as Role[];
  const none = silent.filter((axis) => directions[axis] === null);
  const open = silent.filter((axis) => directions[axis] !== null);
  const roles = [...told];
  for (const axis of none) roles[axis] = axis === 0 ? 'values' : 'volumes';
  if (inSpace + open.length <= 3) for (const axis of open) roles[axis] = 'space';
  else if (inSpace === 3) for (const axis of open) roles[axis] = axis === 0 ? 'values' : 'volumes';
  else if (inSpace === 0 && open.length === 4 && open[0] === 0 && sizes[0]! <= 4) {
    roles[0] = 'values';
    for (const axis of open.slice(1)) roles[axis] = 'space';
    reading.notes.push(`the first axis of ${sizes[0]} taken for the values of a voxel`);
  } else {
    throw reading.fault('unsupported', `the header does not say which of the ${sizes.length} axes (${sizes.join(' x ')}) lie in space. Add a line such as "kinds: domain domain domain time" (or "vector domain domain domain") to it.`);
  }
  return roles as Role[];
}

function geometryDraft(fields: Fields, space: readonly number[], sizes: readonly number[], directions: readonly (number[] | null | undefined)[], reading: Reading): GeometryDraft {
  const unitWord = (quoted(fields.get('space units'))[0] ?? quoted(fields.get('units'))[space[0]!] ?? '').toLowerCase();
  const unit = entry(UNITS, unitWord) ?? 'none';
  if (unitWord !== '' && unitWord !== '???' && unit === 'none') reading.notes.push(`unit "${unitWord.slice(0, 20)}" left out`);
  const spacings = words(fields.get('spacings')).map(numberOf);
  const lowest = words(fields.get('axis mins') ?? fields.get('axismins')).map(numberOf);
  const highest = words(fields.get('axis maxs') ?? fields.get('axismaxs')).map(numberOf);
  const centers = words(fields.get('centerings') ?? fields.get('centers'));
  const spacing = [0, 1, 2].map((at) => {
    const axis = space[at];
    if (axis === undefined || directions[axis]) return 1;
    const given = spacings[axis];
    if (given !== undefined && !Number.isNaN(given)) return given;
    const gaps = sizes[axis]! - (centers[axis] === 'node' ? 1 : 0);
    const derived = (highest[axis]! - lowest[axis]!) / gaps;
    return Number.isFinite(derived) && derived !== 0 ? derived : 1;
  });
  const rows = [0, 1, 2].flatMap((at) => {
    const vector = space[at] === undefined ? undefined : directions[space[at]];
    return vector ?? [0, 1, 2].map((part) => (part === at ? 1 : 0));
  });
  const told = space.some((axis) => directions[axis]);
  // Axes that lie nowhere (a picture has but two) stand at right angles to the others: geometry.ts fills in a missing one.
  if (told && space.length === 2) rows.splice(6, 3, ...normalOf(rows));
  const origin = told || fields.has('space origin')
    ? axisVectors(fields.get('space origin'), 1)[0] ?? [0, 0, 0]
    : [0, 1, 2].map((at) => {
        const least = space[at] === undefined ? NaN : lowest[space[at]]!;
        return Number.isFinite(least) ? least + (centers[space[at]!] === 'node' ? 0 : spacing[at]! / 2) : 0;
      });
  const draft: GeometryDraft = { spacing, origin, directions: rows, unit };
  const named = entry(SPACE_NAMES, (fields.get('space') ?? '').toLowerCase().replace(/-?time$/, '').replace(/^(ra|la|lp)st$/, '$1s'));
  return named ? mirrored(draft, named.signs, named.space) : draft;
}

function normalOf(rows: readonly number[]): number[] {
  const [a, b, c, d, e, f] = rows as [number, number, number, number, number, number];
  const normal = [b * f - c * e, c * d - a * f, a * e - b * d];
  const length = Math.hypot(...normal);
  return length > 0 && Number.isFinite(length) ? normal.map((part) => part / length) : [0, 0, 1];
}

/** "(1,0,0) none (0,1,0)": the first three coordinates of each, null for none, undefined where the field says nothing. */
function axisVectors(text: string | undefined, axes: number): (number[] | null | undefined)[] {
  const found = (text?.match(/\([^()]*\)|none/g) ?? []).map((word) => {
    if (word === 'none') return null;
    const parts = word.slice(1, -1).split(',').map((part) => numberOf(part.trim()));
    return [0, 1, 2].map((at) => parts[at] ?? 0);
  });
  return Array.from({ length: axes }, (_, axis) => found[axis]);
}

function words(text: string | undefined): string[] {
  return (text ?? '').split(/\s+/).filter((word) => word !== '');
}

function quoted(text: string | undefined): string[] {
  return (text?.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replace(/"/g, '').trim());
}
