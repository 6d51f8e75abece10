/** What is measured on the decoded samples of a file, by the kind of the signal. */
import { sliceSimilarity } from '#core/metric/slices';
import { structuralSimilarity } from '#core/metric/ssim';
import { voxelQuality, type Signal } from '#core/signal/subject';
import { voxelsOf } from '#core/signal/volume';
import type { Subject } from './subject';

export interface SampleQuality {
  /** dB; null when identical. */
  readonly psnr: number | null;
  readonly ssim: number | null;
  readonly msSsim: number | null;
  /** Of volumes, in the voxels' own units. */
  readonly maximumError?: number;
}

export async function qualityOf(signal: Signal, subject: Subject, samples: Uint8Array | Uint16Array, abort: AbortSignal): Promise<SampleQuality> {
  const psnr = subject.decibel(samples);
  switch (signal.kind) {
    case 'grid':
      return { psnr, ...(await structuralSimilarity(signal, { ...signal, samples }, { signal: abort })) };
    case 'volume': {
      const { maximumError } = voxelQuality(signal.voxels, voxelsOf(samples, signal.metadata));
      return { psnr, ssim: await sliceSimilarity(signal, samples, { signal: abort }), msSsim: null, maximumError };
    }
    case 'surface':
      return { psnr, ssim: null, msSsim: null };
    default:
      return signal satisfies never;
  }
}
