/**
 * A picture file becomes a GridSignal. Invariants:
 * - the type is found by content; a name that promises another type earns a note;
 * - the header is judged before anything is decoded: no pixels, or more samples than the limit, are refused at once;
 * - 8 and 16 bits, grey and alpha stay what they are; 10- and 12-bit AVIF is spread over 16 bits;
 * - colour: sRGB stays to the bit; every other RGB, CMYK or Lab picture is converted to sRGB with a note; a grey picture with a
 *   profile keeps samples and profile ('icc'). Nothing is dropped without a note;
 * - EXIF orientation is applied; of an animation or a many-page file the first picture is taken: both with a note;
 * - a truncated picture is an error, never a half grey one.
 */
import sharp, { type Metadata, type SharpOptions } from 'sharp';
import { StudioError } from '#core/errors';
import type { GridSignal, SampleType } from '#core/signal/signal';
import { readProfile } from './icc';
import { FORMAT_OF_EXTENSION, readHeader, sniff, type PictureFormat } from './image-header';

/** Most samples (pixels x channels) that a picture may have: 512 MiB at 16 bits. */
export const MAX_SAMPLES = 2 ** 28;

export interface Ingested {
  readonly signal: GridSignal;
  readonly format: PictureFormat;
  /** What was done on the way in, in words. */
  readonly notes: string[];
}

const READABLE = 'PNG, JPEG, WebP, AVIF, TIFF or GIF';
const ORIENTATIONS = ['', '', 'mirrored', 'turned by 180°', 'flipped', 'transposed', 'turned by 90°', 'transposed across', 'turned by 270°'];

/** JPEG faults that many cameras and editors leave behind and that do not touch the picture. */
const HARMLESS = /extraneous bytes before marker|Invalid SOS parameters/;

/**
 * Reads a picture. `name` is only for messages and notes.
 * Throws StudioError 'input': input.empty, input.unknown, input.unsupported, input.size, input.truncated, input.damaged.
 */
export async function readImage(bytes: Uint8Array, name: string): Promise<Ingested> {
  const format = recognise(bytes, name);
  const notes: string[] = [];
  const extension = /\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase() ?? '';
  const promised = FORMAT_OF_EXTENSION[extension];
  if (promised ? promised !== format : extension === 'inr') notes.push(`named .${extension}, but the content is ${format}`);

  const header = readHeader(format, bytes);
  if (header.size) checkSize(header.size, 1, name);
  if (!header.complete) throw truncated(name, format);
  notes.push(...header.remarks);

  const limits: SharpOptions = { limitInputPixels: false, sequentialRead: true };
  const metadata = await sharp(bytes, limits)
    .metadata()
    .catch((error: unknown) => Promise.reject(decodeFault(error, name, format)));
  checkSize([metadata.width, metadata.height], metadata.channels, name);
  const type = sampleType(metadata, name, format);
  const colour = judgeColour(metadata, notes);
  noteExtras(metadata, format, notes);

  const grey = metadata.channels < 3;
  const wide = type === 'uint16';
  // libvips drops the alpha of 8-bit grey on the way to raw samples: such a picture travels as RGBA, which repeats grey exactly.
  const travelsAsColour = grey && metadata.channels === 2 && !wide;
  const target = grey && !travelsAsColour ? (wide ? 'grey16' : 'b-w') : wide ? 'rgb16' : 'srgb';
  const page = format === 'AVIF' && metadata.pagePrimary ? { page: metadata.pagePrimary } : {};
  const decode = (failOn: 'warning' | 'error') =>
    sharp(bytes, { ...limits, ...page, failOn, ignoreIcc: !colour.convert })
      .on('warning', (message: string) => {
        // libvips goes on without a profile that its colour library refuses: then nothing was converted.
        if (/profile/i.test(message) && colour.note !== null) notes[notes.indexOf(colour.note)] = 'the embedded colour profile cannot be used and was left out';
      })
      .autoOrient()
      .toColourspace(target)
      .raw({ depth: wide ? 'ushort' : 'uchar' })
      .toBuffer({ resolveWithObject: true });
  const { data, info } = await decode('warning').catch(async (error: unknown) => {
    const message = error instanceof Error ? error.message : '';
    if (!HARMLESS.test(message)) throw decodeFault(error, name, format);
    notes.push('the file has small faults in its markers that do not touch the picture');
    return decode('error').catch((again: unknown) => Promise.reject(decodeFault(again, name, format)));
  });

  let samples: Uint8Array | Uint16Array = wide ? words(data) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  let channels: number = info.channels;
  if (travelsAsColour) {
    samples = pick(samples, channels, [0, 3]);
    channels = 2;
  } else if (format === 'GIF' && channels === 4 && opaque(samples)) {
    samples = pick(samples, 4, [0, 1, 2]);
    channels = 3;
  }
  if (format === 'AVIF' && wide) spread(samples as Uint16Array, metadata.bitsPerSample ?? 16);
  const alpha = channels === 2 || channels === 4;
  const icc = colour.keep;
  return {
    signal: { kind: 'grid', size: [info.width, info.height], channels, type, samples, metadata: icc ? { colorSpace: 'icc', icc, alpha } : { colorSpace: 'srgb', alpha } },
    format,
    notes,
  };
}

