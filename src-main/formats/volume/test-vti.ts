/** .vti files for tests, written in every way that VTK has. */
import { deflateSync } from 'node:zlib';
import { text } from './test-volumes';

export const SIZE = [4, 3, 2] as const;
export const VALUES = Array.from({ length: 24 }, (_, i) => ((i * 7919) % 2000) - 700);

export interface Writing {
  readonly format: 'ascii' | 'binary' | 'appended raw' | 'appended base64';
  readonly big?: boolean;
  readonly header?: 4 | 8;
  /** Bytes of a block before packing. */
  readonly block?: number;
  readonly image?: string;
  readonly said?: number;
}

const whole = (value: number, { header = 4, big = false }: Writing): Buffer => {
  const bytes = Buffer.alloc(header);
  const view = new DataView(bytes.buffer, bytes.byteOffset, header);
  if (header === 4) view.setUint32(0, value, !big);
  else view.setBigUint64(0, BigInt(value), !big);
  return bytes;
};

/** Header and data as VTK writes them: in base64 the numbers of packed data are a group of their own. */
function encoded(values: readonly number[], how: Writing): { head: Buffer; data: Buffer } {
  const raw = Buffer.alloc(2 * values.length);
  values.forEach((value, i) => (how.big ? raw.writeInt16BE(value, 2 * i) : raw.writeInt16LE(value, 2 * i)));
  if (how.block === undefined) return { head: whole(how.said ?? raw.length, how), data: raw };
  const blocks = Array.from({ length: Math.ceil(raw.length / how.block) }, (_, i) => raw.subarray(i * how.block!, (i + 1) * how.block!));
  const packed = blocks.map((block) => deflateSync(block));
  const numbers = [blocks.length, how.block, raw.length % how.block, ...packed.map((each) => each.length)];
  return { head: Buffer.concat(numbers.map((number) => whole(number, how))), data: Buffer.concat(packed) };
}

export function vti(how: Writing): Buffer {
  const { head, data } = encoded(VALUES, how);
  const base64 = how.block === undefined ? Buffer.concat([head, data]).toString('base64') : head.toString('base64') + data.toString('base64');
  const inline = how.format === 'ascii' ? VALUES.join(' ') : how.format === 'binary' ? `\n   ${base64}\n` : '';
  const attributes = `byte_order="${how.big ? 'BigEndian' : 'LittleEndian'}" header_type="${how.header === 8 ? 'UInt64' : 'UInt32'}"${how.block ? ' compressor="vtkZLibDataCompressor"' : ''}`;
  const start = `<?xml version="1.0"?>\n<VTKFile type="ImageData" version="1.0" ${attributes}>
 <ImageData WholeExtent="0 3 0 2 0 1" ${how.image ?? 'Origin="1 2 3" Spacing="0.5 0.25 4"'}>
  <Piece Extent="0 3 0 2 0 1"><PointData Scalars="a &amp; b"><DataArray type="Float32" Name="other" format="ascii">${VALUES.map(() => 0).join(' ')}</DataArray>
   <DataArray type="Int16" Name="a &amp; b" format="${how.format.split(' ')[0]}" offset="${how.format === 'appended raw' ? 3 : 4}">${inline}</DataArray></PointData></Piece>
 </ImageData>`;
  if (!how.format.startsWith('appended')) return text(`${start}</VTKFile>`);
  const raw = how.format === 'appended raw';
  return Buffer.concat([text(`${start}<AppendedData encoding="${raw ? 'raw' : 'base64'}">\n  _`), ...(raw ? [text('xyz'), head, data] : [text(`AAAA${base64}`)]), text('\n</AppendedData></VTKFile>')]);
}
