/**
 * Volumes in many files: the slices of a DICOM series or of a TIFF stack, in a folder or chosen together. What the files are is found by their
 * content; those that are no slices are left out and counted. TIFF files count in the natural order of their names (slice9 before slice10).
 */
import { isDicom } from './dicom-syntax';
import { inputFault } from './faults';
import { likeness, readSlices, slicesIn, type Slice } from './tiff';
import { isReadable } from './tiff-page';
import { isTiff } from './tiff-directory';
import type { Reading} from './types';
import { type ReadVolume, type VolumePart } from './types';

/** Most files that are looked at. */
const MOST_FILES = 65536;

const natural = new Intl.Collator('en', { numeric: true });

/** By name, numbers in it by their value. */
export function inNaturalOrder<P extends { readonly name: string }>(parts: readonly P[]): P[] {
  return [...parts].sort((a, b) => natural.compare(a.name, b.name) || (a.name < b.name ? -1 : 1));
}

/**
 * One volume of many files; `reading` is named after the folder or the first file. Throws StudioError 'input': input.folder where none of the files is
 * a slice, and what the readers throw, which names the file.
 */
export async function readSeries(parts: readonly VolumePart[], reading: Reading): Promise<ReadVolume> {
  if (parts.length > MOST_FILES) throw reading.fault('size', `there are ${parts.length} files; at most ${MOST_FILES} can be read as one volume. Move the slices into a folder of their own.`);
  const dicom: VolumePart[] = [];
  const stack: Slice[] = [];
  for (const part of inNaturalOrder(parts)) {
    const bytes = await part.read();
    if (isDicom(bytes)) dicom.push(part);
    // A DICOM file may begin as a TIFF file does.
    else if (dicom.length === 0 && isTiff(bytes)) {
      const { pages, broken } = slicesIn(bytes);
      if (broken || pages.length === 0) throw inputFault(part.name, 'unsupported', 'this TIFF file is damaged or packed in a way that cannot be read as a slice. Save the slices again with deflate, LZW or no compression.');
      for (const page of pages) stack.push({ page, load: part.read });
    }
  }
  const left = parts.length - (dicom.length > 0 ? dicom.length : new Set(stack.map(({ load }) => load)).size);
  if (dicom.length === 0 && stack.length === 0) {
    throw reading.fault('folder', `none of the ${parts.length} files is a slice of a volume (DICOM or TIFF). Give the name of a file, or a folder of slices.`);
  }
  if (left > 0) reading.notes.push(`${left} ${left === 1 ? 'file that is no slice' : 'files that are no slices'} left out`);
  if (dicom.length > 0) {
    const { readDicomFiles } = await import('./dicom');
    return readDicomFiles(dicom, reading);
  }
  return readSlices(largestOf(stack, reading), reading);
}

/** The slices of the size and type that most have. */
function largestOf(stack: readonly Slice[], reading: Reading): readonly Slice[] {
  const groups = new Map<string, Slice[]>();
  for (const slice of stack) {
    const key = likeness(slice.page);
    const group = groups.get(key) ?? [];
    groups.set(key, group);
    group.push(slice);
  }
  const [largest] = [...groups.values()].sort((a, b) => b.length - a.length);
  const others = stack.length - largest!.length;
  if (others > 0) reading.notes.push(`${others} ${others === 1 ? 'slice' : 'slices'} of another size or type left out`);
  return largest!;
}

/**
 * Whether a file and others that were chosen with it are slices of one volume: DICOM files, or grey TIFF pictures of one page and size whose names differ in
 * their numbers alone. (Photographs that are opened together stay photographs.)
 */
export async function areSlices(bytes: Uint8Array, name: string, beside: readonly VolumePart[]): Promise<boolean> {
  if (beside.length === 0) return false;
  if (isDicom(bytes)) return true;
  const stem = (text: string): string => text.replace(/\d+/g, '#').toLowerCase();
  if (!isTiff(bytes) || beside.some((part) => stem(part.name) !== stem(name))) return false;
  const [first, ...more] = slicesIn(bytes).pages;
  if (!first || more.length > 0 || first.samples !== 1 || !isReadable(first)) return false;
  for (const part of beside) {
    const { pages } = slicesIn(await part.read());
    if (pages.length !== 1 || likeness(pages[0]!) !== likeness(first)) return false;
  }
  return true;
}
