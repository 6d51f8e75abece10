/**
 * What the classical codecs make of the same picture: at the same bytes (the best quality that fits) and at the same PSNR (the
 * smallest file that reaches it). They are given their chances: JPEG by mozjpeg, progressive, the better of 4:2:0 and 4:4:4; WebP with its
 * slowest method and sharp chroma; AVIF at moderate effort. PSNR is measured on what the codec's own decoder gives back, with the metric that
 * measures .inr files. Whatever a codec cannot hold (alpha, 16 bits) is said in its row.
 *
 * How the questions are answered: codec-trial.ts.
 */
import sharp, { type Sharp } from 'sharp';
import { StudioError } from '#core/errors';
import { decibels } from '#core/metric/psnr';
import { pointCount, type GridSignal } from '#core/signal/signal';
import type { CodecRow } from '../ipc/contract';
import { answer, CodecTrial, type CodecPoint } from './codec-trial';

export const CODEC_NAMES = ['jpeg', 'webp', 'avif'] as const;
export type CodecName = (typeof CODEC_NAMES)[number];

export interface CompareRequest {
  readonly signal: GridSignal;
  /** Size to match; null: not asked. */
  readonly bytes: number | null;
  /** PSNR in dB to match; null: not asked. */
  readonly psnr: number | null;
  readonly codecs: readonly CodecName[];
  readonly abort?: AbortSignal;
  readonly onProgress?: (fraction: number, label: string) => void;
}

interface Variant {
  readonly label: string;
  encode(image: Sharp, quality: number): Sharp;
}

/** The picture as a codec takes it: 8 bits, alpha only where the codec has one. */
interface Source {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 2 | 3 | 4;
  readonly samples: Uint8Array;
  readonly notes: readonly string[];
}

/** Encodes that one question usually takes, for the progress alone. */
const USUAL_ENCODES = 5;

/** Growth a step of quality, of picture codecs. */
const SLOPES = { bytes: 1 / 22, psnr: 0.15 };

function variantsOf(codec: CodecName, grey: boolean, pixels: number): readonly Variant[] {
  switch (codec) {
    case 'jpeg':
      return (grey ? (['4:4:4'] as const) : (['4:2:0', '4:4:4'] as const)).map((chromaSubsampling) => ({
        label: grey ? 'grey' : chromaSubsampling,
        encode: (image, quality) => (grey ? image.toColourspace('b-w') : image).jpeg({ quality, chromaSubsampling, mozjpeg: true, progressive: true, optimiseCoding: true }),
      }));
    case 'webp': {
      const effort = pixels > 4e6 ? 4 : 6;
      return [{ label: `method ${effort}`, encode: (image, quality) => image.webp({ quality, effort, smartSubsample: true, alphaQuality: 100, exact: true }) }];
    }
    case 'avif': {
      // aom is slow. Measured at 0.8 Mpx: effort 4 takes 1.9 s a file, 3 takes 0.5 s for 2% more bytes, 2 takes 0.25 s for 6% more.
      const effort = pixels > 2e6 ? 2 : pixels > 3e5 ? 3 : 4;
      return [{ label: `effort ${effort} of 9, 4:4:4`, encode: (image, quality) => image.avif({ quality, effort, chromaSubsampling: '4:4:4' }) }];
    }
    default:
      return codec satisfies never;
  }
}

export function codecVersion(codec: CodecName): string {
  const { versions } = sharp;
  switch (codec) {
    case 'jpeg':
      return `mozjpeg ${versions.mozjpeg ?? ''}`.trim();
    case 'webp':
      return `libwebp ${versions.webp ?? ''}`.trim();
    case 'avif':
      return `libaom ${versions.aom ?? ''} in libheif ${versions.heif ?? ''}`.trim();
    default:
      return codec satisfies never;
  }
}

function sourceFor(codec: CodecName, signal: GridSignal): Source {
  const [width, height] = signal.size;
  if (signal.size.length !== 2 || !width || !height || signal.channels > 4) {
    throw new StudioError('usage', 'codecs.shape', 'Only pictures can be compared with picture codecs.');
  }
  const notes: string[] = [];
  let { samples, channels } = signal;
  if (samples instanceof Uint16Array) {
    samples = Uint8Array.from(samples, (value) => Math.round(value / 257));
    notes.push('reduced from 16 to 8 bits');
  }
  if (codec === 'jpeg' && channels % 2 === 0) {
    const colours = channels - 1;
    const all = samples;
    samples = new Uint8Array(width * height * colours);
    for (let i = 0; i < samples.length; i++) samples[i] = all[Math.floor(i / colours) * channels + (i % colours)]!;
    channels = colours;
    notes.push('alpha dropped: JPEG has none; PSNR over the colours alone');
  }
  return { width, height, channels: channels as Source['channels'], samples, notes };
}