function recognise(bytes: Uint8Array, name: string): PictureFormat {
  if (bytes.length === 0) throw new StudioError('input', 'input.empty', `${name}: the file is empty. Choose a ${READABLE} picture.`);
  const found = sniff(bytes);
  switch (found.kind) {
    case 'picture':
      return found.format;
    case 'inr':
      throw new StudioError('input', 'input.unsupported', `${name}: this is an .inr file, not a picture. Open or decode it as one.`);
    case 'other':
      throw new StudioError('input', 'input.unsupported', `${name}: this is ${found.name}, which cannot be read here. Convert it to PNG or TIFF first.`);
    case 'unknown':
      throw new StudioError('input', 'input.unknown', `${name}: this is nothing that can be read here. Choose a picture (${READABLE}) or a volume (NRRD, NIfTI, MetaImage, .npy, raw).`);
    default:
      return found satisfies never;
  }
}

function checkSize([width, height]: readonly [number, number], channels: number, name: string): void {
  if (width === 0 || height === 0) {
    throw new StudioError('input', 'input.size', `${name}: the picture is ${width} x ${height}: it has no pixels. Write it again from its source.`);
  }
  if (width * height * channels > MAX_SAMPLES) {
    const most = Math.floor(Math.sqrt(MAX_SAMPLES / Math.max(3, channels)) / 100) * 100;
    throw new StudioError('input', 'input.size', `${name}: ${width} x ${height} is larger than can be read here. Scale it down to at most ${most} x ${most} or cut it into parts.`);
  }
}

const truncated = (name: string, format: PictureFormat, cause?: unknown): StudioError =>
  new StudioError('input', 'input.truncated', `${name}: the ${format} file ends too early. Copy or download it again.`, { cause });

/** sharp's message as a user's one. */
function decodeFault(error: unknown, name: string, format: PictureFormat): StudioError {
  const message = error instanceof Error ? error.message : String(error);
  if (/premature end of JPEG image|end of (file|gif)|unexpected end|bad seek|truncat|read error|not enough data|short read/i.test(message)) return truncated(name, format, error);
  const reason = message.split('\n').filter((line) => line.trim() !== '').at(-1)?.replace(/^Input buffer /, '').slice(0, 120) ?? '';
  return new StudioError('input', 'input.damaged', `${name}: the ${format} file is damaged (${reason}). Copy it again or save it anew.`, { cause: error });
}

