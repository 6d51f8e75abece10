/**
 * TIFF stacks: files of many pages, and many files of one page (series.ts). Pages of the size and type of the first are slices of one volume, in their
 * order; other pages are left out with a note. What a file of one page holds is a picture.
 *
 * Which page is which, and how far apart samples are, is told by the description of the first page:
 * - ImageJ: "images", "channels", "slices", "frames" (channels vary fastest, frames slowest), "spacing" and "unit"; resolutions are pixels a unit.
 *   Where there is one directory for all images, they follow one another without a gap;
 * - OME-XML: SizeZ, SizeC, SizeT, DimensionOrder, PhysicalSizeX ... with their units, and TiffData where pages are in no regular order.
 * Of other files the resolution is that of a print, and is left out: their spacing is 1.
 */
import { finish } from './finish';
import { checkGrid, storedBytes, voxelsOfBytes } from './samples';
import { isTiff, tiffPages, type TiffPage } from './tiff-directory';
import { layoutOf } from './tiff-layout';
import { decodePage, isReadable } from './tiff-page';
import type { Reading, ReadVolume } from './types';
import { turn } from './unpack';

/** A slice: its page, and the bytes of the file that it is in. */
export interface Slice {
  readonly page: TiffPage;
  readonly load: () => Promise<Uint8Array>;
}

/** Pages that make one volume are alike in this. */
export const likeness = ({ width, height, type, samples }: TiffPage): string => `${width} x ${height} ${samples} x ${type ?? ''}`;

/** The pages that are slices of a volume; fewer than two: the file is a picture, or no TIFF. */
export function slicesIn(bytes: Uint8Array): { readonly pages: readonly TiffPage[]; readonly others: number; readonly broken: boolean } {
  if (!isTiff(bytes)) return { pages: [], others: 0, broken: false };
  const { pages, broken } = tiffPages(bytes);
  const [first] = pages;
  if (!first || !isReadable(first)) return { pages: [], others: 0, broken };
  const like = pages.filter((page) => likeness(page) === likeness(first));
  // ImageJ writes one directory for images without a gap.
  const images = Number(/^ImageJ=[^\n]*\n(?:[^\n]*\n)*?images=(\d{1,7})\s/.exec(first.description)?.[1] ?? 1);
  if (pages.length === 1 && images > 1) return { pages: contiguous(bytes, first, images), others: 0, broken };
  return { pages: like, others: pages.length - like.length, broken };
}

export const isTiffStack = (bytes: Uint8Array): boolean => slicesIn(bytes).pages.length > 1;

/** The pages of images that follow the first one; as many as the file has room for, one where the first is packed. */
function contiguous(bytes: Uint8Array, first: TiffPage, images: number): TiffPage[] {
  const length = first.width * first.height * first.samples * storedBytes(first.type!);
  const start = first.block(bytes, 0);
  if (first.compression !== 1 || first.planar || first.tiled || !start || images > 65536) return [first];
  const room = Math.floor((bytes.length - start.from) / length);
  return Array.from({ length: Math.min(images, room) }, (_, at) => ({ ...first, blockHeight: first.height, block: () => ({ from: start.from + at * length, length }) }));
}

/** Throws StudioError 'input': size, truncated, damaged, unsupported. */
export async function readTiffStack(bytes: Uint8Array, reading: Reading): Promise<ReadVolume> {
  const { pages, others, broken } = slicesIn(bytes);
  if (pages.length < 2) throw reading.fault('unsupported', 'this TIFF file holds no pages that make a volume. Open it as a picture.');
  if (broken) throw reading.fault('truncated', 'the list of pages of the TIFF file is damaged or ends too early. Copy or download it again.');
  if (others > 0) reading.notes.push(`${others} ${others === 1 ? 'page' : 'pages'} of another size or type left out`);
  return readSlices(pages.map((page) => ({ page, load: () => Promise.resolve(bytes) })), reading);
}

/** A volume of slices that are alike, in their order. Throws as readTiffStack does. */
export async function readSlices(slices: readonly Slice[], reading: Reading): Promise<ReadVolume> {
  const { page } = slices[0]!;
  const { width, height, samples, photometric } = page;
  const type = page.type!;
  const layout = layoutOf(page, slices.length, reading);
  const frame = reading.frame(layout.frames);
  const { depth } = layout;
  const size = [width, height, depth] as const;
  const channels = samples * layout.channels;
  checkGrid({ size, channels, type }, reading);
  const wide = storedBytes(type);
  const bytes = new Uint8Array(width * height * depth * channels * wide);
  const pixel = samples * wide;
  for (let z = 0; z < depth; z++) {
    for (let channel = 0; channel < layout.channels; channel++) {
      const slice = slices[layout.pageOf(z, channel, frame)]!;
      if (!isReadable(slice.page)) throw reading.fault('unsupported', `slice ${z + 1} is packed in a way that cannot be read here. Save the stack again with deflate, LZW or no compression.`);
      const plane = decodePage(await slice.load(), slice.page, reading);
      const start = z * width * height * channels * wide;
      if (layout.channels === 1) bytes.set(plane, start);
      else spread(plane, bytes.subarray(start), pixel, channels * wide, channel * pixel);
      await turn();
    }
  }
  if (photometric === 0) reading.notes.push('white is the lowest value of this file; values kept as they are');
  if (photometric === 3) reading.notes.push('colours of its table left out; the voxels are their indices');
  reading.notes.push(`${slices.length} pages read as slices of one volume`);
  const voxels = await voxelsOfBytes(bytes, type, true, reading);
  return finish(reading, 'TIFF stack', { voxels, size, channels, geometry: layout.geometry });
}

/** Copies pixels of `pixel` bytes to every `step` bytes. */
function spread(from: Uint8Array, to: Uint8Array, pixel: number, step: number, offset: number): void {
  for (let at = 0, place = offset; at < from.length; at += pixel, place += step) for (let byte = 0; byte < pixel; byte++) to[place + byte] = from[at + byte]!;
}
