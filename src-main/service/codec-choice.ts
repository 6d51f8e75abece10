/** Which codecs answer for a signal: those of pictures or those of volumes; surfaces have none here. */
import type { Signal } from '#core/signal/subject';
import type { CodecRow } from '../ipc/contract';
import type { Goal } from './codec-trial';
import { CODEC_NAMES, compareCodecs } from './codecs';
import { compareVolumeCodecs, type VolumeCodecOptions } from './volume-codecs';
import { VOLUME_CODEC_NAMES } from './volume-programs';

export interface ComparisonWanted extends Goal, VolumeCodecOptions {
  /** Of any kind, in the order of the rows. */
  readonly codecs: readonly string[];
}

function among<Name extends string>(names: readonly Name[], wanted: readonly string[]): Name[] {
  return wanted.filter((name): name is Name => (names as readonly string[]).includes(name));
}

/** One row for each of the codecs that codes this kind of signal. Throws what compareCodecs and compareVolumeCodecs throw. */
export async function compareWith(signal: Signal, { codecs, ...wanted }: ComparisonWanted): Promise<CodecRow[]> {
  switch (signal.kind) {
    case 'grid':
      return compareCodecs({ ...wanted, signal, codecs: among(CODEC_NAMES, codecs) });
    case 'volume':
      return compareVolumeCodecs({ ...wanted, signal, codecs: among(VOLUME_CODEC_NAMES, codecs) });
    case 'surface':
      return [];
    default:
      return signal satisfies never;
  }
}
