import { fieldCost } from '#core/field/cost';
import { fieldFor } from '#core/field/field';
import type { ArtifactInfo, CodecRow } from '#main/ipc/contract';
import type { Run } from './runs.svelte';

/** What the header promises, and where it comes from. */
export interface Score {
  /** 'file': measured on the decoded bytes. 'live': the training estimate of the float model; bytes are predicted. */
  readonly source: 'file' | 'live';
  /** Null: known when it is encoded, as with a residual. */
  readonly bytes: number | null;
  readonly ratio: number | null;
  /** dB; Infinity when identical, null when there is nothing to compare with or nothing is known yet. */
  readonly psnr: number | null;
  readonly label: string;
}

/** The PSNR of a file: null in the table means identical, where there was something to compare with. */
export function filePsnr(artifact: ArtifactInfo): number | null {
  return artifact.quality ? (artifact.quality.psnr ?? Infinity) : null;
}

/** The score of a run: of its file where the stage shows the file, else the live estimate. Null: nothing to say yet. */
export function scoreOf(run: Run | null): Score | null {
  if (!run) return null;
  const { artifact, original, config, progress } = run;
  if (artifact && run.state !== 'running') return { source: 'file', bytes: artifact.bytes, ratio: artifact.ratio, psnr: filePsnr(artifact), label: run.kind === 'file' ? 'opened file' : 'decoded file' };
  if (!original || !config || run.state === 'failed') return null;
  const { info } = original;
  const live = { source: 'live', psnr: progress && Number.isFinite(progress.psnr) ? progress.psnr : null } as const;
  if (config.coding.residual) return { ...live, bytes: null, ratio: null, label: 'network alone, live' };
  const { fileBytes } = fieldCost(fieldFor(config.network, info.size.length, info.channels), config.plan.batch, config.coding.bits);
  return { ...live, bytes: fileBytes, ratio: info.rawBytes / fileBytes, label: 'float model, live' };
}

const NAMES: Readonly<Record<string, string>> = { jpeg: 'JPEG', webp: 'WebP', avif: 'AVIF', zfp: 'zfp', sperr: 'SPERR', tthresh: 'TTHRESH', sz3: 'SZ3' };

/** 'JPEG', whatever case main writes. */
export const codecName = (codec: string): string => NAMES[codec.toLowerCase()] ?? codec;

/** 'JPEG, WebP and AVIF' */
export function codecList(codecs: readonly string[]): string {
  const names = codecs.map(codecName);
  return names.length > 1 ? `${names.slice(0, -1).join(', ')} and ${names.at(-1)}` : names.join('');
}

/** What each codec needs for the same quality; null where it does not get there. */
export function codecBytes(rows: readonly CodecRow[] | null): { codec: string; bytes: number | null }[] {
  return (rows ?? []).map((row) => ({ codec: codecName(row.codec), bytes: row.atPsnr?.bytes ?? null }));
}