function sampleType(metadata: Metadata, name: string, format: PictureFormat): SampleType {
  const refuse = (what: string): never => {
    throw new StudioError('input', 'input.unsupported', `${name}: this ${format} file has ${what}, which cannot be read here yet. Save it with 8 or 16 bits and 1 to 4 channels.`);
  };
  if (metadata.channels > 5 || metadata.space === 'multiband') refuse(`${metadata.channels} channels`);
  if (metadata.depth === 'uchar') return 'uint8';
  if (metadata.depth === 'ushort') return 'uint16';
  // CIELAB in TIFF is stored signed; it is converted to 16-bit sRGB.
  if (metadata.depth === 'short' && /^lab/.test(metadata.space)) return 'uint16';
  return refuse(`samples of type ${metadata.depth}`);
}

/** Whether the samples are converted to sRGB on the way in (`note` says from what), and the profile that is kept instead. */
function judgeColour(metadata: Metadata, notes: string[]): { convert: boolean; keep: Uint8Array | null; note: string | null } {
  const profile = metadata.icc ? readProfile(metadata.icc) : null;
  if (metadata.icc && !profile) notes.push('the embedded colour profile is damaged and was not used');
  if (metadata.space === 'cmyk') {
    notes.push(profile?.space === 'CMYK' ? `converted from CMYK (${profile.name || 'embedded profile'}) to sRGB` : 'converted from CMYK without a profile to sRGB: colours may differ from the print');
    return { convert: true, keep: null, note: profile ? notes.at(-1)! : null };
  }
  if (/^lab/.test(metadata.space)) {
    notes.push('converted from CIELAB to sRGB');
    return { convert: true, keep: null, note: null };
  }
  if (!profile || profile.isSrgb) return { convert: false, keep: null, note: null };
  const grey = metadata.channels < 3;
  if (profile.space !== (grey ? 'GRAY' : 'RGB')) {
    notes.push(`the embedded profile (${profile.name || profile.space}) does not fit the picture and was not used`);
    return { convert: false, keep: null, note: null };
  }
  if (grey) {
    notes.push(`grey profile kept (${profile.name || 'unnamed'})`);
    return { convert: false, keep: new Uint8Array(metadata.icc!), note: null };
  }
  const note = `converted from ${profile.name || 'an unnamed RGB profile'} to sRGB`;
  notes.push(note);
  return { convert: true, keep: null, note };
}

function noteExtras(metadata: Metadata, format: PictureFormat, notes: string[]): void {
  const { orientation, pages } = metadata;
  if (orientation && orientation > 1) notes.push(`EXIF orientation applied (${ORIENTATIONS[orientation] ?? orientation})`);
  if (pages && pages > 1 && format !== 'AVIF') notes.push(`${format === 'TIFF' ? 'first page' : 'first frame'} of ${pages} used`);
  if (pages && pages > 1 && format === 'AVIF') notes.push(`main picture of ${pages} used`);
  if (metadata.gainMap) notes.push('the HDR gain map was not used');
}

function words(data: Uint8Array): Uint16Array {
  const aligned = data.byteOffset % 2 === 0 ? data : new Uint8Array(data);
  return new Uint16Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 2);
}

function pick(samples: Uint8Array | Uint16Array, channels: number, chosen: readonly number[]): Uint8Array | Uint16Array {
  const points = samples.length / channels;
  const result = samples instanceof Uint8Array ? new Uint8Array(points * chosen.length) : new Uint16Array(points * chosen.length);
  for (let point = 0, to = 0; point < points; point++) for (const channel of chosen) result[to++] = samples[point * channels + channel]!;
  return result;
}

function opaque(samples: Uint8Array | Uint16Array): boolean {
  for (let at = 3; at < samples.length; at += 4) if (samples[at] !== 255) return false;
  return true;
}

/** libvips shifts 10- and 12-bit samples to the top of 16; stretched so that the largest code becomes 65535. */
function spread(samples: Uint16Array, bits: number): void {
  if (bits < 9 || bits > 15) return;
  const largest = (2 ** bits - 1) * 2 ** (16 - bits);
  for (let i = 0; i < samples.length; i++) samples[i] = Math.min(65535, Math.round((samples[i]! * 65535) / largest));
}
