/**
 * VTK's ImageData in XML (.vti): one grid, in one piece or several, with arrays of numbers at its points or in its cells. Of these the one is taken
 * that the file calls its scalars, else the first; points before cells. How the numbers are written: vti-data.ts.
 *
 * Place: voxel (i, j, k) of the whole extent, whose first index need not be 0, is at Origin + Direction (Spacing * (i, j, k)), where the columns of
 * Direction are the axes (row after row in the file; left out by VTK before 9). Values of cells lie in their middles. VTK names neither space nor unit.
 */
import { newVoxels, type VoxelArray, type VoxelType } from '#core/signal/volume';
import { finish } from './finish';
import { checkGrid, entry, numberOf, readText, storedBytes, voxelsOfBytes } from './samples';
import type { GeometryDraft } from './geometry';
import type { Reading, ReadVolume, StoredType } from './types';
import { turn } from './unpack';
import { binaryData, sourceOf, type VtiEncoding } from './vti-data';
import { childOf, readXml, type XmlElement } from './xml';

const TYPES: Readonly<Record<string, StoredType>> = {
  Int8: 'int8', UInt8: 'uint8', Int16: 'int16', UInt16: 'uint16', Int32: 'int32', UInt32: 'uint32', Int64: 'int64', UInt64: 'uint64', Float32: 'float32', Float64: 'float64',
};
/** Types of grids put together from pieces, whose 64-bit integers need not fit alike. */
const VOXEL_TYPE: Readonly<Partial<Record<StoredType, VoxelType>>> = {
  int8: 'int8', uint8: 'uint8', int16: 'int16', uint16: 'uint16', int32: 'int32', uint32: 'uint32', float32: 'float32',
};
const MOST_PIECES = 4096;
/** Points of all pieces over those of the grid: 8 where every piece is one cell. */
const MOST_SHARED = 8;

type Triple = [number, number, number];

/** First and last index along x, y, z. */
type Extent = readonly [number, number, number, number, number, number];

export const isVti = (bytes: Uint8Array): boolean => /^(\xef\xbb\xbf)?\s*(<\?xml[^<]*)?(<!--[^<]*-->\s*)*<VTKFile\s/.test(Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(1024, bytes.length)).toString('latin1'));

/** Throws StudioError 'input': damaged, size, truncated, unsupported. */
export async function readVti(bytes: Uint8Array, reading: Reading): Promise<ReadVolume> {
  const root = readXml(bytes, (what) => reading.fault('damaged', `the XML ${what}. Copy the file again or write it again from its source.`), 'AppendedData');
  const kind = root.attributes.get('type') ?? '';
  const image = childOf(root, kind);
  if (kind !== 'ImageData' || !image) throw reading.fault('unsupported', `this is ${kind === '' ? 'no data' : kind.slice(0, 40)} of VTK; only ImageData is a regular grid. Resample it to one, for example with ParaView's "Resample To Image".`);
  const pieces = image.children.filter(({ name }) => name === 'Piece');
  if (pieces.length === 0 || pieces.length > MOST_PIECES) throw reading.fault('damaged', `the file holds ${pieces.length} pieces of a grid. Write it again in one.`);
  const whole = extentOf(image.attributes.get('WholeExtent') ?? pieces[0]!.attributes.get('Extent'), reading);
  const { cells, name, others } = chosenArray(pieces[0]!, reading);
  if (others > 0) reading.notes.push(`holds ${others + 1} arrays; "${(name ?? '').slice(0, 40)}" is used`);

  const encoding = encodingOf(root, reading);
  const appended = childOf(root, 'AppendedData');
  const size = sizeOf(whole, cells);
  const first = arrayOf(pieces[0]!, cells, name, reading);
  const grid = { size, channels: first.channels, type: first.type };
  checkGrid(grid, reading);
  const seen: { extent: Extent; element: XmlElement }[] = pieces.map((piece) => {
    const extent = extentOf(piece.attributes.get('Extent') ?? image.attributes.get('WholeExtent'), reading);
    const { element, channels, type } = arrayOf(piece, cells, name, reading);
    if (channels !== first.channels || type !== first.type) throw reading.fault('damaged', 'its pieces hold different kinds of numbers. Write it again in one piece.');
    return { extent, element };
  });
  checkPieces(seen.map(({ extent }) => extent), whole, cells, reading);

  const total = size[0] * size[1] * size[2] * first.channels;
  const joined: Joined | null = seen.length === 1 ? null : { whole, cells, channels: first.channels, voxels: newVoxels(VOXEL_TYPE[first.type] ?? 'float64', total), filled: new Uint8Array(total / first.channels) };
  let voxels: VoxelArray | undefined = joined?.voxels;
  for (const { extent, element } of seen) {
    const piece = await numbersOf(bytes, element, appended, { ...grid, size: sizeOf(extent, cells) }, encoding, reading);
    if (joined) await place(piece, extent, joined);
    else voxels = piece;
  }
  if (joined?.filled.includes(0) || voxels?.length !== total) throw gap(reading);
  return finish(reading, 'VTK ImageData', { voxels, size, channels: first.channels, geometry: geometryOf(image, whole, cells, reading) });
}

