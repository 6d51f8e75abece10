/**
 * What a file is, by its first bytes and never by its name, and what its header declares, before any decoder may allocate for
 * it: size in pixels, and whether the container's own structure is complete. Each format is read only as far as that takes;
 * the decoder (sharp) judges the rest.
 *
 * Sources: PNG 3rd edition (W3C 2025) section 5; JPEG ITU-T T.81 annex B; WebP container specification; ISO/IEC 14496-12
 * (boxes) and AVIF 1.1; TIFF 6.0 section 2; GIF89a.
 */
export type PictureFormat = 'PNG' | 'JPEG' | 'WebP' | 'AVIF' | 'TIFF' | 'GIF';

export type Sniffed =
  | { readonly kind: 'picture'; readonly format: PictureFormat }
  | { readonly kind: 'inr' }
  /** Something known that cannot be read here. */
  | { readonly kind: 'other'; readonly name: string }
  | { readonly kind: 'unknown' };

export interface HeaderFacts {
  /** Pixels as declared; null where this reader does not know and the decoder must say. */
  readonly size: readonly [number, number] | null;
  /** False when the file certainly ends before its structure does. */
  readonly complete: boolean;
  /** Chunks that change how samples are to be read and that the decoder passes over. */
  readonly remarks: readonly string[];
}

/** Extensions (lower case, no dot) and the format that they promise. */
export const FORMAT_OF_EXTENSION: Readonly<Record<string, PictureFormat>> = {
  png: 'PNG',
  jpg: 'JPEG',
  jpeg: 'JPEG',
  jpe: 'JPEG',
  jfif: 'JPEG',
  webp: 'WebP',
  avif: 'AVIF',
  tif: 'TIFF',
  tiff: 'TIFF',
  gif: 'GIF',
};

const text = (bytes: Uint8Array, from: number, to: number): string => String.fromCharCode(...bytes.subarray(from, Math.min(to, bytes.length)));
const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const begins = (bytes: Uint8Array, ...head: number[]): boolean => head.every((byte, index) => bytes[index] === byte);

