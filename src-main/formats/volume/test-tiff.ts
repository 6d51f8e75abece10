/** Small TIFF files for tests: pages of plain samples with any tags, of either byte order, classic or BigTIFF. */
export interface TiffSpec {
  readonly pages: readonly { readonly width: number; readonly height: number; readonly data: Buffer; readonly tags?: Readonly<Record<number, number | string>> }[];
  readonly big?: boolean;
  readonly bits?: number;
  /** 1 whole numbers, 2 with a sign, 3 floats. */
  readonly format?: number;
  readonly samples?: number;
  /** BigTIFF. */
  readonly wide?: boolean;
}

export function tiff({ pages, big = false, bits = 8, format = 1, samples = 1, wide = false }: TiffSpec): Buffer {
  const parts: Buffer[] = [];
  let length = 0;
  const add = (part: Buffer): number => {
    parts.push(part);
    length += part.length;
    return length - part.length;
  };
  const number = (value: number, bytes: number): Buffer => {
    const buffer = Buffer.alloc(bytes);
    const view = new DataView(buffer.buffer, buffer.byteOffset, bytes);
    if (bytes === 2) view.setUint16(0, value, !big);
    else if (bytes === 4) view.setUint32(0, value, !big);
    else view.setBigUint64(0, BigInt(value), !big);
    return buffer;
  };
  const place = wide ? 8 : 4;
  add(Buffer.concat([Buffer.from(big ? 'MM' : 'II'), number(wide ? 43 : 42, 2), ...(wide ? [number(8, 2), number(0, 2)] : [])]));
  let link = { at: length, part: parts.length };
  add(number(0, place));
  for (const { width, height, data, tags = {} } of pages) {
    const offset = add(data);
    const all: Record<number, number | string> = { 256: width, 257: height, 258: bits, 259: 1, 262: 1, 273: offset, 277: samples, 278: height, 279: data.length, 339: format, ...tags };
    const entries = Object.entries(all).map(([tag, value]) => {
      // Resolutions are rationals, everything else whole numbers or text.
      const rational = tag === '282' || tag === '283';
      const bytes = typeof value === 'string' ? Buffer.from(`${value}\0`) : rational ? Buffer.concat([number(Math.round(value * 1000), 4), number(1000, 4)]) : number(value, 4);
      const held = bytes.length <= place ? Buffer.concat([bytes, Buffer.alloc(place - bytes.length)]) : number(add(bytes), place);
      return Buffer.concat([number(Number(tag), 2), number(typeof value === 'string' ? 2 : rational ? 5 : 4, 2), number(typeof value === 'string' ? bytes.length : 1, place), held]);
    });
    const directory = add(Buffer.concat([number(entries.length, wide ? 8 : 2), ...entries]));
    parts[link.part] = number(directory, place);
    link = { at: length, part: parts.length };
    add(number(0, place));
  }
  return Buffer.concat(parts);
}
