/** How a DICOM file is written: its mark, and its transfer syntax (PS3.5 chapter 10, PS3.6 annex A), without a parser. */

export interface TransferSyntax {
  /** How pixels are packed; null: not at all. 'other' cannot be read here. */
  readonly packing: null | 'rle' | 'other';
  readonly bigEndian: boolean;
  /** In words, for messages. */
  readonly name: string;
}

const PLAIN = (name: string, bigEndian = false): TransferSyntax => ({ packing: null, bigEndian, name });
const PACKED = (name: string): TransferSyntax => ({ packing: 'other', bigEndian: false, name });
const ROOT = '1.2.840.10008.1.2';

export const IMPLICIT = ROOT;
export const EXPLICIT = `${ROOT}.1`;
export const DEFLATED = `${ROOT}.1.99`;

const SYNTAXES: Readonly<Record<string, TransferSyntax>> = {
  [IMPLICIT]: PLAIN('implicit little-endian'),
  [EXPLICIT]: PLAIN('explicit little-endian'),
  [DEFLATED]: PLAIN('deflated'),
  [`${ROOT}.2`]: PLAIN('explicit big-endian', true),
  [`${ROOT}.5`]: { packing: 'rle', bigEndian: false, name: 'RLE' },
  [`${ROOT}.4.50`]: PACKED('JPEG baseline'),
  [`${ROOT}.4.51`]: PACKED('JPEG extended'),
  [`${ROOT}.4.57`]: PACKED('JPEG lossless'),
  [`${ROOT}.4.70`]: PACKED('JPEG lossless'),
  [`${ROOT}.4.80`]: PACKED('JPEG-LS lossless'),
  [`${ROOT}.4.81`]: PACKED('JPEG-LS'),
  [`${ROOT}.4.90`]: PACKED('JPEG 2000 lossless'),
  [`${ROOT}.4.91`]: PACKED('JPEG 2000'),
  [`${ROOT}.4.100`]: PACKED('MPEG-2'),
  [`${ROOT}.4.102`]: PACKED('MPEG-4'),
  [`${ROOT}.4.107`]: PACKED('HEVC'),
  [`${ROOT}.4.201`]: PACKED('HTJ2K lossless'),
  [`${ROOT}.4.202`]: PACKED('HTJ2K lossless'),
  [`${ROOT}.4.203`]: PACKED('HTJ2K'),
};

export function syntaxOf(uid: string): TransferSyntax {
  return (Object.hasOwn(SYNTAXES, uid) && SYNTAXES[uid]) || PACKED(`the transfer syntax ${uid.replace(/[^\d.]/g, '?').slice(0, 64)}`);
}

export function isDicom(bytes: Uint8Array): boolean {
  return bytes.length > 140 && bytes[128] === 0x44 && bytes[129] === 0x49 && bytes[130] === 0x43 && bytes[131] === 0x4d;
}

const LONG_VALUES = /^(O[BDFLVW]|S[QV]|U[CNRTV])$/;

/** The transfer syntax that the file meta information gives, and where the data set begins. Without one it is told by the look of the first element. */
export function fileMeta(bytes: Uint8Array): { readonly uid: string; readonly start: number } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let uid = '';
  let at = 132;
  while (at + 12 <= buffer.length && buffer.readUInt16LE(at) === 2) {
    const long = LONG_VALUES.test(buffer.toString('latin1', at + 4, at + 6));
    const length = long ? buffer.readUInt32LE(at + 8) : buffer.readUInt16LE(at + 6);
    const value = at + (long ? 12 : 8);
    if (buffer.readUInt16LE(at + 2) === 0x10) uid = buffer.toString('latin1', value, Math.min(buffer.length, value + Math.min(length, 64))).replace(/[\0 ]+$/, '');
    at = value + length;
  }
  const start = Math.min(at, bytes.length);
  return { uid: uid || (/^[A-Z]{2}$/.test(buffer.toString('latin1', start + 4, start + 6)) ? EXPLICIT : IMPLICIT), start };
}
