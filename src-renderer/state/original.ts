/** What was opened to be fitted, by kind, with its data here: the stage shows it, and a fit on the GPU learns it. */
import type { RequestOf, SignalInfo } from '#main/ipc/contract';
import { samplesOf, type Client } from '../client';
import type { VolumePicture } from '../preview/volume/volume-view';
import { readSurface, type Surface } from './surface';
import { thumbnailOf, type Thumbnail } from './thumbnail';

export interface Picture {
  readonly kind: 'grid';
  readonly info: SignalInfo;
  readonly samples: Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;
  readonly thumbnail: Thumbnail | null;
}

export interface Volume {
  readonly kind: 'volume';
  readonly info: SignalInfo;
  /** Codes, and what makes voxels of them. */
  readonly volume: VolumePicture;
  /** How raw voxels lie, where the user said it. */
  readonly raw: RequestOf<'file.load'>['raw'] | null;
  readonly thumbnail: Thumbnail | null;
}

export type Original = Picture | Volume | Surface;

/** Reads the data of what main has opened. Throws what reading throws. */
export async function readOriginal(client: Client, info: SignalInfo, raw: Volume['raw'] = null): Promise<Original> {
  if (info.kind === 'surface') return readSurface(client, info);
  const samples = samplesOf(await client.readSamples({ signal: info.signal }, info.dataBytes), info.type);
  const thumbnail = thumbnailOf(info, samples);
  if (info.kind === 'grid') return { kind: 'grid', info, samples, thumbnail };
  const { size, channels, type, volume: metadata } = info;
  if (!metadata) throw new Error('Main told nothing of the voxels of a volume.');
  return { kind: 'volume', info, volume: { size, channels, type, samples, metadata }, raw, thumbnail };
}