/** Tells a file's kind from its first bytes; 64 are enough. */
export function sniff(bytes: Uint8Array): Sniffed {
  const picture = (format: PictureFormat): Sniffed => ({ kind: 'picture', format });
  const other = (name: string): Sniffed => ({ kind: 'other', name });
  if (begins(bytes, 0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return picture('PNG');
  if (begins(bytes, 0x89, 0x49, 0x4e, 0x52, 0x0d, 0x0a, 0x1a, 0x0a)) return { kind: 'inr' };
  if (begins(bytes, 0xff, 0xd8, 0xff)) return picture('JPEG');
  const four = text(bytes, 0, 4);
  if (four === 'RIFF') return text(bytes, 8, 12) === 'WEBP' ? picture('WebP') : other('a RIFF file that is not WebP');
  if (four === 'GIF8') return picture('GIF');
  if (begins(bytes, 0x49, 0x49, 0x2a, 0) || begins(bytes, 0x4d, 0x4d, 0, 0x2a)) return picture('TIFF');
  if (begins(bytes, 0x49, 0x49, 0x2b, 0) || begins(bytes, 0x4d, 0x4d, 0, 0x2b)) return picture('TIFF');
  if (text(bytes, 4, 8) === 'ftyp') {
    const boxEnd = Math.min(bytes.length, Math.max(16, viewOf(bytes).getUint32(0)), 64);
    const brands = text(bytes, 8, boxEnd);
    if (/avif|avis/.test(brands)) return picture('AVIF');
    if (/heic|heix|hevc|mif1|msf1/.test(brands)) return other('HEIC (HEVC)');
    return other('an MP4 or QuickTime file');
  }
  if (begins(bytes, 0xff, 0x0a) || text(bytes, 4, 8) === 'JXL ') return other('JPEG XL');
  if (text(bytes, 4, 8) === 'jP  ' || begins(bytes, 0xff, 0x4f, 0xff, 0x51)) return other('JPEG 2000');
  if (four === '8BPS') return other('Photoshop (PSD)');
  if (four === '%PDF') return other('PDF');
  if (four === 'NRRD') return other('NRRD');
  if (begins(bytes, 0x76, 0x2f, 0x31, 0x01)) return other('OpenEXR');
  if (text(bytes, 0, 2) === '#?') return other('Radiance HDR');
  if (begins(bytes, 0x42, 0x4d) && bytes.length > 14) return other('BMP');
  if (begins(bytes, 0, 0, 1, 0)) return other('an icon (ICO)');
  if (begins(bytes, 0x1f, 0x8b)) return other('a gzip file');
  if (begins(bytes, 0x50, 0x4b, 3, 4)) return other('a ZIP file');
  const start = text(bytes, 0, 64).trimStart().toLowerCase();
  if (start.startsWith('<svg') || start.startsWith('<?xml')) return other('SVG or XML');
  if (start.startsWith('<!doctype html') || start.startsWith('<html')) return other('a web page (HTML)');
  return { kind: 'unknown' };
}

/** Reads a header as far as the bytes go. Never throws: what is cut off is `complete: false`. */
export function readHeader(format: PictureFormat, bytes: Uint8Array): HeaderFacts {
  try {
    switch (format) {
      case 'PNG':
        return readPng(bytes);
      case 'JPEG':
        return readJpeg(bytes);
      case 'WebP':
        return readWebp(bytes);
      case 'AVIF':
        return { size: null, complete: boxesComplete(bytes), remarks: [] };
      case 'TIFF':
        return readTiff(bytes);
      case 'GIF':
        return readGif(bytes);
      default:
        return format satisfies never;
    }
  } catch (error) {
    // A DataView read past the end.
    if (error instanceof RangeError) return { size: null, complete: false, remarks: [] };
    throw error;
  }
}

/** PNG's gAMA and cHRM, times 100000: what sRGB pictures carry, and how far a writer's rounding goes. */
const SRGB_GAMMA = 45455;
const GAMMA_TOLERANCE = 700;
const SRGB_CHROMATICITIES = [31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000];
const CHROMATICITY_TOLERANCE = 500;

function readPng(bytes: Uint8Array): HeaderFacts {
  const view = viewOf(bytes);
  const size = [view.getUint32(16), view.getUint32(20)] as const;
  const coloured = (view.getUint8(25) & 2) !== 0;
  const remarks: string[] = [];
  /** Of chunks that sRGB, iCCP and cICP overrule (PNG 3rd edition, 4.3). */
  const legacy: string[] = [];
  let described = false;
  let at = 8;
  while (at + 12 <= bytes.length) {
    const type = text(bytes, at + 4, at + 8);
    const length = view.getUint32(at);
    if (type === 'IEND') return { size, complete: true, remarks: described ? remarks : [...remarks, ...legacy] };
    if (type === 'sRGB' || type === 'iCCP' || type === 'cICP') described = true;
    if (type === 'gAMA' && length === 4 && Math.abs(view.getUint32(at + 8) - SRGB_GAMMA) > GAMMA_TOLERANCE) legacy.push('the gamma of a gAMA chunk was not used: samples are read as sRGB');
    if (type === 'cHRM' && length === 32 && coloured && SRGB_CHROMATICITIES.some((value, i) => Math.abs(view.getUint32(at + 8 + 4 * i) - value) > CHROMATICITY_TOLERANCE)) {
      legacy.push('the primary colours of a cHRM chunk were not used: samples are read as sRGB');
    }
    if (type === 'acTL') remarks.push('animated PNG: only the default picture is used');
    if (type === 'cICP') remarks.push('the colour description of a cICP chunk (wide gamut or HDR) was not used');
    at += 12 + length;
  }
  return { size, complete: false, remarks };
}

function readJpeg(bytes: Uint8Array): HeaderFacts {
  const view = viewOf(bytes);
  // The end of image may be followed by what cameras append; only the decoder can tell whether scans are complete.
  let at = 2;
  for (;;) {
    while (view.getUint8(at) === 0xff && view.getUint8(at + 1) === 0xff) at++;
    if (view.getUint8(at) !== 0xff) return { size: null, complete: true, remarks: [] };
    const marker = view.getUint8(at + 1);
    const frame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (frame) return { size: [view.getUint16(at + 7), view.getUint16(at + 5)], complete: true, remarks: [] };
    if (marker === 0xd9 || marker === 0xda) return { size: null, complete: true, remarks: [] };
    at += marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8) ? 2 : 2 + view.getUint16(at + 2);
  }
}

function readWebp(bytes: Uint8Array): HeaderFacts {
  const view = viewOf(bytes);
  const complete = 8 + view.getUint32(4, true) <= bytes.length;
  const three = (at: number): number => view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
  switch (text(bytes, 12, 16)) {
    case 'VP8X':
      return { size: [1 + three(24), 1 + three(27)], complete, remarks: [] };
    case 'VP8L': {
      const packed = view.getUint32(21, true);
      return { size: [1 + (packed & 0x3fff), 1 + ((packed >>> 14) & 0x3fff)], complete, remarks: [] };
    }
    case 'VP8 ':
      return { size: [view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff], complete, remarks: [] };
    default:
      return { size: null, complete, remarks: [] };
  }
}

function readGif(bytes: Uint8Array): HeaderFacts {
  const view = viewOf(bytes);
  // Many writers forget the trailer; the decoder tells whether the first frame is whole.
  return { size: [view.getUint16(6, true), view.getUint16(8, true)], complete: true, remarks: [] };
}

function boxesComplete(bytes: Uint8Array): boolean {
  const view = viewOf(bytes);
  let at = 0;
  while (at + 8 <= bytes.length) {
    const size = view.getUint32(at);
    if (size === 0) return true;
    const length = size === 1 ? Number(view.getBigUint64(at + 8)) : size;
    if (length < 8) return true;
    at += length;
  }
  // A few bytes that are no box may follow; the decoder does not mind.
  return at <= bytes.length;
}

function readTiff(bytes: Uint8Array): HeaderFacts {
  const view = viewOf(bytes);
  const little = bytes[0] === 0x49;
  if (view.getUint16(2, little) !== 42) return { size: null, complete: true, remarks: [] };
  const directory = view.getUint32(4, little);
  let width: number | null = null;
  let height: number | null = null;
  const entries = view.getUint16(directory, little);
  for (let entry = 0; entry < entries; entry++) {
    const at = directory + 2 + 12 * entry;
    const tag = view.getUint16(at, little);
    if (tag !== 256 && tag !== 257) continue;
    const value = view.getUint16(at + 2, little) === 3 ? view.getUint16(at + 8, little) : view.getUint32(at + 8, little);
    if (tag === 256) width = value;
    else height = value;
  }
  return { size: width === null || height === null ? null : [width, height], complete: true, remarks: [] };
}
