/** `inr eval`: how near the decoded file is to a reference picture. */
import { structuralSimilarity } from '#core/metric/ssim';
import { pointCount, rawBytes, type GridSignal } from '#core/signal/signal';
import { StudioError } from '#core/errors';
import { readImage } from '../../service/image-ingest';
import { decibelOf } from '../coded-file';
import { decodeNamed, type Decoded } from '../decoded';
import { about, readFileNamed } from '../files';
import { showBytes, showChannels, showDecibel, showRatio } from '../numbers';
import type { Terminal } from '../terminal';

export interface EvaluateOptions {
  readonly threads?: number;
  readonly json?: boolean;
}

const describe = ({ size, channels, type }: Pick<GridSignal, 'size' | 'channels' | 'type'>): string =>
  `${size.join(' x ')}, ${showChannels(channels)}, ${type === 'uint8' ? 8 : 16} bits`;

/** Pictures of different shape have no difference to measure. Throws StudioError 'input'/'eval.mismatch'. */
export function requireSameShape(path: string, decoded: Pick<Decoded, 'content'>, reference: GridSignal, referencePath: string): void {
  const mine = describe(decoded.content.header);
  const other = describe(reference);
  if (mine !== other) {
    throw new StudioError('input', 'eval.mismatch', `${referencePath}: it is ${other}, but ${path} is ${mine}. Give the picture that the file was made from.`);
  }
}

/** Runs the command; resolves to the exit code. */
export async function evaluate(input: string, referencePath: string, options: EvaluateOptions, terminal: Terminal): Promise<number> {
  const decoded = await decodeNamed(input, options.threads === undefined ? {} : { threads: options.threads });
  const { signal } = await about(referencePath, async () => readImage(await readFileNamed(referencePath), referencePath));
  requireSameShape(input, decoded, signal, referencePath);
  const { header, sha256 } = decoded.content;
  const other = { ...header, samples: decoded.samples };
  const psnr = decibelOf(signal, decoded.samples);
  const { ssim, msSsim } = await structuralSimilarity(signal, other);
  const bpp = (8 * decoded.bytes) / pointCount(header.size);
  const ratio = rawBytes(header) / decoded.bytes;
  if (options.json) {
    const { bytes } = decoded;
    terminal.out(`${JSON.stringify({ input, reference: referencePath, bytes, bpp, ratio, psnr, ssim, msSsim, sha256 })}\n`);
    return 0;
  }
  const shown = (value: number | null): string => (value === null ? '- (the picture is too small)' : value.toFixed(4));
  terminal.out(
    `${input}  ${showBytes(decoded.bytes)}  ${bpp.toFixed(3)} bpp  ${showRatio(ratio)}\n` +
      `  PSNR     ${showDecibel(psnr)}\n  SSIM     ${shown(ssim)}\n  MS-SSIM  ${shown(msSsim)}\n`,
  );
  return 0;
}
