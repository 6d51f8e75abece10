/**
 * Decoded samples as a picture file. PNG and TIFF and NumPy hold every sample as it is; JPEG, WebP and AVIF are lossy and
 * have 8 bits. A kept ICC profile goes into every picture format: into PNG by an iCCP chunk of our own (sharp would convert the
 * samples to a profile that it is given), into the others by way of that PNG.
 *
 * Sources: PNG 3rd edition, 11.3.2.3 iCCP; NumPy format 1.0 (NEP 1).
 */
import { promisify } from 'node:util';
import { crc32, deflate } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';
import { StudioError } from '#core/errors';
import type { GridHeader } from '#core/coding/types';

type Samples = Uint8Array | Uint16Array;
/** What of a header an export needs; a GridSignal fits too. */
export type Grid = Pick<GridHeader, 'size' | 'channels' | 'type' | 'metadata'>;

export interface Exported {
  readonly bytes: Uint8Array;
  /** What the format could not hold. */
  readonly notes: readonly string[];
}

/** Extensions that encodeImage writes, without the dot. */
export const EXPORT_EXTENSIONS = ['png', 'jpg', 'jpeg', 'webp', 'avif', 'tif', 'tiff', 'npy'] as const;

const deflateAsync = promisify(deflate);

function plane(grid: Grid): [number, number] {
  const [width, height] = grid.size;
  if (grid.size.length !== 2 || !width || !height || grid.channels > 4) {
    throw new StudioError('usage', 'export.shape', `A signal of ${grid.size.join(' x ')} points and ${grid.channels} channels is no picture. Write it as .npy.`);
  }
  return [width, height];
}

function pipeline(grid: Grid, samples: Samples): Sharp {
  const [width, height] = plane(grid);
  const image = sharp(samples, { raw: { width, height, channels: grid.channels as 1 | 2 | 3 | 4 }, limitInputPixels: false });
  if (grid.type === 'uint16') return image.toColourspace(grid.channels < 3 ? 'grey16' : 'rgb16');
  return image.toColourspace(grid.channels < 3 ? 'b-w' : 'srgb');
}

/** A lossless PNG of 8 or 16 bits, grey, grey+alpha, RGB or RGBA. Samples are interleaved, `size` is [width, height]. */
export async function encodePng(grid: Grid, samples: Samples): Promise<Uint8Array> {
  const png = await pipeline(grid, samples).png({ compressionLevel: 7, adaptiveFiltering: true }).toBuffer();
  return grid.metadata.icc ? withProfile(png, grid.metadata.icc) : png;
}

/** Puts an iCCP chunk behind IHDR. */
async function withProfile(png: Uint8Array, icc: Uint8Array): Promise<Uint8Array> {
  const compressed = await deflateAsync(icc);
  const data = Buffer.concat([Buffer.from('icc\0\0', 'latin1'), compressed]);
  const chunk = Buffer.alloc(data.length + 12);
  chunk.writeUInt32BE(data.length, 0);
  chunk.write('iCCP', 4, 'latin1');
  data.copy(chunk, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 8 + data.length)), 8 + data.length);
  const afterHeader = 8 + 25;
  return Buffer.concat([png.subarray(0, afterHeader), chunk, png.subarray(afterHeader)]);
}

/**
 * Encodes by extension (without dot, any case; see EXPORT_EXTENSIONS): png, tif and npy are lossless; jpg, webp and avif are written at high
 * quality (95) with 8 bits. Throws StudioError 'usage' 'export.format' for an unknown extension.
 */
export async function encodeImage(grid: Grid, samples: Samples, extension: string): Promise<Exported> {
  const format = extension.toLowerCase();
  if (format === 'npy') return { bytes: encodeNpy(grid, samples), notes: [] };
  if (format === 'png') return { bytes: await encodePng(grid, samples), notes: [] };
  const notes: string[] = [];
  const alpha = grid.channels === 2 || grid.channels === 4;
  const source = (): Sharp => pipeline(grid, samples);
  const keeping = async (): Promise<Sharp> => (grid.metadata.icc ? sharp(await encodePng(grid, samples), { limitInputPixels: false, ignoreIcc: true }).keepIccProfile() : source());
  const lossy = async (): Promise<Sharp> => {
    if (grid.type === 'uint16') notes.push('reduced from 16 to 8 bits');
    notes.push('lossy at quality 95');
    const image = await keeping();
    return image.toColourspace(grid.channels < 3 && !alpha ? 'b-w' : 'srgb');
  };
  let encoder: Sharp;
  switch (format) {
    case 'tif':
    case 'tiff': {
      const image = await keeping();
      encoder = image.toColourspace(grid.channels < 3 ? (grid.type === 'uint16' ? 'grey16' : 'b-w') : grid.type === 'uint16' ? 'rgb16' : 'srgb').tiff({ compression: 'deflate', predictor: 'horizontal' });
      break;
    }
    case 'jpg':
    case 'jpeg': {
      const image = await lossy();
      if (alpha) notes.push('alpha dropped: JPEG has none');
      encoder = (alpha ? image.removeAlpha() : image).jpeg({ quality: 95, chromaSubsampling: '4:4:4' });
      break;
    }
    case 'webp':
      encoder = (await lossy()).webp({ quality: 95 });
      break;
    case 'avif':
      encoder = (await lossy()).avif({ quality: 95 });
      break;
    default:
      throw new StudioError('usage', 'export.format', `Cannot write .${extension}. Formats: ${EXPORT_EXTENSIONS.map((each) => `.${each}`).join(', ')}.`);
  }
  return { bytes: await encoder.toBuffer(), notes };
}

/** NumPy array of shape ([depth,] height, width[, channels]), dtype |u1 or <u2; a single channel has no axis of its own. */
export function encodeNpy(grid: Grid, samples: Samples): Uint8Array {
  const shape = [...grid.size].reverse();
  if (grid.channels > 1) shape.push(grid.channels);
  const type = grid.type === 'uint8' ? '|u1' : '<u2';
  const dictionary = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.join(', ')}${shape.length === 1 ? ',' : ''}), }`;
  // Magic (6), version (2), length (2), dictionary, newline: together a multiple of 64.
  const length = Math.ceil((10 + dictionary.length + 1) / 64) * 64 - 10;
  const head = Buffer.alloc(10 + length, ' ');
  head.write('\x93NUMPY\x01\x00', 0, 'latin1');
  head.writeUInt16LE(length, 8);
  head.write(dictionary, 10, 'latin1');
  head[9 + length] = 0x0a;
  return Buffer.concat([head, Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength)]);
}
