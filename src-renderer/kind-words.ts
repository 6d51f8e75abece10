/** What differs in words between pictures, volumes and surfaces, and what each can be written as and compared with. */
import type { SignalWord } from '#core/fit/presets';
import type { ArtifactFormat, RequestOf, SignalInfo } from '#main/ipc/contract';

export type Kind = SignalInfo['kind'];
type Codec = RequestOf<'codecs.compare'>['codecs'][number];

export interface KindWords {
  /** As presets call it, and users. */
  readonly signal: SignalWord;
  /** What the bits of a file are told per. */
  readonly unit: 'pixel' | 'voxel' | 'vertex';
  /** What the network is asked for. */
  readonly sample: 'pixel' | 'voxel' | 'point';
  /** What a decoded file is exported as; the first is the usual one. */
  readonly exports: readonly ArtifactFormat[];
  /** Classical codecs that a file is compared with, those of volumes where they are installed; none: there is no comparison. */
  readonly codecs: readonly Codec[];
}

export const KIND_WORDS: Readonly<Record<Kind, KindWords>> = {
  grid: { signal: 'picture', unit: 'pixel', sample: 'pixel', exports: ['png'], codecs: ['jpeg', 'webp', 'avif'] },
  volume: { signal: 'volume', unit: 'voxel', sample: 'voxel', exports: ['nrrd', 'nii.gz', 'mha', 'npy'], codecs: ['zfp', 'sperr', 'sz3'] },
  surface: { signal: 'surface', unit: 'vertex', sample: 'point', exports: ['glb', 'obj', 'ply', 'stl'], codecs: [] },
};

export const FORMAT_WORDS: Readonly<Record<ArtifactFormat, { readonly name: string; readonly about: string }>> = {
  inr: { name: '.inr', about: 'The network itself.' },
  png: { name: 'PNG', about: 'The decoded picture, lossless.' },
  nrrd: { name: 'NRRD', about: 'The decoded volume in its own type, with spacing, origin and orientation; gzip.' },
  'nii.gz': { name: 'NIfTI', about: 'The decoded volume with spacing and orientation, for medical programs; gzip.' },
  mha: { name: 'MetaImage', about: 'The decoded volume with spacing, origin and orientation, for ITK and its kin.' },
  npy: { name: 'NumPy', about: 'The decoded voxels as an array; no spacing, no orientation.' },
  glb: { name: 'glTF', about: 'The decoded mesh with normals, in one binary file.' },
  obj: { name: 'OBJ', about: 'The decoded mesh as text.' },
  ply: { name: 'PLY', about: 'The decoded mesh, binary.' },
  stl: { name: 'STL', about: 'The decoded mesh for printing, binary.' },
};
