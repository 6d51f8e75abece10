/**
 * What is fitted, made ready for a fit: what the network learns, what the file will say of it, and how near decoded samples are. Pictures
 * and volumes are ready as they are read; a surface is drawn into points with distances first, which takes seconds.
 */
import { createHash } from 'node:crypto';
import type { Header } from '#core/coding/types';
import { SURFACE_DEFAULTS, type FitConfig } from '#core/fit/config';
import type { PackRequest } from '#core/coding/pack';
import type { SignalWord } from '#core/fit/presets';
import { decibelOf, headerOf, voxelQuality, type SampledSignal, type Signal, type VoxelQuality } from '#core/signal/subject';
import { voxelsOf } from '#core/signal/volume';
import type { TrainingSet } from '#engine/engine';

/** The grid of distances that the file of a surface certifies. */
export const SURFACE_GRID: readonly number[] = [64, 64, 64];

export interface Subject {
  readonly header: Header;
  readonly data: TrainingSet;
  /**
   * dB of samples of the header's grid. Pictures: over the full scale; volumes: over the range of the data; surfaces: of the truncated distance
   * over twice the truncation. Null when identical.
   */
  decibel(samples: Uint8Array | Uint16Array): number | null;
  /** Of volumes: the same with the largest error, in the voxels' own units. */
  voxels?(samples: Uint8Array | Uint16Array): VoxelQuality;
}

export interface SubjectOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((fraction: number) => void) | undefined;
  /** For surfaces; default: all logical processors. */
  readonly threads?: number | undefined;
  /** Threads give way to other work, where the system can. */
  readonly background?: boolean;
}

/** How users call what a signal is. */
export function wordOf(signal: { readonly kind: Signal['kind'] }): SignalWord {
  return signal.kind === 'grid' ? 'picture' : signal.kind;
}

export function sampledSubject(signal: SampledSignal): Subject {
  const { size, channels, type, samples } = signal;
  const subject: Subject = { header: headerOf(signal), data: { size, channels, type, samples }, decibel: (decoded) => decibelOf(signal, decoded) };
  return signal.kind === 'volume' ? { ...subject, voxels: (decoded) => voxelQuality(signal.voxels, voxelsOf(decoded, signal.metadata)) } : subject;
}

/** The residual that a file of this subject carries, as packFile is asked for it: volumes alone have one. */
export function residualOf({ header, data }: Pick<Subject, 'header' | 'data'>, { residual }: FitConfig['coding']): PackRequest['residual'] {
  return residual && header.kind === 'volume' ? { original: data.samples, step: residual.step } : undefined;
}

/** Makes a signal ready. Throws StudioError 'cancelled' after an abort. */
export async function subjectOf(signal: Signal, config: FitConfig, options: SubjectOptions = {}): Promise<Subject> {
  if (signal.kind !== 'surface') return sampledSubject(signal);
  const { surfaceSubject } = await import('./surface-subject');
  return surfaceSubject(signal, config.surface ?? SURFACE_DEFAULTS, config.seed, options);
}

const bytesOf = (array: ArrayBufferView): Uint8Array => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** SHA-256 (hex) of what a fit sees of a signal. */
export function signalFingerprint(signal: Signal): string {
  const hash = createHash('sha256');
  if (signal.kind === 'surface') return hash.update('surface').update(bytesOf(signal.mesh.positions)).update(bytesOf(signal.mesh.indices)).digest('hex');
  const { size, channels, type, samples } = signal;
  hash.update(JSON.stringify([size, channels, type])).update(bytesOf(samples));
  return hash.digest('hex');
}
