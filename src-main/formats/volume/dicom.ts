/**
 * DICOM series: one file of many frames, or a file a slice. Of several series, or images of several sizes and directions, the largest makes the volume; the
 * others are counted in a note. Invariants:
 * - slices are sorted along their normal, whatever the names and numbers of their files; where they carry no places, by their numbers;
 * - the third axis goes from the first slice to the last, so that the tilt of a gantry stays; the space is the patient's, LPS, in mm;
 * - uneven distances and missing slices are said, never filled in;
 * - values are whole numbers of their own type where the files only move them (rescale slope 1), floats where they scale them;
 * - several images at every place are the volumes of a series in time.
 * The pixels of a file are read when its slices are put into the volume; before that only its header is kept.
 */
import { newVoxels, type VoxelArray, type VoxelType } from '#core/signal/volume';
import { decodeFrame, moved, sampleType } from './dicom-pixels';
import { normalOf, openDicom, type DicomFrame, type DicomImage } from './dicom-header';
import { finish } from './finish';
import { dot, type GeometryDraft } from './geometry';
import { checkGrid } from './samples';
import { Reading, type ReadVolume, type VolumePart } from './types';
import { turn } from './unpack';

/** A frame of one of the files. */
interface Slice extends DicomFrame {
  readonly file: VolumePart;
  readonly image: DicomImage;
  /** Order of the files as they came. */
  readonly order: number;
}

/** Reads the images of files that isDicom is true of. Throws StudioError 'input', which names the file. */
export async function readDicomFiles(files: readonly VolumePart[], reading: Reading): Promise<ReadVolume> {
  const groups = new Map<string, Slice[]>();
  const seen = new Set<string>();
  let empty = 0;
  let copies = 0;
  for (const [order, file] of files.entries()) {
    const open = openDicom(await file.read(), new Reading(file.name));
    if (!open) {
      empty++;
      continue;
    }
    const { image } = open;
    if (image.instance !== '' && seen.has(image.instance)) {
      copies++;
      continue;
    }
    seen.add(image.instance);
    for (const frame of image.frames) {
      const key = likeness(image, frame);
      const group = groups.get(key) ?? [];
      groups.set(key, group);
      group.push({ ...frame, file, image, order });
    }
    await turn();
  }
  const [largest, ...others] = [...groups.values()].sort((a, b) => pixels(b) - pixels(a));
  if (!largest) throw reading.fault('unsupported', `${files.length === 1 ? 'the DICOM file holds' : 'the DICOM files hold'} no images (but a directory, a report or the like). Choose the files of a series.`);
  if (others.length > 0) reading.notes.push(`${others.length} other series (or images of another size or direction) left out, of ${others.map((each) => each.length).slice(0, 8).join(', ')} slices`);
  if (empty > 0) reading.notes.push(`${empty} DICOM ${empty === 1 ? 'file' : 'files'} without images left out`);
  if (copies > 0) reading.notes.push(`${copies} ${copies === 1 ? 'copy of a file' : 'copies of files'} left out`);
  return assemble(largest, reading);
}

const pixels = (slices: readonly Slice[]): number => slices.length * slices[0]!.image.columns * slices[0]!.image.rows;

/** Slices that make one volume are alike in this. */
function likeness({ series, columns, rows, samples, bits, signed, float, photometric }: DicomImage, { orientation, spacing }: DicomFrame): string {
  const rounded = (values: readonly number[] | null, digits: number) => values?.map((value) => (value + 0).toFixed(digits)).join(' ').replaceAll(/-(0\.0*\b)/g, '$1') ?? '';
  return [series, columns, rows, samples, bits, signed, float, photometric, rounded(orientation, 3), rounded(spacing, 4)].join('|');
}

