/** `inr eval`: how near the decoded file is to a reference, by the measures of its kind. */
import type { Header } from '#core/coding/types';
import { StudioError } from '#core/errors';
import { psnr as psnrOf } from '#core/metric/psnr';
import { sliceSimilarity } from '#core/metric/slices';
import { structuralSimilarity } from '#core/metric/ssim';
import { pointCount, type GridSignal } from '#core/signal/signal';
import { headerOf, sourceBytes, unitsOf, voxelQuality, type Signal } from '#core/signal/subject';
import { voxelsOf, type VolumeSignal } from '#core/signal/volume';
import { wordOf } from '../../service/subject';
import { contentWords } from '../content-words';
import { decodeNamed, type Decoded } from '../decoded';
import { showBytes, showDecibel, showRatio, table } from '../numbers';
import { openSignal, type InputOptions } from '../open-signal';
import { createProgress } from '../progress';
import type { Terminal } from '../terminal';

export interface EvaluateOptions extends InputOptions {
  readonly threads?: number;
  /** Of surfaces: points along each axis, and points drawn on each mesh. */
  readonly resolution?: number;
  readonly samples?: number;
  readonly json?: boolean;
}

const shapeOf = ({ size, channels, type }: Header, voxelType?: string): string => JSON.stringify([size, channels, voxelType ?? type]);

/** What differs in shape has no difference to measure. Throws StudioError 'input'/'eval.mismatch'. */
export function requireSameShape(path: string, decoded: Pick<Decoded, 'content'>, reference: Signal, referencePath: string): void {
  const { header } = decoded.content;
  const mismatch = (mine: string, other: string): never => {
    throw new StudioError('input', 'eval.mismatch', `${referencePath}: it is ${other}, but ${path} is ${mine}. Give the ${wordOf(header)} that the file was made from.`);
  };
  if (header.kind !== reference.kind) mismatch(`a ${wordOf(header)}`, `a ${wordOf(reference)}`);
  if (reference.kind === 'surface' || header.kind === 'surface') return;
  const other = headerOf(reference);
  const typeOf = (each: Header): string | undefined => (each.kind === 'volume' ? each.metadata.voxelType : undefined);
  if (shapeOf(header, typeOf(header)) !== shapeOf(other, typeOf(other))) mismatch(contentWords(header), contentWords(other));
}

/** Names and values, as JSON has them and as a table shows them. */
export interface Measures {
  readonly values: Readonly<Record<string, unknown>>;
  readonly lines: readonly (readonly [string, string])[];
}

const similarityWords = (value: number | null, what: string): string => (value === null ? `- (the ${what} is too small)` : value.toFixed(4));

async function ofPicture(signal: GridSignal, { content, samples }: Decoded): Promise<Measures> {
  const psnr = psnrOf(signal.samples, samples, signal.type);
  const { ssim, msSsim } = await structuralSimilarity(signal, { ...content.header, samples });
  return {
    values: { psnr, ssim, msSsim },
    lines: [
      ['PSNR', showDecibel(psnr)],
      ['SSIM', similarityWords(ssim, 'picture')],
      ['MS-SSIM', similarityWords(msSsim, 'picture')],
    ],
  };
}

async function ofVolume(signal: VolumeSignal, { bytes, content, samples }: Decoded): Promise<Measures> {
  const { metadata } = content.header as Extract<Header, { kind: 'volume' }>;
  const { psnr, maximumError, rootMeanSquare, range } = voxelQuality(signal.voxels, voxelsOf(samples, metadata));
  const ssim = await sliceSimilarity(signal, samples);
  const float = (4 * pointCount(signal.size) * signal.channels) / bytes;
  const digits = (value: number): string => `${Number(value.toPrecision(4))}`;
  return {
    values: { psnr, maxError: maximumError, rmse: rootMeanSquare, range, ssim, ratioFloat32: float },
    lines: [
      ['PSNR', `${showDecibel(psnr)} over the range of the data (${digits(range)})`],
      ['largest error', `${digits(maximumError)} (${((100 * maximumError) / range).toFixed(2)} % of the range)`],
      ['RMS error', digits(rootMeanSquare)],
      ['SSIM', `${similarityWords(ssim, 'volume')} (mean of slices)`],
      ['ratio', `${showRatio(sourceBytes(content.header) / bytes)} against ${metadata.voxelType}, ${showRatio(float)} against float32`],
    ],
  };
}

/** Runs the command; resolves to the exit code. */
export async function evaluate(input: string, referencePath: string, options: EvaluateOptions, terminal: Terminal): Promise<number> {
  const progress = createProgress(terminal, terminal.columns === 0 || options.json === true);
  const threads = options.threads === undefined ? {} : { threads: options.threads };
  const decoded = await decodeNamed(input, { ...threads, progress });
  const { signal } = await openSignal(referencePath, options);
  requireSameShape(input, decoded, signal, referencePath);
  const { header, sha256 } = decoded.content;
  let measures: Measures;
  try {
    if (signal.kind === 'grid') measures = await ofPicture(signal, decoded);
    else if (signal.kind === 'volume') measures = await ofVolume(signal, decoded);
    else measures = await (await import('./evaluate-surface')).ofSurface(input, signal, decoded, { ...options, progress, abort: terminal.cancellation() });
  } finally {
    progress.end();
  }
  const { unit, count } = unitsOf(header);
  const { bytes } = decoded;
  const bpp = (8 * bytes) / count;
  const ratio = sourceBytes(header) / bytes;
  if (options.json) {
    terminal.out(`${JSON.stringify({ input, reference: referencePath, kind: wordOf(header), bytes, bpp, ratio, ...measures.values, sha256 })}\n`);
    return 0;
  }
  terminal.out(`${input}  ${showBytes(bytes)}  ${bpp.toFixed(3)} bits per ${unit}  ${showRatio(ratio)}\n${table(measures.lines.map(([name, value]) => [name, value]), [0, 1])}`);
  return 0;
}
