/** Which format a file of voxels has: by its content, and by its name only where the content says nothing. */
import { isDicom } from './dicom-syntax';
import { isMetaImage } from './meta-image';
import { niftiVersion } from './nifti-header';
import { isNpy } from './npy';
import { isNrrd } from './nrrd';
import type { VolumeFormat } from './types';
import { isTiffStack } from './tiff';
import { isVti } from './vti';
import { gzipStart, isGzip } from './unpack';

/** Null for what is no volume; a TIFF of one page is a picture. gzip files are looked into. */
export function sniffVolume(bytes: Uint8Array, name: string): VolumeFormat | null {
  const packed = isGzip(bytes);
  const start = packed ? gzipStart(bytes) : bytes;
  if (niftiVersion(start)) return 'NIfTI';
  if (!packed) {
    if (isNrrd(bytes)) return 'NRRD';
    if (isNpy(bytes)) return 'NumPy';
    if (isMetaImage(bytes)) return 'MetaImage';
    if (isVti(bytes)) return 'VTK';
    if (isDicom(bytes)) return 'DICOM';
    if (isTiffStack(bytes)) return 'TIFF';
  }
  return /\.(raw|bin|dat|vol|img)(\.gz)?$/i.test(name) ? 'raw' : null;
}
