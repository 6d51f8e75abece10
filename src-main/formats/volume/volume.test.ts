import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import * as nifti from 'nifti-reader-js';
import { describe, expect, it } from 'vitest';
import { StudioError } from '#core/errors';
import { pointCount } from '#core/signal/signal';
import { newVoxels, PLAIN_GEOMETRY, VOXEL_TYPES, volumeSignal, type VolumeGeometry, type VoxelType } from '#core/signal/volume';
import { guessRaw, readVolume, sniffVolume, WRITABLE, writeVolume } from './index';

/** A place that every number of matters: unequal spacings, a turned and mirrored grid, an origin. */
const OBLIQUE: VolumeGeometry = { spacing: [0.5, 0.75, 2.5], origin: [-12.5, 40, 7.25], directions: [0, 1, 0, -1, 0, 0, 0, 0, 1], space: 'LPS', unit: 'mm' };

function volume(voxelType: VoxelType, geometry: VolumeGeometry = PLAIN_GEOMETRY, size: readonly number[] = [5, 4, 3]) {
  const voxels = newVoxels(voxelType, pointCount(size));
  for (let i = 0; i < voxels.length; i++) voxels[i] = (i * 37) % 101;
  return volumeSignal(voxels, { size, channels: 1, voxelType, geometry });
}

/** Written and read again, the files beside each other. */
async function roundTrip(signal: ReturnType<typeof volume>, extension: (typeof WRITABLE)[number]) {
  const { files } = await writeVolume(signal, extension, 'head');
  const header = files.find(({ name }) => name.endsWith('.nhdr')) ?? files[0]!;
  const companion = (name: string) => {
    const file = files.find((each) => each.name === name);
    return file ? Promise.resolve(file.bytes) : Promise.reject(new Error(`no ${name}`));
  };
  return readVolume(header.bytes, header.name, { companion });
}

const position = ({ origin, spacing, directions, space }: VolumeGeometry, [i, j, k]: readonly number[]): number[] => {
  const steps = [i! * spacing[0], j! * spacing[1], k! * spacing[2]];
  const lps = [0, 1, 2].map((axis) => origin[axis]! + steps.reduce((sum, step, a) => sum + step * directions[3 * a + axis]!, 0));
  return space === 'RAS' ? [-lps[0]!, -lps[1]!, lps[2]!] : lps;
};

