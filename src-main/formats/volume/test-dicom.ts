/** Small DICOM files for tests, in any transfer syntax that is not packed, and RLE without runs. */
import { deflateRawSync } from 'node:zlib';

type Value = string | number | Buffer | readonly Buffer[] | readonly (readonly Element[])[];
/** Group and element, value representation, value: text, a number of US, UL or FD, bytes, fragments, or items of a sequence. */
export type Element = readonly [tag: number, vr: string, value: Value];

export type Syntax = 'implicit' | 'explicit' | 'big' | 'deflated' | 'rle';

const UIDS: Readonly<Record<Syntax, string>> = { implicit: '1.2.840.10008.1.2', explicit: '1.2.840.10008.1.2.1', big: '1.2.840.10008.1.2.2', deflated: '1.2.840.10008.1.2.1.99', rle: '1.2.840.10008.1.2.5' };

function encoded(elements: readonly Element[], explicit: boolean, big: boolean): Buffer {
  const uint = (value: number, bytes: 2 | 4): Buffer => {
    const buffer = Buffer.alloc(bytes);
    if (big) buffer.writeUIntBE(value, 0, bytes);
    else buffer.writeUIntLE(value, 0, bytes);
    return buffer;
  };
  const tagOf = (tag: number): Buffer => Buffer.concat([uint(tag >>> 16, 2), uint(tag & 0xffff, 2)]);
  const bytesOf = (vr: string, value: Value): Buffer => {
    if (typeof value === 'number') return uint(value, vr === 'UL' ? 4 : 2);
    if (Buffer.isBuffer(value)) return value;
    if (typeof value === 'string') return Buffer.from(value.padEnd(value.length + (value.length % 2), vr === 'UI' ? '\0' : ' '), 'latin1');
    if (vr === 'SQ') {
      const items = (value as readonly (readonly Element[])[]).map((item) => encoded(item, explicit, big));
      return Buffer.concat(items.flatMap((item) => [tagOf(0xfffee000), uint(item.length, 4), item]));
    }
    const fragments = [Buffer.alloc(0), ...(value as readonly Buffer[])];
    return Buffer.concat([...fragments.flatMap((item) => [tagOf(0xfffee000), uint(item.length, 4), item]), tagOf(0xfffee0dd), uint(0, 4)]);
  };
  return Buffer.concat(
    [...elements].sort(([a], [b]) => a - b).flatMap(([tag, vr, value]) => {
      const bytes = bytesOf(vr, value);
      const length = Array.isArray(value) && vr !== 'SQ' ? 0xffffffff : bytes.length;
      if (!explicit) return [tagOf(tag), uint(length, 4), bytes];
      const long = /^(O[BDFWL]|SQ|UN|UT)$/.test(vr);
      return [tagOf(tag), Buffer.from(vr), ...(long ? [Buffer.alloc(2), uint(length, 4)] : [uint(length, 2)]), bytes];
    }),
  );
}

export function dicom(elements: readonly Element[], syntax: Syntax = 'explicit', uid = UIDS[syntax]): Buffer {
  const meta = encoded([[0x00020010, 'UI', uid]], true, false);
  const group = Buffer.alloc(12);
  group.writeUInt16LE(2, 0);
  group.write('UL', 4);
  group.writeUInt16LE(4, 6);
  group.writeUInt32LE(meta.length, 8);
  const body = encoded(elements, syntax !== 'implicit', syntax === 'big');
  return Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), group, meta, syntax === 'deflated' ? deflateRawSync(body) : body]);
}

export interface SliceSpec {
  readonly values: readonly number[];
  readonly columns?: number;
  readonly rows?: number;
  /** Bits in the file, and those that count. */
  readonly bits?: 8 | 16;
  readonly stored?: number;
  readonly signed?: boolean;
  readonly position?: readonly number[];
  readonly orientation?: readonly number[];
  readonly number?: number;
  readonly series?: string;
  readonly instance?: string;
  readonly syntax?: Syntax;
  readonly frames?: number;
  readonly uid?: string;
  readonly more?: readonly Element[];
}

/** An RLE segment of literal bytes. */
const literal = (plane: Buffer): Buffer => Buffer.concat(Array.from({ length: Math.ceil(plane.length / 128) }, (_, i) => plane.subarray(128 * i, 128 * i + 128)).flatMap((piece) => [Buffer.of(piece.length - 1), piece]));

function rleFrame(samples: Buffer, bytes: number): Buffer {
  const planes = Array.from({ length: bytes }, (_, i) => literal(Buffer.from(samples.filter((_each, at) => at % bytes === bytes - 1 - i))));
  const header = Buffer.alloc(64);
  header.writeUInt32LE(bytes, 0);
  planes.reduce((at, plane, i) => (header.writeUInt32LE(at, 4 + 4 * i), at + plane.length), 64);
  const all = Buffer.concat([header, ...planes]);
  return Buffer.concat([all, Buffer.alloc(all.length % 2)]);
}

export function slice({ values, columns = 2, rows = 2, bits = 16, stored = bits, signed = false, position, orientation = [1, 0, 0, 0, 1, 0], number = 1, series = '1.2.3', instance, syntax = 'explicit', frames = 1, uid, more = [] }: SliceSpec): Buffer {
  const raw = Buffer.alloc((values.length * bits) / 8);
  const mask = 2 ** bits - 1;
  values.forEach((value, i) => {
    if (bits === 8) raw[i] = value & mask;
    else if (syntax === 'big') raw.writeUInt16BE(value & mask, 2 * i);
    else raw.writeUInt16LE(value & mask, 2 * i);
  });
  // Bytes are halves of words here.
  if (bits === 8 && syntax === 'big') raw.swap16();
  const share = raw.length / frames;
  const rle = Array.from({ length: frames }, (_, i) => rleFrame(raw.subarray(i * share, (i + 1) * share), bits / 8));
  const joined = (numbers: readonly number[]): string => numbers.join('\\');
  return dicom(
    [
      ...(instance === undefined ? [] : [[0x00080018, 'UI', instance] as const]),
      [0x00100010, 'PN', 'DOE^JANE'],
      [0x0020000e, 'UI', series],
      [0x00200013, 'IS', String(number)],
      ...(position ? [[0x00200032, 'DS', joined(position)] as const, [0x00200037, 'DS', joined(orientation)] as const] : []),
      [0x00280002, 'US', 1],
      [0x00280004, 'CS', 'MONOCHROME2'],
      [0x00280010, 'US', rows],
      [0x00280011, 'US', columns],
      [0x00280030, 'DS', '0.5\\0.25'],
      [0x00280100, 'US', bits],
      [0x00280101, 'US', stored],
      [0x00280102, 'US', stored - 1],
      [0x00280103, 'US', signed ? 1 : 0],
      ...(frames > 1 ? [[0x00280008, 'IS', String(frames)] as const] : []),
      ...more,
      [0x7fe00010, syntax === 'rle' ? 'OB' : 'OW', syntax === 'rle' ? rle : raw],
    ],
    syntax,
    uid,
  );
}
