/**
 * Headers of NIfTI-1 and NIfTI-2 (nifti.nimh.nih.gov): where their fields are, and what they say of the place of the grid.
 *
 * Place: the rows of the sform where its code is above 0; else the quaternion of the qform, with the sign of pixdim[0] on the third axis; else
 * spacings alone, in an unknown space. Both forms map indices to RAS. Numbers that are stored as float32 are read as the shortest decimal that
 * names them, so that a spacing of 0.7 stays 0.7.
 */
import type { GeometryDraft } from './geometry';
import type { StoredType } from './types';

/** Offset and kind of the fields that are read; the others are the scanner's and the statistician's. */
export interface NiftiFields {
  readonly version: 1 | 2;
  readonly little: boolean;
  readonly dim: readonly number[];
  readonly datatype: number;
  readonly pixdim: readonly number[];
  readonly voxOffset: number;
  readonly slope: number;
  readonly intercept: number;
  readonly units: number;
  readonly intent: number;
  readonly qformCode: number;
  readonly sformCode: number;
  readonly quaternion: readonly number[];
  readonly qoffset: readonly number[];
  readonly srow: readonly number[];
  /** The samples follow in the same file, not in an .img beside it. */
  readonly single: boolean;
}

export const HEADER_BYTES = { 1: 348, 2: 540 } as const;

/** Samples of a code, and how many of them a voxel has. */
export const DATATYPES: Readonly<Record<number, { readonly type: StoredType; readonly channels: number }>> = {
  2: { type: 'uint8', channels: 1 },
  4: { type: 'int16', channels: 1 },
  8: { type: 'int32', channels: 1 },
  16: { type: 'float32', channels: 1 },
  64: { type: 'float64', channels: 1 },
  128: { type: 'uint8', channels: 3 },
  256: { type: 'int8', channels: 1 },
  512: { type: 'uint16', channels: 1 },
  768: { type: 'uint32', channels: 1 },
  1024: { type: 'int64', channels: 1 },
  1280: { type: 'uint64', channels: 1 },
  2304: { type: 'uint8', channels: 4 },
};

/** Version and byte order by the first number of a header and its magic word; null where it is no NIfTI. */
export function niftiVersion(bytes: Uint8Array): { version: 1 | 2; little: boolean; single: boolean } | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const version of [1, 2] as const) {
    if (bytes.length < HEADER_BYTES[version]) continue;
    const at = version === 1 ? 344 : 4;
    const magic = String.fromCharCode(...bytes.subarray(at, at + 3));
    if (magic !== `n+${version}` && magic !== `ni${version}`) continue;
    for (const little of [true, false]) if (view.getInt32(0, little) === HEADER_BYTES[version]) return { version, little, single: magic[1] === '+' };
  }
  return null;
}

