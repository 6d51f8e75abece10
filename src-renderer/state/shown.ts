/** What the stage shows beside the original: samples of the network as their kind is looked at, or a texture that the trainer writes. */
import type { SignalInfo } from '#main/ipc/contract';
import type { DistanceGrid, SurfaceNetwork } from '../preview/surface/surface-view';
import type { VolumePicture } from '../preview/volume/volume-view';
import { distanceGrid } from './surface';

type Samples = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;
/** The float model while it learns, or what a file decodes to. */
type Label = 'live' | 'decoded';

export type Shown =
  | { readonly kind: 'pixels'; readonly label: Label; readonly size: readonly number[]; readonly channels: number; readonly type: 'uint8' | 'uint16'; readonly alpha: boolean; readonly samples: Samples }
  | { readonly kind: 'texture'; readonly label: 'live'; readonly size: readonly [number, number]; readonly texture: GPUTexture; readonly device: GPUDevice }
  | { readonly kind: 'voxels'; readonly label: Label; readonly volume: VolumePicture }
  /** Of surfaces the network too, where it lives in this window: it is traced on its device. */
  | { readonly kind: 'distances'; readonly label: Label; readonly grid: DistanceGrid; readonly network?: SurfaceNetwork };

/** Samples of the network on a grid, which may be smaller than the original's. */
export interface SampleGrid {
  readonly size: readonly number[];
  readonly channels: number;
  readonly type: 'uint8' | 'uint16';
  readonly samples: Samples;
}

/** What `facts` tells of the original or of the file decides how its samples are shown. */
export function shownSamples(facts: Pick<SignalInfo, 'kind' | 'alpha' | 'volume' | 'surface'>, grid: SampleGrid, label: Label): Shown {
  const { kind, alpha, volume, surface } = facts;
  if (kind === 'volume' && volume) return { kind: 'voxels', label, volume: { ...grid, metadata: volume } };
  if (kind === 'surface' && surface) return { kind: 'distances', label, grid: distanceGrid(grid.size, grid.samples, surface.truncation) };
  return { kind: 'pixels', label, ...grid, alpha };
}
