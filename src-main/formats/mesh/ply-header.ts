/** The header of PLY files: lines of text from "ply" to "end_header". */
import { damaged, truncated, unsupported } from './faults';
import { latin } from './text';

export const TYPE_BYTES = { int8: 1, uint8: 1, int16: 2, uint16: 2, int32: 4, uint32: 4, float32: 4, float64: 8 } as const;
export type PlyType = keyof typeof TYPE_BYTES;

const TYPES: Readonly<Record<string, PlyType>> = { char: 'int8', uchar: 'uint8', short: 'int16', ushort: 'uint16', int: 'int32', uint: 'uint32', float: 'float32', double: 'float64' };
const KINDS = { ascii: 'text', binary_little_endian: 'binary, little-endian', binary_big_endian: 'binary, big-endian' } as const;

export interface PlyProperty {
  readonly name: string;
  readonly type: PlyType;
  /** Type of the length of a list; absent for one value. */
  readonly count?: PlyType;
}

export interface PlyElement {
  readonly name: string;
  readonly count: number;
  readonly properties: PlyProperty[];
}

export interface PlyHeader {
  readonly kind: (typeof KINDS)[keyof typeof KINDS];
  readonly elements: readonly PlyElement[];
  /** Where the values start. */
  readonly dataStart: number;
}

/** Longest line that is looked at. */
const LONGEST_LINE = 65_536;

/** Throws StudioError 'input.damaged', 'input.truncated' where the header does not end, 'input.unsupported' for other versions. */
export function readPlyHeader(bytes: Uint8Array, name: string): PlyHeader {
  const elements: PlyElement[] = [];
  let kind: PlyHeader['kind'] | null = null;
  for (let at = 0; ; ) {
    let end = at;
    while (end < bytes.length && bytes[end] !== 10 && bytes[end] !== 13) end++;
    if (end >= bytes.length) throw truncated(name, 'PLY', 'its header does not end');
    const words = latin(bytes.subarray(at, Math.min(end, at + LONGEST_LINE))).trim().split(/\s+/);
    // All lines end alike: a newline after a lone return would be data.
    at = bytes[end] === 13 && bytes[end + 1] === 10 ? end + 2 : end + 1;
    const wrong = (fault: string) => damaged(name, 'PLY', `${fault}: "${words.join(' ').slice(0, 60)}"`);
    switch (words[0]) {
      case 'format':
        kind = Object.hasOwn(KINDS, words[1] ?? '') ? KINDS[words[1] as keyof typeof KINDS] : null;
        if (!kind) throw wrong('the header names no known format');
        if (words[2] !== '1.0') throw unsupported(name, `version ${(words[2] ?? '').slice(0, 20)} of PLY is unknown`, 'Export it as version 1.0.');
        break;
      case 'element': {
        const count = /^\d{1,15}$/.test(words[2] ?? '') ? Number(words[2]) : NaN;
        if (Number.isNaN(count)) throw wrong('the header has a wrong number of elements');
        elements.push({ name: words[1]!, count, properties: [] });
        break;
      }
      case 'property': {
        const list = words[1] === 'list';
        const typeOf = (word = ''): PlyType => {
          if (Object.hasOwn(TYPES, word)) return TYPES[word]!;
          if (Object.hasOwn(TYPE_BYTES, word)) return word as PlyType;
          throw wrong('the header has a property of an unknown type');
        };
        const property = list ? { name: words[4] ?? '', count: typeOf(words[2]), type: typeOf(words[3]) } : { name: words[2] ?? '', type: typeOf(words[1]) };
        if (elements.length === 0) throw wrong('the header has a property before any element');
        elements.at(-1)!.properties.push(property);
        break;
      }
      case 'end_header':
        if (!kind) throw damaged(name, 'PLY', 'its header names no format');
        return { kind, elements, dataStart: at };
    }
  }
}