/** The shortest decimal that names a float32. */
export function decimal(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

/** Fields of a header of that version; `bytes` holds all of it. */
export function niftiFields(bytes: Uint8Array, { version, little, single }: { version: 1 | 2; little: boolean; single: boolean }): NiftiFields {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const first = version === 1;
  const int16 = (at: number) => view.getInt16(at, little);
  const int32 = (at: number) => view.getInt32(at, little);
  const int64 = (at: number) => Number(view.getBigInt64(at, little));
  const real = (at: number, index: number) => (first ? decimal(view.getFloat32(at + 4 * index, little)) : view.getFloat64(at + 8 * index, little));
  const reals = (at: number, count: number) => Array.from({ length: count }, (_, index) => real(at, index));
  return {
    version,
    little,
    single,
    dim: Array.from({ length: 8 }, (_, index) => (first ? int16(40 + 2 * index) : int64(16 + 8 * index))),
    datatype: int16(first ? 70 : 12),
    pixdim: reals(first ? 76 : 104, 8),
    voxOffset: first ? view.getFloat32(108, little) : int64(168),
    slope: real(first ? 112 : 176, 0),
    intercept: real(first ? 116 : 184, 0),
    units: first ? view.getUint8(123) : int32(500),
    intent: first ? int16(68) : int32(504),
    qformCode: first ? int16(252) : int32(344),
    sformCode: first ? int16(254) : int32(348),
    quaternion: reals(first ? 256 : 352, 3),
    qoffset: reals(first ? 268 : 376, 3),
    srow: reals(first ? 280 : 400, 12),
  };
}

/** Where the grid lies, as said on top. */
export function niftiGeometry({ qformCode, sformCode, srow, pixdim, quaternion, qoffset, units }: NiftiFields, notes: string[]): GeometryDraft {
  const unit = ({ 1: 'm', 2: 'mm', 3: 'um' } as const)[units & 7] ?? 'none';
  if (sformCode > 0) {
    const column = (axis: number) => [srow[axis]!, srow[4 + axis]!, srow[8 + axis]!];
    return { directions: [...column(0), ...column(1), ...column(2)], origin: column(3), space: 'RAS', unit };
  }
  const spacing = [1, 2, 3].map((axis) => Math.abs(pixdim[axis]!));
  if (qformCode <= 0) {
    notes.push('the header gives no orientation');
    return { spacing, unit };
  }
  return { spacing, directions: rotation(quaternion, pixdim[0]! < 0), origin: qoffset, space: 'RAS', unit };
}

/** Columns of the rotation by the unit quaternion (a, b, c, d) with a >= 0, of which b, c, d are stored; the third turned round if `mirrored`. */
function rotation([b, c, d]: readonly number[], isMirrored: boolean): number[] {
  let [x, y, z] = [b!, c!, d!];
  const rest = 1 - (x * x + y * y + z * z);
  let a = Math.sqrt(Math.max(0, rest));
  if (rest < 1e-7) {
    const length = Math.hypot(x, y, z);
    [a, x, y, z] = [0, x / length, y / length, z / length];
  }
  const sign = isMirrored ? -1 : 1;
  return [
    a * a + x * x - y * y - z * z, 2 * (x * y + a * z), 2 * (x * z - a * y),
    2 * (x * y - a * z), a * a + y * y - x * x - z * z, 2 * (y * z + a * x),
    sign * 2 * (x * z + a * y), sign * 2 * (y * z - a * x), sign * (a * a + z * z - x * x - y * y),
  ];
}

/** b, c, d of the quaternion of orthonormal directions, and whether the third is turned round (pixdim[0] = -1). */
export function quaternionOf(directions: readonly number[]): { quaternion: [number, number, number]; mirrored: boolean } {
  const [xx, xy, xz, yx, yy, yz] = directions as [number, number, number, number, number, number];
  let [zx, zy, zz] = directions.slice(6) as [number, number, number];
  const determinant = xx * (yy * zz - yz * zy) - xy * (yx * zz - yz * zx) + xz * (yx * zy - yy * zx);
  const isMirrored = determinant < 0;
  if (isMirrored) [zx, zy, zz] = [-zx, -zy, -zz];
  // The largest of the four parts first: no division by a small number.
  const squares = [1 + xx + yy + zz, 1 + xx - yy - zz, 1 + yy - xx - zz, 1 + zz - xx - yy];
  const largest = squares.indexOf(Math.max(...squares));
  const half = Math.sqrt(squares[largest]!) / 2;
  const quarter = 1 / (4 * half);
  const parts = [
    [half, (yz - zy) * quarter, (zx - xz) * quarter, (xy - yx) * quarter],
    [(yz - zy) * quarter, half, (xy + yx) * quarter, (zx + xz) * quarter],
    [(zx - xz) * quarter, (xy + yx) * quarter, half, (yz + zy) * quarter],
    [(xy - yx) * quarter, (zx + xz) * quarter, (yz + zy) * quarter, half],
  ][largest]!;
  const sign = parts[0]! < 0 ? -1 : 1;
  return { quaternion: [sign * parts[1]!, sign * parts[2]!, sign * parts[3]!], mirrored: isMirrored };
}