function numbersIn(text: string | undefined): number[] {
  return (text ?? '').split(/[\s,]+/).filter((word) => word !== '').map(numberOf);
}

function extentOf(text: string | undefined, reading: Reading): Extent {
  const numbers = numbersIn(text);
  if (numbers.length !== 6 || numbers.some((number) => !Number.isSafeInteger(number))) throw reading.fault('size', `the file gives the extent "${(text ?? '').slice(0, 80)}". Six whole numbers are needed: write it again from its source.`);
  return numbers as unknown as Extent;
}

function sizeOf(extent: Extent, cells: boolean): Triple {
  // A grid of one point along an axis has one layer of cells there.
  return [0, 1, 2].map((axis) => {
    const gaps = extent[2 * axis + 1]! - extent[2 * axis]!;
    return cells ? Math.max(gaps, gaps === 0 ? 1 : 0) : gaps + 1;
  }) as Triple;
}

function encodingOf({ attributes }: XmlElement, reading: Reading): VtiEncoding {
  const compressor = attributes.get('compressor') ?? '';
  if (compressor !== '' && compressor !== 'vtkZLibDataCompressor') throw reading.fault('unsupported', `the voxels are packed by ${compressor.slice(0, 40)}, which cannot be read here. Write the file with the compressor ZLib or with none.`);
  const header = attributes.get('header_type') ?? 'UInt32';
  if (header !== 'UInt32' && header !== 'UInt64') throw reading.fault('damaged', `the file gives the header type "${header.slice(0, 40)}"; there are UInt32 and UInt64. Write it again from its source.`);
  return { little: attributes.get('byte_order') !== 'BigEndian', header: header === 'UInt64' ? 8 : 4, packed: compressor !== '' };
}

/** Which array of a piece is taken; `others`: how many numeric ones are left out. */
function chosenArray(piece: XmlElement, reading: Reading): { cells: boolean; name: string | null; others: number } {
  const usable = (data: XmlElement | undefined) => data?.children.filter((child) => child.name === 'DataArray' && entry(TYPES, child.attributes.get('type') ?? '') !== undefined) ?? [];
  const [points, inCells] = [childOf(piece, 'PointData'), childOf(piece, 'CellData')];
  const counts = [usable(points).length, usable(inCells).length] as const;
  if (counts[0] + counts[1] === 0) throw reading.fault('unsupported', 'the file holds no array of numbers at its points or in its cells. Write it again with one.');
  const cells = counts[0] === 0;
  const data = (cells ? inCells : points)!;
  const scalars = data.attributes.get('Scalars');
  const chosen = usable(data).find((child) => scalars !== undefined && child.attributes.get('Name') === scalars) ?? usable(data)[0]!;
  return { cells, name: chosen.attributes.get('Name') ?? null, others: counts[0] + counts[1] - 1 };
}

function arrayOf(piece: XmlElement, cells: boolean, name: string | null, reading: Reading): { element: XmlElement; type: StoredType; channels: number } {
  const data = childOf(piece, cells ? 'CellData' : 'PointData');
  const element = data?.children.find((child) => child.name === 'DataArray' && (child.attributes.get('Name') ?? null) === name && entry(TYPES, child.attributes.get('type') ?? '') !== undefined);
  if (!element) throw reading.fault('damaged', 'one of its pieces lacks the array of the others. Write it again in one piece.');
  const [channels = 1] = numbersIn(element.attributes.get('NumberOfComponents'));
  return { element, type: TYPES[element.attributes.get('type')!]!, channels };
}