async function assemble(group: readonly Slice[], reading: Reading): Promise<ReadVolume> {
  const { image } = group[0]!;
  const { volumes, places } = ordered(group, reading);
  const slices = volumes[reading.frame(volumes.length)]!;
  const { columns, rows, samples, photometric } = image;
  const size = [columns, rows, slices.length] as const;
  const type = sampleType(image);
  checkGrid({ size, channels: samples, type }, reading);
  const geometry = geometryOf(slices, places, reading);
  const scale = scaleOf(slices, type, reading);

  const length = columns * rows * samples;
  const voxels = newVoxels(scale.type, length * slices.length);
  const byFile = new Map<VolumePart, [z: number, slice: Slice][]>();
  for (const [z, slice] of slices.entries()) {
    const mine = byFile.get(slice.file) ?? [];
    byFile.set(slice.file, mine);
    mine.push([z, slice]);
  }
  for (const [file, mine] of byFile) {
    const told = new Reading(file.name);
    const open = openDicom(await file.read(), told);
    if (!open || open.image.columns !== columns || open.image.rows !== rows || open.image.samples !== samples || sampleType(open.image) !== type) throw told.fault('damaged', 'the file has changed while it was read. Open the series again.');
    for (const [z, { index, slope, intercept }] of mine) {
      const frame = decodeFrame(open, index, told);
      if (scale.exact) voxels.set(frame, z * length);
      else for (let i = 0, at = z * length; i < length; i++) voxels[at++] = frame[i]! * slope + intercept;
      await turn();
    }
  }
  if (photometric === 'MONOCHROME1') reading.notes.push('white is the lowest value of these images; values kept as they are');
  if (photometric.startsWith('PALETTE')) reading.notes.push('colours of a table left out; the voxels are their indices');
  if (photometric.startsWith('YBR')) reading.notes.push('colours are luma and chroma (YBR), kept as they are');
  if (slices.length > 1) reading.notes.push(`${slices.length} slices read as one volume`);
  const final: VoxelArray = scale.exact ? moved(voxels, scale.by) : voxels;
  return finish(reading, 'DICOM', { voxels: final, size, channels: samples, geometry });
}

/** Slices one after the other in each volume, and how far along their normal each place lies (null: not known). */
function ordered(group: readonly Slice[], reading: Reading): { volumes: readonly (readonly Slice[])[]; places: readonly number[] | null } {
  const byNumber = [...group].sort((a, b) => a.image.time - b.image.time || a.image.number - b.image.number || a.order - b.order || a.index - b.index);
  if (!group.every(({ position, orientation }) => position && orientation)) {
    if (group.length > 1) reading.notes.push('images carry no places; ordered by their numbers');
    return { volumes: [[...group].sort((a, b) => a.image.number - b.image.number || a.order - b.order || a.index - b.index)], places: null };
  }
  const normal = normalOf(group[0]!.orientation!);
  const along = ({ position }: Slice): number => dot(position!, normal);
  const sorted = byNumber.map((slice) => ({ slice, at: along(slice) })).sort((a, b) => a.at - b.at);
  const stacks: Slice[][] = [];
  const places: number[] = [];
  for (const { slice, at } of sorted) {
    if (places.length > 0 && at - places.at(-1)! < SAME_PLACE) stacks.at(-1)!.push(slice);
    else {
      stacks.push([slice]);
      places.push(at);
    }
  }
  const held = Math.min(...stacks.map((stack) => stack.length));
  const surplus = group.length - held * stacks.length;
  if (surplus > 0) reading.notes.push(`${surplus} ${surplus === 1 ? 'image' : 'images'} at places of others left out`);
  const rank = new Map(byNumber.map((slice, at) => [slice, at]));
  const inTime = stacks.map((stack) => stack.sort((a, b) => rank.get(a)! - rank.get(b)!));
  return { volumes: Array.from({ length: held }, (_, frame) => inTime.map((stack) => stack[frame]!)), places };
}

/** mm; slices nearer to one another lie at one place. */
const SAME_PLACE = 1e-3;
/** Share of the usual distance that is still even. */
const EVEN = 0.01;

