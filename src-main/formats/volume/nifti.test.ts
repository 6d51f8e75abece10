/** NIfTI against a reader that somebody else wrote, and against headers made by hand. */
import { gzipSync } from 'node:zlib';
import { isNIFTI, readHeader, readImage, type NIFTI1 } from 'nifti-reader-js';
import { describe, expect, it } from 'vitest';
import { VOXEL_TYPES } from '#core/signal/volume';
import { readVolume, writeVolume } from './index';
import { PLACES, pointOf, someVolume } from './test-volumes';

/** A NIfTI-1 file of int16 from scratch; `fields` are set on top. */
function file(dim: readonly number[], voxels: readonly number[], little = true, fields: (view: DataView) => void = () => {}): Uint8Array {
  const bytes = new Uint8Array(352 + 2 * voxels.length);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, 348, little);
  dim.forEach((extent, i) => view.setInt16(40 + 2 * i, extent, little));
  view.setInt16(70, 4, little);
  view.setInt16(72, 16, little);
  [1, 2, 3, 4].forEach((gap, i) => view.setFloat32(76 + 4 * i, gap, little));
  view.setFloat32(108, 352, little);
  view.setUint8(123, 2);
  bytes.set([0x6e, 0x2b, 0x31], 344);
  voxels.forEach((voxel, i) => view.setInt16(352 + 2 * i, voxel, little));
  fields(view);
  return bytes;
}
const VALUES = [-300, 2, 3, 4, 5, 600];

describe('nifti-reader-js reads what is written', () => {
  for (const [name, place] of Object.entries(PLACES)) {
    it(name, async () => {
      for (const type of VOXEL_TYPES) {
        const volume = someVolume(type, place);
        const { bytes } = (await writeVolume(volume, 'nii')).files[0]!;
        const buffer = new Uint8Array(bytes).buffer;
        expect(isNIFTI(buffer)).toBe(true);
        const header = readHeader(buffer) as NIFTI1;
        expect(header.dims.slice(0, 4)).toEqual([3, 5, 3, 2]);
        expect(new Uint8Array(readImage(header, buffer))).toEqual(new Uint8Array(volume.voxels.buffer as ArrayBuffer));
        expect(header.pixDims.slice(1, 4).map((gap) => Number(gap.toPrecision(6)))).toEqual(place.spacing);
        if (header.sform_code === 0) {
          expect(place.space).toBe('unknown');
          continue;
        }
        const rows = header.affine as number[][];
        for (const index of [[0, 0, 0], [4, 0, 0], [0, 2, 0], [0, 0, 1]]) {
          const point = rows.slice(0, 3).map((row) => row[0]! * index[0]! + row[1]! * index[1]! + row[2]! * index[2]! + row[3]!);
          pointOf(place, index).forEach((part, at) => expect(point[at]).toBeCloseTo(part, 4));
        }
        // The quaternion tells the same as the rows, where it can.
        expect(header.qform_code > 0).toBe(name !== 'sheared');
        if (header.qform_code > 0) {
          const fromQuaternion = header.convertNiftiQFormToNiftiSForm(header.quatern_b, header.quatern_c, header.quatern_d, header.qoffset_x, header.qoffset_y, header.qoffset_z, header.pixDims[1]!, header.pixDims[2]!, header.pixDims[3]!, header.pixDims[0]!) as number[][];
          for (const row of [0, 1, 2]) for (const column of [0, 1, 2, 3]) expect(fromQuaternion[row]![column]).toBeCloseTo(rows[row]![column]!, 4);
        }
      }
    });
  }
});

