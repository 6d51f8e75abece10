/**
 * What a TIFF file says of its pages (TIFF 6.0, section 2; BigTIFF): the directories in their order, and of each the tags that tell how its
 * samples lie. Only places within the file are read, and lists of strips are not read before their page is.
 */
import type { StoredType } from './types';

export interface TiffPage {
  readonly width: number;
  readonly height: number;
  /** Null for types that no volume has (bits, complex numbers). */
  readonly type: StoredType | null;
  /** Samples of a pixel. */
  readonly samples: number;
  /** Each sample of a pixel in a plane of its own. */
  readonly planar: boolean;
  readonly compression: number;
  readonly predictor: number;
  readonly photometric: number;
  /** A reduced copy or a mask of another page. */
  readonly secondary: boolean;
  /** Bits of a byte in reverse. */
  readonly reversed: boolean;
  readonly tiled: boolean;
  /** Extents of a strip or tile. */
  readonly blockWidth: number;
  readonly blockHeight: number;
  readonly description: string;
  /** Pixels a unit of length, along x and y; 0 where it is not said. */
  readonly resolution: readonly [number, number];
  readonly little: boolean;
  /** Where in the file strip or tile `index` lies; null where that is not said. */
  readonly block: (bytes: Uint8Array, index: number) => { readonly from: number; readonly length: number } | null;
}

interface Entry {
  readonly type: number;
  readonly count: number;
  /** Where the values lie. */
  readonly at: number;
}

/** Bytes of each field type; 0 for those that are not read. */
const TYPE_BYTES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 0, 0, 0, 8, 8, 8];

export const MOST_PAGES = 65536;
const MOST_ENTRIES = 4096;
const MOST_DESCRIPTION = 2 ** 22;

export function isTiff(bytes: Uint8Array): boolean {
  const [a, b, c, d] = bytes;
  return bytes.length >= 8 && ((a === 0x49 && b === 0x49 && (c === 42 || c === 43) && d === 0) || (a === 0x4d && b === 0x4d && c === 0 && (d === 42 || d === 43)));
}

class Fields {
  readonly #entries = new Map<number, Entry>();

  constructor(
    private readonly view: DataView,
    readonly little: boolean,
  ) {}

  add(tag: number, entry: Entry): void {
    if (!this.#entries.has(tag)) this.#entries.set(tag, entry);
  }

  count(tag: number): number {
    return this.#entries.get(tag)?.count ?? 0;
  }

  /** Value `index` of a tag; undefined where it is missing or lies outside of the file. Rationals as numbers. */
  number(tag: number, index = 0): number | undefined {
    const entry = this.#entries.get(tag);
    if (!entry || index >= entry.count) return undefined;
    const { view, little } = this;
    const at = entry.at + index * TYPE_BYTES[entry.type]!;
    if (at + TYPE_BYTES[entry.type]! > view.byteLength) return undefined;
    switch (entry.type) {
      case 1:
      case 7:
        return view.getUint8(at);
      case 3:
        return view.getUint16(at, little);
      case 4:
      case 13:
        return view.getUint32(at, little);
      case 5:
        return view.getUint32(at, little) / view.getUint32(at + 4, little);
      case 16:
      case 18:
        return Number(view.getBigUint64(at, little));
      default:
        return undefined;
    }
  }

  text(tag: number): string {
    const entry = this.#entries.get(tag);
    if (!entry || entry.type !== 2) return '';
    const length = Math.min(entry.count, MOST_DESCRIPTION, Math.max(0, this.view.byteLength - entry.at));
    return Buffer.from(this.view.buffer, this.view.byteOffset + entry.at, length).toString('utf8').replace(/\0.*$/s, '');
  }
}

/** Fields of all directories, in their order; `broken`: the chain leaves the file, goes in a circle or is too long. */
function directories(bytes: Uint8Array): { list: Fields[]; broken: boolean } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = bytes[0] === 0x49;
  const big = bytes[little ? 2 : 3] === 43;
  const place = (at: number): number => (big ? Number(view.getBigUint64(at, little)) : view.getUint32(at, little));
  const list: Fields[] = [];
  const seen = new Set<number>();
  try {
    let at = place(big ? 8 : 4);
    while (at !== 0) {
      if (seen.has(at) || list.length >= MOST_PAGES) return { list, broken: true };
      seen.add(at);
      const count = big ? Number(view.getBigUint64(at, little)) : view.getUint16(at, little);
      const [first, width] = big ? [at + 8, 20] : [at + 2, 12];
      if (count > MOST_ENTRIES) return { list, broken: true };
      const fields = new Fields(view, little);
      for (let entry = first; entry < first + count * width; entry += width) {
        const type = view.getUint16(entry + 2, little);
        const values = big ? Number(view.getBigUint64(entry + 4, little)) : view.getUint32(entry + 4, little);
        const size = (TYPE_BYTES[type] ?? 0) * values;
        const value = entry + (big ? 12 : 8);
        if (size > 0) fields.add(view.getUint16(entry, little), { type: type === 17 ? 16 : type, count: values, at: size <= (big ? 8 : 4) ? value : place(value) });
      }
      list.push(fields);
      at = place(first + count * width);
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { list, broken: true };
  }
  return { list, broken: false };
}

const TYPES: Readonly<Record<string, StoredType>> = {
  '1 8': 'uint8', '1 16': 'uint16', '1 32': 'uint32', '1 64': 'uint64', '2 8': 'int8', '2 16': 'int16', '2 32': 'int32', '2 64': 'int64', '3 16': 'float16', '3 32': 'float32', '3 64': 'float64',
};

function pageOf(fields: Fields): TiffPage {
  const number = (tag: number, plain: number): number => fields.number(tag) ?? plain;
  const [width, height, samples] = [number(256, 0), number(257, 0), number(277, 1)];
  const bits = number(258, 1);
  const even = Array.from({ length: Math.min(samples, 32) }, (_, i) => fields.number(258, i) ?? bits).every((each) => each === bits);
  // Undefined data (4) are read as whole numbers.
  const format = number(339, 1) === 4 ? 1 : number(339, 1);
  const tiled = fields.count(322) > 0;
  const [offsets, counts] = tiled ? [324, 325] : [273, 279];
  const block: TiffPage['block'] = (bytes, index) => {
    const from = fields.number(offsets, index);
    if (from === undefined) return null;
    const length = fields.number(counts, index) ?? (fields.count(counts) === 0 ? bytes.length - from : undefined);
    return length === undefined || !(from + length <= bytes.length) ? null : { from, length };
  };
  return {
    width,
    height,
    type: even ? (TYPES[`${format} ${bits}`] ?? null) : null,
    samples,
    planar: number(284, 1) === 2 && samples > 1,
    compression: number(259, 1),
    predictor: number(317, 1),
    photometric: number(262, 1),
    secondary: (number(254, 0) & 5) !== 0,
    reversed: number(266, 1) === 2,
    tiled,
    blockWidth: tiled ? number(322, 0) : width,
    blockHeight: tiled ? number(323, 0) : Math.min(height, number(278, height)),
    description: fields.text(270),
    resolution: [fields.number(282) ?? 0, fields.number(283) ?? 0],
    little: fields.little,
    block,
  };
}

/** The pages of a file that isTiff is true of, without reduced copies and masks; `broken`: there may be more that cannot be found. Never throws. */
export function tiffPages(bytes: Uint8Array): { readonly pages: readonly TiffPage[]; readonly broken: boolean } {
  const { list, broken } = directories(bytes);
  return { pages: list.map(pageOf).filter(({ secondary }) => !secondary), broken };
}
