/** What decoded files are written as: pictures, volumes, meshes, by the extension of the name. */
import type { Header } from '#core/coding/types';
import { StudioError } from '#core/errors';
import { voxelsOf } from '#core/signal/volume';
import type { WRITABLE } from '../formats/volume';
import { MESH_EXTENSIONS } from '../formats/mesh/write';
import { encodeImage, EXPORT_EXTENSIONS } from './image-export';

export interface ExportedFile {
  /** Without a folder. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface Exported {
  /** The first is the one that was asked for; others lie beside it. */
  readonly files: readonly ExportedFile[];
  /** What the format could not hold, in words. */
  readonly notes: readonly string[];
}

/** Extensions without the dot, by what a file holds. */
export const EXTENSIONS: Readonly<Record<Header['kind'], readonly string[]>> = {
  grid: EXPORT_EXTENSIONS,
  volume: ['nrrd', 'nhdr', 'nii', 'nii.gz', 'mha', 'npy', 'raw'],
  surface: MESH_EXTENSIONS,
};

const ALL = [...new Set(Object.values(EXTENSIONS).flat())];

/** The extension of a name, lower case. Throws StudioError 'usage'/'output.format' when nothing is written as that. */
export function extensionOf(path: string): string {
  const name = path.toLowerCase();
  const found = ALL.filter((each) => name.endsWith(`.${each}`)).sort((a, b) => b.length - a.length)[0];
  if (found !== undefined) return found;
  const list = (kind: Header['kind']): string => EXTENSIONS[kind].map((each) => `.${each}`).join(', ');
  throw new StudioError('usage', 'output.format', `${path}: this name does not say in which format to write. Pictures: ${list('grid')}; volumes: ${list('volume')}; surfaces: ${list('surface')}.`);
}

/** Decoded samples of a picture or a volume under a file name that says the format. */
export async function exportSamples(header: Exclude<Header, { kind: 'surface' }>, samples: Uint8Array | Uint16Array, name: string): Promise<Exported> {
  const extension = extensionOf(name);
  if (header.kind === 'grid') {
    const { bytes, notes } = await encodeImage(header, samples, extension);
    return { files: [{ name, bytes }], notes };
  }
  const { writeVolume } = await import('../formats/volume');
  const { size, channels, metadata } = header;
  return writeVolume({ size, channels, voxels: voxelsOf(samples, metadata), metadata }, extension as (typeof WRITABLE)[number], name.slice(0, -extension.length - 1));
}
