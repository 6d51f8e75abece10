/**
 * Volume files: what a file is, its voxels, and files of voxels.
 *
 * Every reader keeps the promise of its head comment: the header is judged before memory is taken, nothing is dropped or repaired without a
 * note, and whatever the bytes, what comes out is a volume or a StudioError of kind 'input'.
 */
import { asStudioError } from '#core/errors';
import { inputFault } from './faults';
import { readMetaImage, writeMetaImage } from './meta-image';
import { readNifti, writeNifti } from './nifti';
import { readNpy, writeNpy } from './npy';
import { readNrrd, writeNrrd } from './nrrd';
import { readRaw } from './raw';
import { areSlices, readSeries } from './series';
import { sniffVolume } from './sniff';
import { readTiffStack } from './tiff';
import { readVti } from './vti';
import { Reading, type ReadOptions, type ReadVolume, type VolumeContent, type VolumeFormat, type VolumePart, type WrittenVolume } from './types';

export { guessRaw } from './raw';
export { sniffVolume } from './sniff';
export { unpackedLength } from './unpack';
export type { RawDescription, ReadOptions, ReadVolume, StoredType, VolumeContent, VolumeFormat, VolumePart, WrittenVolume } from './types';

export const WRITABLE = ['nrrd', 'nhdr', 'nii', 'nii.gz', 'npy', 'raw', 'mha'] as const;

const READERS: Readonly<Record<VolumeFormat, (bytes: Uint8Array, reading: Reading) => Promise<ReadVolume>>> = {
  NRRD: readNrrd,
  NIfTI: readNifti,
  MetaImage: readMetaImage,
  raw: readRaw,
  NumPy: readNpy,
  VTK: readVti,
  TIFF: readTiffStack,
  DICOM: async (bytes, reading) => (await import('./dicom')).readDicomFiles([{ name: reading.name, read: () => Promise.resolve(bytes) }], reading),
};

/**
 * Reads a volume from one file (and the files that its header names). `name` tells the format where the content does not, and is what
 * messages call the file. Throws StudioError 'input'.
 */
export async function readVolume(bytes: Uint8Array, name: string, options: ReadOptions = {}): Promise<ReadVolume> {
  if (bytes.length === 0) throw inputFault(name, 'empty', 'the file is empty. Choose a volume.');
  const format = options.raw ? 'raw' : sniffVolume(bytes, name);
  if (!format) throw inputFault(name, 'unknown', 'this is no volume that can be read here. Choose a NRRD, NIfTI, MetaImage, VTK (.vti), NumPy or raw file, a TIFF stack or a DICOM series.');
  return guarded(name, () => READERS[format](bytes, new Reading(name, options)));
}

/** Whether a file and those chosen with it make one volume; readVolumeParts reads it. */
export { areSlices };

/**
 * Reads a volume from many files: a DICOM series or slices in TIFF files, each read when it is needed. `name` is what messages call them all.
 * Throws StudioError 'input'.
 */
export async function readVolumeParts(parts: readonly VolumePart[], name: string, options: ReadOptions = {}): Promise<ReadVolume> {
  return guarded(name, () => readSeries(parts, new Reading(name, options)));
}

/** What a reader did not foresee is a damaged file for the user; memory that is not there is said as such. */
async function guarded(name: string, read: () => Promise<ReadVolume>): Promise<ReadVolume> {
  try {
    return await read();
  } catch (error) {
    const known = asStudioError(error);
    if (known.code !== 'internal') throw known;
    if (error instanceof RangeError && /alloc|array length|array buffer/i.test(error.message)) throw inputFault(name, 'memory', 'there is not enough memory for this volume. Close other programs or scale it down.', error);
    throw inputFault(name, 'damaged', `the file cannot be read (${known.message.slice(0, 120)}). Copy or save it again.`, error);
  }
}

/**
 * Files of a volume. `base` is their name without folder and extension; 'raw' and 'nhdr' give a .nhdr header and a .raw of samples.
 * What the format cannot hold is said in the notes.
 */
export async function writeVolume(volume: VolumeContent, extension: (typeof WRITABLE)[number], base = 'volume'): Promise<WrittenVolume> {
  switch (extension) {
    case 'nrrd':
      return writeNrrd(volume, base, false);
    case 'nhdr':
    case 'raw':
      return writeNrrd(volume, base, true);
    case 'nii':
    case 'nii.gz':
      return writeNifti(volume, base, extension === 'nii.gz');
    case 'npy':
      return writeNpy(volume, base);
    case 'mha':
      return writeMetaImage(volume, base);
    default:
      return extension satisfies never;
  }
}
