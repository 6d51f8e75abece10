/**
 * What a DICOM file says of its images (PS3.3: image pixel, image plane and multi-frame functional groups modules): the shape and type of its samples, and
 * where each frame lies. Nothing else is taken out of it: neither names nor dates nor identifiers of a person ever leave this file, and the
 * identifiers of series serve only to tell them apart.
 */
import { inflateRawSync } from 'node:zlib';
import dicomParser, { type DataSet, type Element } from 'dicom-parser';
import { DEFLATED, EXPLICIT, fileMeta, syntaxOf, type TransferSyntax } from './dicom-syntax';
import type { Reading } from './types';

/** One image of a file. Lengths in mm, in the patient's LPS space. */
export interface DicomFrame {
  readonly index: number;
  /** Centre of the first pixel. */
  readonly position: readonly number[] | null;
  /** Unit vectors along rows (x) and along columns (y): six numbers. */
  readonly orientation: readonly number[] | null;
  /** Distances of neighbours along x and y. */
  readonly spacing: readonly number[] | null;
  readonly slope: number;
  readonly intercept: number;
}

export interface DicomImage {
  /** Tells series apart; never shown. */
  readonly series: string;
  /** Tells copies of one file apart; never shown. */
  readonly instance: string;
  readonly number: number;
  /** Orders the volumes of a series in time. */
  readonly time: number;
  readonly columns: number;
  readonly rows: number;
  /** Samples of a pixel. */
  readonly samples: number;
  readonly planar: boolean;
  readonly photometric: string;
  /** Bits of a sample in the file: 8, 16, 32; 64 for doubles. */
  readonly bits: number;
  /** Bits that count, below `highBit` and with it. */
  readonly bitsStored: number;
  readonly highBit: number;
  readonly signed: boolean;
  readonly float: boolean;
  readonly syntax: TransferSyntax;
  /** Distance of slices as the file tells it: between their centres, or their thickness. */
  readonly gap: number | null;
  readonly frames: readonly DicomFrame[];
}

/** An image and where its pixels are. */
export interface OpenDicom {
  readonly image: DicomImage;
  /** The bytes that `element` counts in: those of the file, or what it unpacked to. */
  readonly bytes: Uint8Array;
  readonly element: Element;
}

export const MOST_FRAMES = 65536;
/** Most bytes that a deflated file may unpack to. */
const MOST_UNPACKED = 2 ** 29;

/** Finite numbers of a decimal string; null where there are fewer than `count`. */
function decimals(set: DataSet | undefined, tag: string, count: number): number[] | null {
  const values = Array.from({ length: count }, (_, i) => set?.floatString(tag, i) ?? NaN);
  return values.every(Number.isFinite) ? values : null;
}

/** The first item of a sequence. */
const item = (set: DataSet | undefined, tag: string): DataSet | undefined => set?.elements[tag]?.items?.[0]?.dataSet;

/** Null: a DICOM file without an image (a directory, a report). Throws StudioError input.damaged, input.unsupported. */
export function openDicom(bytes: Uint8Array, reading: Reading): OpenDicom | null {
  const meta = fileMeta(bytes);
  const syntax = syntaxOf(meta.uid);
  const set = parsed(bytes, meta, reading);
  const element = set.elements.x7fe00010 ?? set.elements.x7fe00008 ?? set.elements.x7fe00009;
  if (!element) return null;
  const double = element.tag === 'x7fe00009';
  const float = double || element.tag === 'x7fe00008';
  const whole = (tag: string, plain: number): number => set.uint16(tag) ?? plain;
  const bits = double ? 64 : float ? 32 : whole('x00280100', 0);
  const bitsStored = float ? bits : whole('x00280101', bits);
  const frames = set.intString('x00280008') ?? 1;
  const image: DicomImage = {
    series: set.string('x0020000e') ?? '',
    instance: set.string('x00080018') ?? '',
    number: set.intString('x00200013') ?? 0,
    time: set.intString('x00200100') ?? set.intString('x00200012') ?? 0,
    columns: whole('x00280011', 0),
    rows: whole('x00280010', 0),
    samples: whole('x00280002', 1),
    planar: whole('x00280006', 0) === 1,
    photometric: (set.string('x00280004') ?? '').toUpperCase(),
    bits,
    bitsStored,
    highBit: float ? bits - 1 : whole('x00280102', bitsStored - 1),
    signed: !float && whole('x00280103', 0) === 1,
    float,
    syntax,
    gap: positive(decimals(set, 'x00180088', 1)?.[0]) ?? positive(decimals(item(item(set, 'x52009229'), 'x00289110'), 'x00180088', 1)?.[0]) ?? positive(decimals(set, 'x00180050', 1)?.[0]) ?? positive(decimals(item(item(set, 'x52009229'), 'x00289110'), 'x00180050', 1)?.[0]),
    frames: [],
  };
  if (![8, 16, 32, 64].includes(bits) || (bits === 64 && !double) || bitsStored < 1 || bitsStored > bits || image.highBit + 1 < bitsStored || image.highBit >= bits) {
    throw reading.fault('unsupported', `its samples have ${bits} bits, of which ${bitsStored} count; 8, 16 and 32 can be read here. Convert it first, for example with "gdcmconv".`);
  }
  if (!(Number.isInteger(frames) && frames >= 1 && frames <= MOST_FRAMES)) throw reading.fault('damaged', `the file says that it has ${frames} frames. Copy or export it again.`);
  return { image: { ...image, frames: framesOf(set, frames, image.gap) }, bytes: set.byteArray, element };
}