/** Mean squared error of a decoded file against the signal's own samples, in the signal's units. */
async function measure(encoded: Uint8Array, signal: GridSignal, source: Source): Promise<number> {
  const { data, info } = await sharp(encoded, { limitInputPixels: false, ignoreIcc: true }).toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
  const scale = signal.type === 'uint16' ? 257 : 1;
  const colours = source.channels < 3 ? 1 : 3;
  const points = source.width * source.height;
  let total = 0;
  for (let channel = 0; channel < source.channels; channel++) {
    const alpha = channel >= colours;
    // An encoder leaves out an alpha that is 255 everywhere.
    const from = alpha ? (info.channels === 4 ? 3 : -1) : channel;
    let sum = 0;
    for (let point = 0; point < points; point++) {
      const value = from < 0 ? 255 : data[point * info.channels + from]!;
      const difference = signal.samples[point * signal.channels + channel]! - scale * value;
      sum += difference * difference;
    }
    total += sum;
  }
  return total / (points * source.channels);
}

/** One codec in one variant on one picture. */
function trialOf(variant: Variant, signal: GridSignal, source: Source, work: { readonly abort: AbortSignal | undefined; readonly tick: () => void }): CodecTrial {
  return new CodecTrial({ label: variant.label, slopes: SLOPES }, async (quality) => {
    work.abort?.throwIfAborted();
    const { width, height, channels, samples } = source;
    const image = sharp(samples, { raw: { width, height, channels }, limitInputPixels: false }).toColourspace('srgb');
    const encoded = await variant.encode(image, quality).toBuffer();
    work.tick();
    return { bytes: encoded.length, measure: async () => ({ psnr: decibels(await measure(encoded, signal, source), signal.type) }) };
  });
}

/**
 * One row a codec, in the order asked for. Throws StudioError 'usage' for what is no picture and 'cancelled' after abort. Encoding runs on
 * sharp's own threads.
 */
export async function compareCodecs(request: CompareRequest): Promise<CodecRow[]> {
  const { signal, codecs, abort, onProgress } = request;
  const pixels = pointCount(signal.size);
  const plans = codecs.map((codec) => ({ codec, source: sourceFor(codec, signal), variants: variantsOf(codec, signal.channels < 3, pixels) }));
  const questions = (request.bytes === null ? 0 : 1) + (request.psnr === null ? 0 : 1);
  const expected = plans.reduce((sum, { variants }) => sum + variants.length, 0) * questions * USUAL_ENCODES;
  let done = 0;
  const rows: CodecRow[] = [];
  for (const { codec, source, variants } of plans) {
    const tick = (): void => onProgress?.(Math.min(0.99, ++done / expected), codec);
    const trials = variants.map((variant) => trialOf(variant, signal, source, { abort, tick }));
    const { atBytes, atPsnr, notes } = await answer(trials, request, (error) => {
      abort?.throwIfAborted();
      return `${codec} cannot encode this picture (${error instanceof Error ? error.message.split('\n')[0]! : String(error)})`;
    });
    rows.push({ codec, version: codecVersion(codec), atBytes, atPsnr, note: [...notes, ...source.notes].join('; ') });
  }
  onProgress?.(1, '');
  return rows;
}

/** A codec's rate-distortion points at given qualities (1 ... 100), for each of its variants: for tables and benches. */
export async function codecCurve(
  signal: GridSignal,
  codec: CodecName,
  qualities: readonly number[],
  options: { readonly abort?: AbortSignal; readonly onPoint?: () => void } = {},
): Promise<(CodecPoint & { readonly variant: string })[]> {
  const source = sourceFor(codec, signal);
  const points: (CodecPoint & { variant: string })[] = [];
  for (const variant of variantsOf(codec, signal.channels < 3, pointCount(signal.size))) {
    const trial = trialOf(variant, signal, source, { abort: options.abort, tick: () => options.onPoint?.() });
    for (const quality of qualities) points.push({ ...(await trial.point(quality)), variant: variant.label });
  }
  return points;
}