describe('headers made by hand', () => {
  it('takes the sform before the qform, and the qform before the spacings', async () => {
    const qform = (view: DataView) => {
      // Half a turn about z: x and y change sign; the third axis is turned round by pixdim[0].
      view.setInt16(252, 1, true);
      view.setFloat32(76, -1, true);
      view.setFloat32(264, 1, true);
      [10, 20, 30].forEach((part, i) => view.setFloat32(268 + 4 * i, part, true));
    };
    const plain = await readVolume(file([3, 3, 2, 1], VALUES), 'a.nii');
    expect(plain.signal.metadata.geometry).toEqual({ spacing: [2, 3, 4], origin: [0, 0, 0], directions: [1, 0, 0, 0, 1, 0, 0, 0, 1], space: 'unknown', unit: 'mm' });
    expect(Array.from(plain.signal.voxels)).toEqual(VALUES);
    const turned = await readVolume(file([3, 3, 2, 1], VALUES, true, qform), 'a.nii');
    expect(turned.signal.metadata.geometry).toEqual({ spacing: [2, 3, 4], origin: [10, 20, 30], directions: [-1, 0, 0, 0, -1, 0, 0, 0, -1], space: 'RAS', unit: 'mm' });
    const both = await readVolume(
      file([3, 3, 2, 1], VALUES, true, (view) => {
        qform(view);
        view.setInt16(254, 1, true);
        [0, 0, 5, 7, 6, 0, 0, 8, 0, -7, 0, 9].forEach((part, i) => view.setFloat32(280 + 4 * i, part, true));
      }),
      'a.nii',
    );
    expect(both.signal.metadata.geometry).toEqual({ spacing: [6, 7, 5], origin: [7, 8, 9], directions: [0, 1, 0, 0, 0, -1, 1, 0, 0], space: 'RAS', unit: 'mm' });
  });

  it('reads big-endian files, packed and not', async () => {
    const bytes = file([3, 3, 2, 1], VALUES, false);
    for (const each of [bytes, gzipSync(bytes)]) {
      const { signal } = await readVolume(each, 'a.nii');
      expect(signal.voxels).toEqual(Int16Array.from(VALUES));
      expect(signal.metadata.geometry.spacing).toEqual([2, 3, 4]);
    }
  });

  it('reads a header and an image of their own files', async () => {
    const bytes = file([3, 3, 2, 1], VALUES, true, (view) => {
      view.setUint8(345, 0x69);
      view.setFloat32(108, 0, true);
    });
    const { signal } = await readVolume(bytes.slice(0, 348), 'dir/scan.hdr', { companion: (name) => (name === 'scan.img' ? Promise.resolve(bytes.slice(352)) : Promise.reject(new Error(name))) });
    expect(Array.from(signal.voxels)).toEqual(VALUES);
  });

  it('scales values as the header says', async () => {
    const scaled = (slope: number, inter: number) => readVolume(file([3, 3, 2, 1], VALUES, true, (view) => [slope, inter].forEach((part, i) => view.setFloat32(112 + 4 * i, part, true))), 'a.nii');
    const half = await scaled(0.5, -1);
    expect(half.signal.voxels).toEqual(Float32Array.from(VALUES, (value) => value / 2 - 1));
    expect(half.notes.join()).toMatch(/scaled by 0.5/);
    for (const [slope, inter] of [[0, 5], [1, 0], [NaN, 0]] as const) expect((await scaled(slope, inter)).signal.voxels).toBeInstanceOf(Int16Array);
  });

  it('takes the first of a series, and the values of a voxel from the fifth dimension', async () => {
    const series = await readVolume(file([4, 3, 1, 1, 2], VALUES), 'a.nii');
    expect(Array.from(series.signal.voxels)).toEqual([-300, 2, 3]);
    expect(series.notes).toContain('holds 2 volumes; the first is used');
    const last = await readVolume(file([4, 2, 1, 1, 3], VALUES), 'a.nii', { frame: 3 });
    expect(Array.from(last.signal.voxels)).toEqual([5, 600]);
    const packed = await readVolume(gzipSync(file([4, 2, 1, 1, 3], VALUES)), 'a.nii.gz', { frame: 2 });
    expect(Array.from(packed.signal.voxels)).toEqual([3, 4]);
    await expect(readVolume(file([4, 2, 1, 1, 3], VALUES), 'a.nii', { frame: 4 })).rejects.toMatchObject({ code: 'input.frame' });
    const vector = await readVolume(file([5, 3, 1, 1, 1, 2], VALUES), 'a.nii');
    expect(vector.signal.channels).toBe(2);
    expect(Array.from(vector.signal.voxels)).toEqual([-300, 4, 2, 5, 3, 600]);
    // Two moments of vectors of two: t before the fifth axis.
    const both = await readVolume(file([5, 1, 1, 1, 3, 2], VALUES), 'a.nii');
    expect(Array.from(both.signal.voxels)).toEqual([-300, 4]);
    expect(Array.from((await readVolume(file([5, 1, 1, 1, 3, 2], VALUES), 'a.nii', { frame: 3 })).signal.voxels)).toEqual([3, 600]);
  });

  it('refuses with both numbers what is too short', async () => {
    await expect(readVolume(file([3, 3, 2, 2], VALUES), 'a.nii')).rejects.toMatchObject({ kind: 'input', code: 'input.truncated', message: expect.stringMatching(/take 24 bytes.*holds 12/) });
    await expect(readVolume(file([3, 30000, 30000, 30000], VALUES), 'a.nii')).rejects.toMatchObject({ code: 'input.size' });
    await expect(readVolume(file([3, 3, 0, 1], VALUES), 'a.nii')).rejects.toMatchObject({ code: 'input.size' });
    const packed = gzipSync(file([3, 3, 2, 1], VALUES));
    await expect(readVolume(packed.subarray(0, packed.length - 12), 'a.nii.gz')).rejects.toMatchObject({ code: 'input.truncated' });
  });
});