/** Every piece lies within the whole, and together they are not absurdly many points: neighbours share those between them. */
function checkPieces(extents: readonly Extent[], whole: Extent, cells: boolean, reading: Reading): void {
  const points = (extent: Extent): number => sizeOf(extent, cells).reduce((product, part) => product * part, 1);
  const within = extents.every((extent) => [0, 2, 4].every((at) => extent[at]! >= whole[at]! && extent[at + 1]! <= whole[at + 1]! && extent[at]! <= extent[at + 1]!));
  if (!within || extents.reduce((sum, extent) => sum + points(extent), 0) > MOST_SHARED * points(whole)) throw gap(reading);
}

const gap = (reading: Reading): Error => reading.fault('size', 'its pieces do not make up the whole grid. Write it again in one piece.');

async function numbersOf(bytes: Uint8Array, element: XmlElement, appended: XmlElement | undefined, grid: { size: Triple; channels: number; type: StoredType }, encoding: VtiEncoding, reading: Reading): Promise<VoxelArray> {
  const { type } = grid;
  const count = checkGrid(grid, reading);
  const format = (element.attributes.get('format') ?? 'ascii').toLowerCase();
  const text = bytes.subarray(element.from, element.to);
  if (format === 'ascii') return readText(text, { count, type }, reading);
  const stored = (source: Uint8Array, base64: boolean) => binaryData(sourceOf(source, base64), encoding, count * storedBytes(type), reading);
  if (format === 'binary') return voxelsOfBytes(await stored(text, true), type, encoding.little, reading);
  if (format !== 'appended') throw reading.fault('unsupported', `its numbers have the format "${format.slice(0, 40)}"; there are ascii, binary and appended. Write it again from its source.`);
  // Data begin behind an underscore; offsets count from there, in characters of base64 too.
  const mark = appended ? bytes.indexOf(0x5f, appended.from) : -1;
  const [offset = 0] = numbersIn(element.attributes.get('offset'));
  if (!appended || mark < 0 || !Number.isSafeInteger(offset) || offset < 0) throw reading.fault('truncated', 'the voxels should follow the header, but are not there. Copy the file again.');
  return voxelsOfBytes(await stored(bytes.subarray(mark + 1 + offset), appended.attributes.get('encoding') !== 'raw'), type, encoding.little, reading);
}

/** What pieces are put together into; `filled` is 1 where a voxel has come. */
interface Joined {
  readonly whole: Extent;
  readonly cells: boolean;
  readonly channels: number;
  readonly voxels: VoxelArray;
  readonly filled: Uint8Array;
}

async function place(piece: VoxelArray, extent: Extent, { whole, cells, channels, voxels, filled }: Joined): Promise<void> {
  const [width, height, depth] = sizeOf(extent, cells);
  const [across, down] = sizeOf(whole, cells);
  for (let z = 0, at = 0; z < depth; z++) {
    for (let y = 0; y < height; y++, at += width * channels) {
      const row = ((z + extent[4] - whole[4]) * down + y + extent[2] - whole[2]) * across + extent[0] - whole[0];
      voxels.set(piece.subarray(at, at + width * channels), row * channels);
      filled.fill(1, row, row + width);
    }
  }
  await turn();
}

function geometryOf(image: XmlElement, whole: Extent, cells: boolean, reading: Reading): GeometryDraft {
  const numbers = (name: string, plain: readonly number[]): readonly number[] => {
    const found = numbersIn(image.attributes.get(name));
    if (found.length === plain.length) return found;
    if (image.attributes.has(name)) reading.notes.push(`${name} that is no list of ${plain.length} numbers left out`);
    return plain;
  };
  const spacing = numbers('Spacing', [1, 1, 1]);
  const rows = numbers('Direction', [1, 0, 0, 0, 1, 0, 0, 0, 1]);
  const directions = [0, 1, 2].flatMap((axis) => [0, 1, 2].map((part) => rows[3 * part + axis]!));
  const first = [0, 1, 2].map((axis) => spacing[axis]! * (whole[2 * axis]! + (cells && whole[2 * axis + 1]! > whole[2 * axis]! ? 0.5 : 0)));
  const origin = numbers('Origin', [0, 0, 0]).map((part, at) => part + [0, 1, 2].reduce((sum, axis) => sum + (first[axis] === 0 ? 0 : first[axis]! * directions[3 * axis + at]!), 0));
  return { spacing, origin, directions };
}
