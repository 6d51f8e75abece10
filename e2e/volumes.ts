/** Volumes and gestures that the specs of volumes share: files are made here, byte by byte, and read again without the program's own readers. */
import { gunzipSync } from 'node:zlib';
import type { Page } from '@playwright/test';

export const SIZE = [28, 24, 20] as const;
export const SPACING = [0.5, 0.75, 1.25] as const;

/** A bright hollow ball with a bar through it, in noise-free air. */
export function voxels([width, height, depth]: readonly number[] = SIZE): Buffer {
  const bytes = Buffer.alloc(width * height * depth);
  let index = 0;
  for (let z = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++, index++) {
        const [u, v, w] = [(2 * x) / width - 1, (2 * y) / height - 1, (2 * z) / depth - 1];
        const radius = Math.hypot(u, v, w);
        bytes[index] = Math.hypot(v, w) < 0.15 ? 250 : radius < 0.8 && radius > 0.5 ? 170 + 30 * Math.sin(5 * u) : 8;
      }
    }
  }
  return bytes;
}

/** The volume as an attached NRRD. */
export function nrrd(): Buffer {
  const directions = SPACING.map((gap, axis) => `(${[0, 1, 2].map((other) => (other === axis ? gap : 0)).join(',')})`).join(' ');
  const header = ['NRRD0004', 'type: uint8', 'dimension: 3', 'space: left-posterior-superior', `sizes: ${SIZE.join(' ')}`, `space directions: ${directions}`, 'space origin: (-3,4,5.5)', 'encoding: raw', '', ''];
  return Buffer.concat([Buffer.from(header.join('\n')), voxels()]);
}

/** Fields and voxels of an attached NRRD. */
export function readNrrd(file: Buffer): { readonly fields: Map<string, string>; readonly data: Buffer } {
  const end = file.indexOf('\n\n');
  const fields = new Map(
    file
      .subarray(0, end)
      .toString('latin1')
      .split('\n')
      .filter((line) => line.includes(': '))
      .map((line): [string, string] => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
  );
  const body = file.subarray(end + 2);
  return { fields, data: /^gz/.test(fields.get('encoding') ?? '') ? gunzipSync(body) : body };
}

/** PSNR in dB over the range of the reference. */
export function voxelPsnr(reference: Buffer, decoded: Buffer): number {
  if (reference.length !== decoded.length) throw new Error('The volumes differ in size.');
  let sum = 0;
  for (let index = 0; index < reference.length; index++) sum += (reference[index] - decoded[index]) ** 2;
  return -10 * Math.log10(sum / reference.length / (Math.max(...reference) - Math.min(...reference)) ** 2);
}

/** One slice of a DICOM series, explicit little endian, 8 bits a voxel. */
export function dicom(values: Buffer, [columns, rows]: readonly number[], at: number): Buffer {
  const element = (group: number, item: number, kind: string, value: string | number | Buffer): Buffer => {
    const raw = typeof value === 'number' ? Buffer.from([value & 255, value >> 8]) : Buffer.from(value as string, 'latin1');
    const content = raw.length % 2 === 0 ? raw : Buffer.concat([raw, Buffer.from(kind === 'UI' ? '\0' : ' ')]);
    const head = Buffer.alloc(kind === 'OB' ? 12 : 8);
    head.writeUInt16LE(group, 0);
    head.writeUInt16LE(item, 2);
    head.write(kind, 4, 'latin1');
    if (kind === 'OB') head.writeUInt32LE(content.length, 8);
    else head.writeUInt16LE(content.length, 6);
    return Buffer.concat([head, content]);
  };
  return Buffer.concat([
    Buffer.alloc(128),
    Buffer.from('DICM'),
    element(0x0002, 0x0010, 'UI', '1.2.840.10008.1.2.1'),
    element(0x0008, 0x0018, 'UI', `1.2.3.4.${at + 1}`),
    element(0x0020, 0x000d, 'UI', '1.2.3'),
    element(0x0020, 0x000e, 'UI', '1.2.3.4'),
    element(0x0020, 0x0032, 'DS', `-3\\4\\${5.5 + SPACING[2] * at}`),
    element(0x0020, 0x0037, 'DS', '1\\0\\0\\0\\1\\0'),
    element(0x0028, 0x0002, 'US', 1),
    element(0x0028, 0x0004, 'CS', 'MONOCHROME2'),
    element(0x0028, 0x0010, 'US', rows),
    element(0x0028, 0x0011, 'US', columns),
    element(0x0028, 0x0030, 'DS', `${SPACING[1]}\\${SPACING[0]}`),
    element(0x0028, 0x0100, 'US', 8),
    element(0x0028, 0x0101, 'US', 8),
    element(0x0028, 0x0102, 'US', 7),
    element(0x0028, 0x0103, 'US', 0),
    element(0x7fe0, 0x0010, 'OB', values),
  ]);
}

/** Drops several files at once. */
export async function dropFiles(page: Page, files: readonly (readonly [name: string, content: Buffer])[]): Promise<void> {
  const transfer = await page.evaluateHandle(
    (given) => {
      const data = new DataTransfer();
      for (const { name, base64 } of given) data.items.add(new File([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))], name));
      return data;
    },
    files.map(([name, content]) => ({ name, base64: content.toString('base64') })),
  );
  await page.dispatchEvent('main', 'dragover', { dataTransfer: transfer });
  await page.dispatchEvent('main', 'drop', { dataTransfer: transfer });
}
