/**
 * Files that came together, in groups of one to open and those that it names. Headers of volumes keep their voxels in another file (.nhdr
 * and .mhd beside .raw, .hdr beside .img), scenes their buffers and pictures (.gltf beside .bin and .png). The page cannot look into
 * a folder, so that such files must come in one drop.
 */
export interface FileGroup<File> {
  readonly file: File;
  readonly beside: readonly File[];
}

/** Headers, and what may belong to them. */
const PARTS: readonly (readonly [header: RegExp, part: RegExp])[] = [
  [/\.(nhdr|nrrd|mhd)$/i, /\.(raw|zraw|bin|dat|img)(\.gz)?$|(?<!\.nii)\.gz$/i],
  [/\.hdr(\.gz)?$/i, /\.img(\.gz)?$/i],
  [/\.gltf$/i, /\.(bin|png|jpe?g|webp|ktx2)$/i],
  [/\.obj$/i, /\.(mtl|png|jpe?g|webp)$/i],
];

/** In the order in which they came; a part is not opened by itself where a header came with it. */
export function fileGroups<File extends { readonly name: string }>(files: readonly File[]): FileGroup<File>[] {
  const partsOf = (header: File): File[] => {
    const part = PARTS.find(([pattern]) => pattern.test(header.name))?.[1];
    return part ? files.filter((each) => each !== header && part.test(each.name)) : [];
  };
  const parts = new Set(files.flatMap(partsOf));
  return files.filter((file) => !parts.has(file)).map((file) => ({ file, beside: partsOf(file) }));
}
