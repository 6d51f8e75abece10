/** What is written is read back: voxels to the bit, places to the precision of the format, in every type. */
import { describe, expect, it } from 'vitest';
import { LENGTH_UNITS, VOXEL_TYPES } from '#core/signal/volume';
import { readVolume, sniffVolume, WRITABLE, writeVolume, type VolumeContent } from './index';
import { PLACES, pointOf, someVolume } from './test-volumes';

async function back(volume: VolumeContent, extension: (typeof WRITABLE)[number]) {
  const { files, notes } = await writeVolume(volume, extension, 'some name');
  const [first, ...others] = files;
  const read = await readVolume(first!.bytes, first!.name, { companion: (name) => Promise.resolve(others.find((file) => file.name === name)!.bytes) });
  return { files, notes, read };
}

describe('written and read again', () => {
  for (const extension of WRITABLE) {
    it(`${extension}: voxels of every type`, async () => {
      for (const type of VOXEL_TYPES) {
        for (const channels of [1, 2, 3, 4]) {
          const volume = someVolume(type, PLACES.plain!, [5, 3, 2], channels);
          const { read, notes, files } = await back(volume, extension);
          expect(read.signal).toMatchObject({ kind: 'volume', size: [5, 3, 2], channels });
          expect(read.signal.voxels, `${type} x ${channels}`).toEqual(volume.voxels);
          expect(read.signal.metadata).toEqual({ ...volume.metadata, geometry: PLACES.plain });
          expect(notes).toEqual([]);
          expect(sniffVolume(files[0]!.bytes, 'noname')).toBe({ nrrd: 'NRRD', nhdr: 'NRRD', raw: 'NRRD', nii: 'NIfTI', 'nii.gz': 'NIfTI', npy: 'NumPy', mha: 'MetaImage' }[extension]);
        }
      }
    });

    it(`${extension}: places`, async () => {
      for (const [name, place] of Object.entries(PLACES)) {
        const { read, notes } = await back(someVolume('int16', place), extension);
        const found = read.signal.metadata.geometry;
        if (extension === 'npy') {
          expect(found).toEqual(PLACES.plain);
          expect(notes.length).toBe(name === 'plain' ? 0 : 1);
          continue;
        }
        // NIfTI stores float32, and metres are no unit of MetaImage.
        const digits = extension.startsWith('nii') ? 4 : 10;
        for (const index of [[0, 0, 0], [4, 0, 0], [0, 2, 0], [0, 0, 1], [4, 2, 1]]) {
          const [is, should] = [pointOf(found, index), pointOf(place, index)];
          for (const part of [0, 1, 2]) expect(is[part], `${name} ${index}`).toBeCloseTo(should[part]!, digits);
        }
        expect(found.unit).toBe(extension === 'mha' && place.unit === 'm' ? 'none' : place.unit);
        expect(found.space === 'unknown').toBe(place.space === 'unknown');
        if (extension.startsWith('n') && !extension.startsWith('nii')) expect(found.space).toBe(place.space);
      }
    });
  }

  it('gives spacings back as they were said, even where they are stored as float32', async () => {
    for (const extension of WRITABLE.filter((each) => each !== 'npy')) {
      expect((await back(someVolume('uint8', PLACES.spaced!), extension)).read.signal.metadata.geometry.spacing).toEqual([0.7, 0.9, 2.5]);
    }
  });

  it('converts lengths that NIfTI has no unit for', async () => {
    for (const unit of LENGTH_UNITS) {
      const { read, notes } = await back(someVolume('uint8', { ...PLACES.spaced!, unit }), 'nii');
      const metres = { none: 1, nm: 1e-9, um: 1e-6, mm: 1e-3, cm: 1e-2, m: 1, km: 1e3 };
      const { geometry } = read.signal.metadata;
      expect(geometry.spacing[2] * metres[geometry.unit]).toBeCloseTo(2.5 * metres[unit], 12);
      expect(notes.length).toBe(['nm', 'cm', 'km'].includes(unit) ? 1 : 0);
    }
  });

  it('takes NIfTI-2 for axes that NIfTI-1 cannot count', async () => {
    const { read } = await back(someVolume('uint8', PLACES.oblique!, [32768, 2, 1]), 'nii');
    expect(read.format).toBe('NIfTI-2');
    expect(read.signal.size).toEqual([32768, 2, 1]);
    expect(read.signal.metadata.geometry.origin).toEqual([12.5, -30.25, 101]);
  });

  it('writes the same bytes again', async () => {
    for (const extension of WRITABLE) {
      const volume = someVolume('float32', PLACES.oblique!, [7, 5, 3], 2);
      expect((await writeVolume(volume, extension)).files).toEqual((await writeVolume(volume, extension)).files);
    }
  });
});
