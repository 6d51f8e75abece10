/**
 * NumPy's .npy (versions 1 to 3): a magic word, a Python dictionary of type, order and shape, the samples.
 *
 * The axis that is fastest in memory is x, as everywhere here: the last of an array in C order (volume[z, y, x]), the first in Fortran order
 * (volume[x, y, z], as medical readers in Python make them). A last axis of at most 4 of four is the values of a voxel. The format knows no place.
 */
import { bytesOf } from './bytes';
import { finish } from './finish';
import { lostGeometry } from './geometry';
import { checkGrid, gather, readSamples, typeOf } from './samples';
import type { Reading, ReadVolume, StoredType, VolumeContent, WrittenVolume } from './types';

const TYPES: Readonly<Record<string, StoredType>> = {
  b1: 'uint8', u1: 'uint8', i1: 'int8', u2: 'uint16', i2: 'int16', u4: 'uint32', i4: 'int32', u8: 'uint64', i8: 'int64', f2: 'float16', f4: 'float32', f8: 'float64',
};
const CODES = { uint8: '|u1', int8: '|i1', uint16: '<u2', int16: '<i2', uint32: '<u4', int32: '<i4', float32: '<f4', float64: '<f8' } as const;

/** Longest dictionary that is looked through. */
const HEADER_LIMIT = 2 ** 16;

export const isNpy = (bytes: Uint8Array): boolean => bytes.length >= 8 && bytes[0] === 0x93 && String.fromCharCode(...bytes.subarray(1, 6)) === 'NUMPY';

/** Throws StudioError 'input': damaged, size, truncated, unsupported. */
export async function readNpy(bytes: Uint8Array, reading: Reading): Promise<ReadVolume> {
  const damaged = (what: string) => reading.fault('damaged', `the NumPy header ${what}. Save the array again with numpy.save.`);
  const version = bytes[6]!;
  if (version < 1 || version > 3) throw reading.fault('unsupported', `this is version ${version} of .npy; 1 to 3 can be read here. Save the array again with numpy.save.`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = version === 1 ? 10 : 12;
  if (bytes.length < start) throw damaged('ends too early');
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (start + length > bytes.length || length > HEADER_LIMIT) throw damaged(`of ${length} bytes does not fit`);
  const header = Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString('latin1');
  const described = /'descr'\s*:\s*'([<>=|]?)([a-zA-Z]\d{1,3})'/.exec(header);
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(header);
  const shaped = /'shape'\s*:\s*\(([^()]{0,400})\)/.exec(header);
  if (!order || !shaped) throw damaged('says no order or shape');
  const type = TYPES[described?.[2] ?? ''];
  if (!described || !type) throw reading.fault('unsupported', `the array is of ${/'descr'\s*:\s*(.{1,40})/.exec(header)?.[1] ?? 'an unknown type'}, which is no plain number type. Save it as one, for example with array.astype("float32").`);
  const shape = shaped[1]!.split(',').map((word) => word.trim()).filter((word) => word !== '').map((word) => Number(word.replace(/L$/, '')));
  if (shape.some((extent) => !Number.isInteger(extent) || extent < 0)) throw damaged(`gives the shape (${shaped[1]!.slice(0, 80)})`);

  const fortran = order[1] === 'True';
  const { size, channels } = axesOf(shape, fortran, reading);
  const count = checkGrid({ size, channels, type }, reading);
  if (fortran && shape.length > 1) reading.notes.push('array in Fortran order: its first axis is x');
  const stored = await readSamples({ bytes, packing: 'none', skip: start + length }, { count, type, little: described[1] !== '>' }, reading);
  const [width, height, depth] = size;
  // In Fortran order the values of a voxel lie a volume apart.
  const voxels = fortran && channels > 1 ? await gather(stored, size, [1, width, width * height], channels, width * height * depth) : stored;
  return finish(reading, 'NumPy', { voxels, size, channels, geometry: {} });
}

function axesOf(shape: readonly number[], fortran: boolean, reading: Reading): { size: [number, number, number]; channels: number } {
  const named = `(${shape.join(', ')})`;
  if (shape.length < 2) throw reading.fault('unsupported', `an array of shape ${named} is no volume. Save one with the axes [z, y, x].`);
  // Axes of length 1 in front, as tensors of networks have them, say nothing.
  let axes = [...shape];
  while (axes.length > 4 && axes[0] === 1) axes = axes.slice(1);
  if (axes.length > 4) throw reading.fault('unsupported', `an array of shape ${named} has more than four axes. Save one volume of it with the axes [z, y, x].`);
  let channels = 1;
  if (axes.length === 4) {
    if (axes[3]! <= 4) channels = axes.pop()!;
    else if (axes[0] === 1) axes = axes.slice(1);
    else throw reading.fault('unsupported', `it is not clear which axis of ${named} holds the values of a voxel. Save one volume, or move that axis to the end with numpy.moveaxis(array, 0, -1).`);
  }
  const ordered = fortran ? axes : axes.reverse();
  return { size: [ordered[0]!, ordered[1]!, ordered[2] ?? 1], channels };
}

/** In C order, with the axes [z, y, x] and the values of a voxel last. */
export function writeNpy({ size, channels, voxels, metadata }: VolumeContent, base: string): WrittenVolume {
  const shape = [...size].reverse().concat(channels > 1 ? [channels] : []);
  const dictionary = `{'descr': '${CODES[typeOf(voxels)]}', 'fortran_order': False, 'shape': (${shape.join(', ')}), }`;
  // The samples begin at a multiple of 64; the header ends with a line feed.
  const padded = dictionary.padEnd(Math.ceil((dictionary.length + 11) / 64) * 64 - 11) + '\n';
  const head = Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, padded.length & 255, padded.length >> 8]);
  const lost = lostGeometry(metadata.geometry);
  return { files: [{ name: `${base}.npy`, bytes: Buffer.concat([head, Buffer.from(padded, 'latin1'), bytesOf(voxels)]) }], notes: lost ? [`NumPy files hold no ${lost}`] : [] };
}