describe('a volume file', () => {
  it.each(WRITABLE.flatMap((extension) => VOXEL_TYPES.map((type) => [extension, type] as const)))('.%s gives %s voxels back', async (extension, type) => {
    const signal = volume(type);
    const { signal: back } = await roundTrip(signal, extension);
    expect(back.size).toEqual(signal.size);
    expect([...back.voxels]).toEqual([...signal.voxels]);
    expect(back.metadata.voxelType).toBe(type);
  });

  it.each(['nrrd', 'nhdr', 'nii', 'nii.gz', 'mha'] as const)('.%s keeps where every voxel lies', async (extension) => {
    const { signal: back } = await roundTrip(volume('int16', OBLIQUE), extension);
    for (const corner of [[0, 0, 0], [4, 0, 0], [0, 3, 0], [4, 3, 2]]) {
      const before = position(OBLIQUE, corner);
      position(back.metadata.geometry, corner).forEach((value, axis) => expect(value).toBeCloseTo(before[axis]!, 4));
    }
    expect(back.metadata.geometry.unit === 'mm' || extension === 'mha').toBe(true);
  });

  it('of NIfTI says to an independent reader where its voxels lie', async () => {
    const { files } = await writeVolume(volume('float32', OBLIQUE), 'nii.gz', 'head');
    const bytes = gunzipSync(files[0]!.bytes);
    const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
    const header = nifti.readHeader(buffer) as nifti.NIFTI1;
    expect(header.dims.slice(0, 4)).toEqual([3, 5, 4, 3]);
    header.pixDims.slice(1, 4).forEach((value, axis) => expect(value).toBeCloseTo(OBLIQUE.spacing[axis]!, 5));
    // NIfTI counts to the right and to the front, LPS to the left and to the back.
    const far = [4, 3, 2, 1];
    const place = header.affine.slice(0, 3).map((row) => row.reduce((sum, value, axis) => sum + value * far[axis]!, 0));
    const lps = position(OBLIQUE, far);
    [-lps[0]!, -lps[1]!, lps[2]!].forEach((value, axis) => expect(place[axis]).toBeCloseTo(value, 4));
    const image = new Float32Array(nifti.readImage(header, buffer));
    expect([...image]).toEqual([...volume('float32').voxels]);
  });

  it('by hand: an NRRD with a text header, gzip and big-endian numbers', async () => {
    const numbers = new Uint8Array(new Uint16Array([1, 2, 3, 4, 5, 6, 7, 8]).buffer).reverse();
    const header = 'NRRD0004\n# made by hand\ntype: unsigned short\ndimension: 3\nsizes: 2 2 2\nspacings: 1 2 0.5\nencoding: gzip\nendian: big\n\n';
    const bytes = Buffer.concat([Buffer.from(header), gzipSync(numbers)]);
    const { signal, format } = await readVolume(bytes, 'a.nrrd');
    expect(format).toBe('NRRD');
    expect([...signal.voxels]).toEqual([8, 7, 6, 5, 4, 3, 2, 1]);
    expect(signal.metadata.geometry.spacing).toEqual([1, 2, 0.5]);
  });

  it('of raw voxels is known by its name, or by what the user says', async () => {
    expect(guessRaw('engine_256x256x128_uint8.raw.gz', 256 * 256 * 128)).toMatchObject({ shape: [256, 256, 128], type: 'uint8' });
    expect(guessRaw('/data/foo_64x64x10_u16_be.raw', 81920)).toMatchObject({ shape: [64, 64, 10], type: 'uint16', endian: 'big' });
    expect(guessRaw('scan.raw', 1000).shape).toBeUndefined();
    const voxels = Uint8Array.from({ length: 24 }, (_, i) => i);
    expect([...(await readVolume(voxels, 'a_4x3x2_uint8.raw')).signal.voxels]).toEqual([...voxels]);
    expect((await readVolume(gzipSync(voxels), 'a_4x3x2_uint8.raw.gz')).signal.size).toEqual([4, 3, 2]);
    expect((await readVolume(voxels, 'a.raw', { raw: { shape: [2, 3, 2], type: 'uint16', endian: 'big', spacing: [1, 1, 3] } })).signal).toMatchObject({ size: [2, 3, 2] });
    await expect(readVolume(voxels, 'a.raw')).rejects.toMatchObject({ kind: 'input' });
    await expect(readVolume(voxels, 'a_9x9x9_uint8.raw')).rejects.toMatchObject({ kind: 'input', message: expect.stringMatching(/729/) as string });
  });

  it('with voxels that are no numbers is repaired and says so', async () => {
    const voxels = Float32Array.of(NaN, 1, 2, Infinity, 0, 3, -1, 4);
    const { signal, notes } = await readVolume(new Uint8Array(voxels.buffer), 'a_2x2x2_float32.raw');
    expect([...signal.voxels].every(Number.isFinite)).toBe(true);
    expect(notes.join()).toMatch(/2/);
  });

  it('is not taken for one where it is a picture', () => {
    expect(sniffVolume(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a), 'a.png')).toBeNull();
    expect(sniffVolume(Uint8Array.of(0xff, 0xd8, 0xff), 'a.jpg')).toBeNull();
  });

  it.each(WRITABLE.filter((extension) => extension !== 'raw'))('.%s that is cut off or changed is an error with a sentence, or a volume', async (extension) => {
    const { files } = await writeVolume(volume('int16', OBLIQUE), extension, 'head');
    const companion = (name: string) => {
      const file = files.find((each) => each.name === name);
      return file ? Promise.resolve(file.bytes) : Promise.reject(new Error(`no ${name}`));
    };
    const { name, bytes } = files.find((file) => file.name.endsWith('.nhdr')) ?? files[0]!;
    const change = fc.record({ at: fc.nat(bytes.length - 1), value: fc.nat(255) });
    const property = fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), fc.option(fc.nat(bytes.length)), async (changes, length) => {
      const damaged = new Uint8Array(length === null ? bytes : bytes.subarray(0, length));
      for (const { at, value } of changes) if (at < damaged.length) damaged[at] = value;
      try {
        const { signal } = await readVolume(damaged, name, { companion });
        expect(signal.voxels.length).toBe(pointCount(signal.size) * signal.channels);
      } catch (error) {
        if (!(error instanceof StudioError) || error.kind !== 'input') throw error;
        expect(error.message.length).toBeGreaterThan(20);
      }
    });
    await fc.assert(property, { numRuns: 300 });
  });
});
