/**
 * Files that came together, in groups of one to open and those that it names. Headers of volumes keep their voxels in another file (.nhdr
 * and .mhd beside .raw, .hdr beside .img), scenes their buffers and pictures (.gltf beside .bin and .png), and the slices of a DICOM series
 * lie in one file each. The page cannot look into a folder, so that such files must come in one drop.
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

/** Slices by their names: .dcm and the like, or as scanners name them, without an ending (IM000123) or by numbers alone (1.2.840.10008.7). */
const SLICE = /\.(dcm|dicom|ima)$|^(?=.*\d)[^.]+$|^\d+(\.\d+){3,}$/i;

/** TIFF files whose names differ in their numbers alone. Main looks whether they are slices; if not, the first of them is opened. */
function stacks<File extends { readonly name: string }>(files: readonly File[]): File[][] {
  const found = new Map<string, File[]>();
  for (const file of files) {
    if (!/\d.*\.tiff?$/i.test(file.name)) continue;
    const stem = file.name.toLowerCase().replace(/\d+/g, '#');
    found.set(stem, [...(found.get(stem) ?? []), file]);
  }
  return [...found.values()];
}

/** In the order in which they came; a part is not opened by itself where a header came with it. */
export function fileGroups<File extends { readonly name: string }>(files: readonly File[]): FileGroup<File>[] {
  const slices = [files.filter((each) => SLICE.test(each.name)), ...stacks(files)].filter((series) => series.length > 1);
  const partsOf = (header: File): File[] => {
    const series = slices.find((each) => each.includes(header));
    if (series) return header === series[0] ? series.slice(1) : [];
    const part = PARTS.find(([pattern]) => pattern.test(header.name))?.[1];
    return part ? files.filter((each) => each !== header && part.test(each.name)) : [];
  };
  const parts = new Set(files.flatMap(partsOf));
  return files.filter((file) => !parts.has(file)).map((file) => ({ file, beside: partsOf(file) }));
}