const positive = (value: number | undefined): number | null => (value !== undefined && Number.isFinite(value) && value > 0 ? value : null);

/**
 * The parser is given the data set alone: looking for the end of the file meta information it would read on into data that are written in another
 * way, or deflated.
 */
function parsed(bytes: Uint8Array, { uid, start }: { readonly uid: string; readonly start: number }, reading: Reading): DataSet {
  try {
    const body = bytes.subarray(start);
    const plain = uid === DEFLATED ? inflateRawSync(body, { maxOutputLength: MOST_UNPACKED }) : body;
    return dicomParser.parseDicom(plain, { TransferSyntaxUID: uid === DEFLATED ? EXPLICIT : uid });
  } catch (cause) {
    throw reading.fault('damaged', 'the DICOM file is damaged or ends too early. Copy or export it again.', cause);
  }
}

/** Places of all frames: their own (enhanced files), those of the whole file, or that of the first and the distances from it. */
function framesOf(set: DataSet, count: number, gap: number | null): DicomFrame[] {
  const shared = item(set, 'x52009229');
  const own = set.elements.x52009230?.items;
  const offsets = count > 1 ? decimals(set, 'x3004000c', count) : null;
  const scale = decimals(set, 'x3004000e', 1)?.[0];
  return Array.from({ length: count }, (_, index): DicomFrame => {
    const mine = own?.[index]?.dataSet;
    /** A value in a group of the frame, of all frames, or of the file itself. */
    const found = (group: string, tag: string, values: number): number[] | null =>
      decimals(item(mine, group), tag, values) ?? decimals(item(shared, group), tag, values) ?? decimals(set, tag, values);
    const orientation = unitVectors(found('x00209116', 'x00200037', 6));
    const told = decimals(item(mine, 'x00209113'), 'x00200032', 3) ?? (count === 1 ? found('x00209113', 'x00200032', 3) : null);
    const first = decimals(set, 'x00200032', 3);
    const along = offsets ? offsets[index]! : gap !== null ? index * gap : null;
    const derived = !told && first && orientation && along !== null ? first.map((part, at) => part + along * normalOf(orientation)[at]!) : null;
    const pixels = found('x00289110', 'x00280030', 2) ?? decimals(set, 'x00181164', 2) ?? decimals(set, 'x00182010', 2);
    return {
      index,
      position: told ?? derived,
      orientation,
      // The file gives the distance of rows first.
      spacing: pixels && pixels.every((part) => part > 0) ? [pixels[1]!, pixels[0]!] : null,
      slope: found('x00289145', 'x00281053', 1)?.[0] ?? scale ?? 1,
      intercept: found('x00289145', 'x00281052', 1)?.[0] ?? 0,
    };
  });
}

/** Null where they are no two directions. */
function unitVectors(six: readonly number[] | null): number[] | null {
  if (!six) return null;
  const lengths = [0, 3].map((at) => Math.hypot(...six.slice(at, at + 3)));
  if (lengths.some((length) => !(length > 1e-6 && Number.isFinite(length)))) return null;
  const unit = six.map((part, at) => part / lengths[at < 3 ? 0 : 1]!);
  return Math.hypot(...normalOf(unit)) > 1e-3 ? unit : null;
}

/** At right angles to rows and columns, of length 1 where these are. */
export function normalOf(orientation: readonly number[]): [number, number, number] {
  const [a, b, c, d, e, f] = orientation as [number, number, number, number, number, number];
  return [b * f - c * e, c * d - a * f, a * e - b * d];
}
