/**
 * What the view of volumes shows and how: one plain object that can be stored, compared and set from outside. Lengths are fractions of the
 * box (0 to 1 along each axis of the grid), values are fractions of the range of codes (VolumeMetadata.range), so that a state fits
 * every volume and a smaller preview of the same volume.
 */
import type { SampleType } from '#core/signal/signal';
import type { VolumeMetadata } from '#core/signal/volume';
import { effectiveMode, type StageMode } from '../view';
import { fullBox, type ClipBox } from './clip';
import { INITIAL_CAMERA, type OrbitCamera } from './orbit';
import type { OpacityPoint } from './transfer';
import type { VolumeMap } from './volume-maps';

/** Codes on a grid, interleaved, x fastest, with what makes voxels of them. A new object for every new state. */
export interface VolumePicture {
  readonly size: readonly number[];
  readonly channels: number;
  readonly type: SampleType;
  readonly samples: Uint8Array | Uint16Array;
  readonly metadata: VolumeMetadata;
}

export type VolumeLayout = 'space' | 'slices' | 'quad';
/** How a ray becomes a colour: transfer function, largest value, mean, or the first place where the level is reached. */
export type Technique = 'composite' | 'maximum' | 'average' | 'surface';
export type Triple = readonly [number, number, number];

export interface VolumeViewState {
  readonly layout: VolumeLayout;
  readonly mode: StageMode;
  /** Held down: the other volume in place of the one shown. */
  readonly flip: boolean;
  /** Place of the dividing line of slices, 0 to 1. */
  readonly split: number;
  readonly technique: Technique;
  readonly map: VolumeMap;
  /** Values at the ends of the colour map; null: from percentiles. */
  readonly window: readonly [number, number] | null;
  /** Opacity over the window, by growing `at`; null: from the histogram. */
  readonly opacity: readonly OpacityPoint[] | null;
  /** Multiplies opacity and the brightness of the mean. */
  readonly density: number;
  /** Value of the isosurface; null: the threshold that parts the histogram best. */
  readonly level: number | null;
  /** Light from the camera on composites. */
  readonly shading: boolean;
  readonly clip: ClipBox;
  /** Edges of the box and the cross of axes. */
  readonly box: boolean;
  readonly camera: OrbitCamera;
  /** Where the three slices meet. */
  readonly crosshair: Triple;
  /** 1: slices are fitted to their panes. */
  readonly sliceZoom: number;
  /** The point in the middle of the panes. */
  readonly sliceCentre: Triple;
  /** Slices blend between voxels, or show them as squares. */
  readonly smooth: boolean;
  /** Which channel is shown; 'rgb': the first three as colours on slices, their mean in space. */
  readonly channel: number | 'rgb';
  readonly errorMetric: 'absolute' | 'signed';
  /** Error at the end of the colour scale, as a fraction of the range. */
  readonly errorMaximum: number;
}

export const INITIAL_VOLUME_VIEW: VolumeViewState = {
  layout: 'quad',
  mode: 'split',
  flip: false,
  split: 0.5,
  technique: 'composite',
  map: 'bone',
  window: null,
  opacity: null,
  density: 1,
  level: null,
  shading: true,
  clip: fullBox(),
  box: true,
  camera: INITIAL_CAMERA,
  crosshair: [0.5, 0.5, 0.5],
  sliceZoom: 1,
  sliceCentre: [0.5, 0.5, 0.5],
  smooth: true,
  channel: 0,
  errorMetric: 'absolute',
  errorMaximum: 1 / 16,
};

export type VolumeSource = 'original' | 'reconstruction' | 'error';

/** What is shown from left to right, given what there is: one volume, or both. Empty: nothing. */
export function shownSources(view: Pick<VolumeViewState, 'mode' | 'flip'>, hasOriginal: boolean, hasReconstruction: boolean): readonly VolumeSource[] {
  const mode = effectiveMode(view.mode, hasOriginal, hasReconstruction);
  if (mode === null) return [];
  if (view.flip && hasOriginal && hasReconstruction) return [mode === 'original' ? 'reconstruction' : 'original'];
  return mode === 'split' ? ['original', 'reconstruction'] : [mode];
}

/** The channel that is drawn as a single value, -1 for the mean of the first three. */
export function drawnChannel(channel: number | 'rgb', channels: number): number {
  if (channel === 'rgb') return channels >= 3 ? -1 : 0;
  return Math.min(Math.max(0, channel), channels - 1);
}