function geometryOf(slices: readonly Slice[], places: readonly number[] | null, reading: Reading): GeometryDraft {
  const [first, last] = [slices[0]!, slices.at(-1)!];
  const { orientation, spacing, position } = first;
  if (!spacing) reading.notes.push('distances of pixels are not said; 1 taken');
  const [across, down] = spacing ?? [1, 1];
  const gap = first.image.gap;
  if (!orientation) {
    if (slices.length > 1 && gap === null && spacing) reading.notes.push('distance of slices is not said; 1 taken');
    return { spacing: [across!, down!, gap ?? 1], unit: spacing ? 'mm' : 'none' };
  }
  const plane = { origin: position ?? [0, 0, 0], space: 'LPS', unit: spacing ? 'mm' : 'none' } as const;
  if (!places || slices.length < 2) return { ...plane, spacing: [across!, down!, gap ?? 1], directions: [...orientation, ...normalOf(orientation)] };
  const step = last.position!.map((part, at) => (part - position![at]!) / (slices.length - 1));
  const distance = Math.hypot(...step);
  judgeGaps(places, reading);
  const tilt = Math.acos(Math.min(1, dot(step, normalOf(orientation)) / distance));
  if (tilt > 1e-3) reading.notes.push(`slices lean by ${((tilt * 180) / Math.PI).toFixed(1)}° (a tilted gantry); the third axis leans with them`);
  // Rounding of decimals must not turn an axis that is meant to be the normal.
  return { ...plane, spacing: [across!, down!, distance], directions: [...orientation, ...(tilt > 1e-6 ? step.map((part) => part / distance) : normalOf(orientation))] };
}

/** Says where slices are missing, or lie unevenly. */
function judgeGaps(places: readonly number[], reading: Reading): void {
  const gaps = places.slice(1).map((place, at) => place - places[at]!);
  const usual = [...gaps].sort((a, b) => a - b)[Math.floor(gaps.length / 2)]!;
  if (gaps.every((gap) => Math.abs(gap - usual) <= EVEN * usual)) return;
  const mean = (places.at(-1)! - places[0]!) / gaps.length;
  const length = (value: number): string => String(Number(value.toPrecision(4)));
  const missing = gaps.reduce((sum, gap) => sum + Math.max(0, Math.round(gap / usual) - 1), 0);
  const whole = gaps.every((gap) => Math.round(gap / usual) >= 1 && Math.abs(gap / usual - Math.round(gap / usual)) < 0.05);
  if (whole && missing > 0) reading.notes.push(`${missing} ${missing === 1 ? 'slice is' : 'slices are'} missing: neighbours are ${length(usual)} mm apart, some ${length(Math.max(...gaps))}; the mean of ${length(mean)} taken for all`);
  else reading.notes.push(`slices are ${length(Math.min(...gaps))} to ${length(Math.max(...gaps))} mm apart; the mean of ${length(mean)} taken for all`);
}

/** How stored numbers become values: moved alone, and exact, or scaled to floats. */
function scaleOf(slices: readonly Slice[], type: VoxelType, reading: Reading): { exact: boolean; by: number; type: VoxelType } {
  const { slope, intercept } = slices[0]!;
  const alike = slices.every((slice) => slice.slope === slope && slice.intercept === intercept);
  const float = type.startsWith('float');
  if (alike && slope === 1 && (float ? intercept === 0 : Number.isInteger(intercept))) {
    if (intercept !== 0) reading.notes.push(`values moved by ${intercept}, as the files say`);
    return { exact: true, by: intercept, type };
  }
  reading.notes.push(alike ? `values scaled by ${slope} and moved by ${intercept}, as the files say` : 'values of each slice scaled as its file says');
  return { exact: false, by: 0, type: type === 'float64' || type === 'int32' || type === 'uint32' ? 'float64' : 'float32' };
}
