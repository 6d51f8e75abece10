/**
 * View maths of the stage: where the picture lies on the screen and which sample lies under the cursor.
 *
 * Two frames are used. The view frame counts device pixels of the canvas, origin top left, y down. The picture frame counts
 * samples of the picture, origin at the top left corner of sample (0, 0), so that sample (x, y) covers [x, x+1) x [y, y+1).
 * `zoom` is device pixels per sample: 1 shows every sample as exactly one pixel of the screen, whatever the pixel ratio.
 *
 * Invariants: zoomAt keeps the picture point under the cursor where it is (unless a limit stops it); the centre of the view
 * never leaves the picture; a fitted view stays fitted when the canvas or the picture changes its size. At whole-numbered
 * zoom the picture's corner is snapped to a device pixel, so that nearest filtering shows sample values unchanged.
 */

export type Point = readonly [x: number, y: number];
export type Extent = readonly [width: number, height: number];

export type StageMode = 'original' | 'split' | 'reconstruction' | 'error';
export type SplitDirection = 'vertical' | 'horizontal';
/** 'auto' takes hard sample edges from AUTO_NEAREST_ZOOM on. */
export type StageFilter = 'auto' | 'nearest' | 'smooth';
export type ErrorMetric = 'absolute' | 'squared' | 'signed';

export interface ViewState {
  readonly mode: StageMode;
  /** Place of the dividing line as a fraction of the view, 0 to 1. The original lies before it. */
  readonly split: number;
  /** 'vertical': a vertical line, original on the left. 'horizontal': a horizontal line, original above. */
  readonly splitDirection: SplitDirection;
  /** Held down: the other picture in place of the one shown (the original for split, reconstruction and error). */
  readonly flip: boolean;
  /** The picture is kept fitted to the view; zoom and centre then follow from the sizes. */
  readonly fitted: boolean;
  /** Device pixels per sample. */
  readonly zoom: number;
  /** The point of the picture in the middle of the view, in samples. */
  readonly centre: Point;
  readonly filter: StageFilter;
  readonly errorMetric: ErrorMetric;
  /** The error at the end of the colour scale, in sample units of 255; squared errors end at its square. */
  readonly errorMaximum: number;
}

export const INITIAL_VIEW: ViewState = {
  mode: 'split',
  split: 0.5,
  splitDirection: 'vertical',
  flip: false,
  fitted: true,
  zoom: 1,
  centre: [0, 0],
  filter: 'auto',
  errorMetric: 'absolute',
  errorMaximum: 32,
};

/** From this zoom on, 'auto' shows samples as squares: below it they are too small to be told apart. */
export const AUTO_NEAREST_ZOOM = 2;
export const MAXIMUM_ZOOM = 64;
/** The smallest extent of a picture on the screen, in device pixels, that zooming out stops at. */
const MINIMUM_EXTENT = 48;

/** The zoom at which the whole picture is seen, with `margin` device pixels free on every side. */
export function fitZoom(view: Extent, picture: Extent, margin = 0): number {
  const width = Math.max(1, view[0] - 2 * margin);
  const height = Math.max(1, view[1] - 2 * margin);
  const zoom = Math.min(width / Math.max(1, picture[0]), height / Math.max(1, picture[1]));
  return Math.min(MAXIMUM_ZOOM, zoom);
}

/** Smallest and largest zoom for a picture; the range always contains the fitted zoom and 1. */
export function zoomLimits(view: Extent, picture: Extent, margin = 0): readonly [number, number] {
  const smallest = MINIMUM_EXTENT / Math.max(1, picture[0], picture[1]);
  return [Math.min(1, smallest, fitZoom(view, picture, margin)), MAXIMUM_ZOOM];
}

/** The state fitted to the view. */
export function fit(state: ViewState, view: Extent, picture: Extent, margin = 0): ViewState {
  return { ...state, fitted: true, zoom: fitZoom(view, picture, margin), centre: [picture[0] / 2, picture[1] / 2] };
}

/** Brings zoom and centre into their limits; a fitted state is fitted anew. */
export function constrain(state: ViewState, view: Extent, picture: Extent, margin = 0): ViewState {
  const split = Math.min(1, Math.max(0, state.split));
  if (state.fitted) return fit({ ...state, split }, view, picture, margin);
  const [smallest, largest] = zoomLimits(view, picture, margin);
  return {
    ...state,
    split,
    zoom: Math.min(largest, Math.max(smallest, state.zoom)),
    centre: [Math.min(picture[0], Math.max(0, state.centre[0])), Math.min(picture[1], Math.max(0, state.centre[1]))],
  };
}

/** The point of the picture under a point of the view. */
export function viewToPicture(state: ViewState, view: Extent, point: Point): Point {
  return [state.centre[0] + (point[0] - view[0] / 2) / state.zoom, state.centre[1] + (point[1] - view[1] / 2) / state.zoom];
}

/** The point of the view over a point of the picture. */
export function pictureToView(state: ViewState, view: Extent, point: Point): Point {
  return [view[0] / 2 + (point[0] - state.centre[0]) * state.zoom, view[1] / 2 + (point[1] - state.centre[1]) * state.zoom];
}

/** Zooms by `factor` and keeps the picture point under `point` (device pixels) in its place. */
export function zoomAt(state: ViewState, view: Extent, picture: Extent, point: Point, factor: number, margin = 0): ViewState {
  const [smallest, largest] = zoomLimits(view, picture, margin);
  const zoom = Math.min(largest, Math.max(smallest, state.zoom * factor));
  const held = viewToPicture(state, view, point);
  const centre: Point = [held[0] - (point[0] - view[0] / 2) / zoom, held[1] - (point[1] - view[1] / 2) / zoom];
  return constrain({ ...state, fitted: false, zoom, centre }, view, picture, margin);
}

/** Moves the picture by a distance in device pixels. */
export function panBy(state: ViewState, view: Extent, picture: Extent, distance: Point, margin = 0): ViewState {
  const centre: Point = [state.centre[0] - distance[0] / state.zoom, state.centre[1] - distance[1] / state.zoom];
  return constrain({ ...state, fitted: false, centre }, view, picture, margin);
}

/**
 * Where the picture's top left corner is drawn, in device pixels. Snapped to whole pixels where the zoom is a whole number;
 * the fitted picture is snapped too, since half a pixel of position is not worth a blurred edge.
 */
export function drawnOrigin(state: ViewState, view: Extent): Point {
  const [x, y] = pictureToView(state, view, [0, 0]);
  return state.fitted || Number.isInteger(state.zoom) ? [Math.round(x), Math.round(y)] : [x, y];
}

/** The sample drawn under a point of the view, or null beside the picture. Agrees with the shader to the pixel. */
export function sampleUnder(state: ViewState, view: Extent, picture: Extent, point: Point): readonly [number, number] | null {
  const origin = drawnOrigin(state, view);
  const x = Math.floor((point[0] - origin[0]) / state.zoom);
  const y = Math.floor((point[1] - origin[1]) / state.zoom);
  return x >= 0 && y >= 0 && x < picture[0] && y < picture[1] ? [x, y] : null;
}

/** What is drawn, given what is there: without a reconstruction only the original can be shown, and the other way round. */
export function effectiveMode(mode: StageMode, hasOriginal: boolean, hasReconstruction: boolean): StageMode | null {
  if (hasOriginal && hasReconstruction) return mode;
  if (hasOriginal) return 'original';
  return hasReconstruction ? 'reconstruction' : null;
}

/**
 * How the samples of one texture are filtered. `sharpness` is the slope of the blend between neighbours in units of a texel:
 * 1 is bilinear, the magnification gives squares with edges one device pixel wide, infinity hard squares. `taps` x `taps`
 * points are averaged in each pixel of the screen where the picture is made smaller.
 */
export interface Filtering {
  readonly sharpness: number;
  readonly taps: number;
}

/** A sharpness from which on one texel is read and nothing is blended. */
export const HARD = 1e6;
/** Points along an edge of a pixel that graphics hardware averages without being noticed. */
export const MAXIMUM_TAPS = 6;

/**
 * `magnification`: device pixels per texel of this texture; `coarse`: a preview with fewer texels than the picture; `limit`:
 * the most taps that the device can afford (1 is a draft).
 */
export function filtering(filter: StageFilter, magnification: number, coarse: boolean, limit = MAXIMUM_TAPS): Filtering {
  if (magnification < 1) {
    if (filter === 'nearest') return { sharpness: HARD, taps: 1 };
    // Half as many points again as texels, each reading one texel: close to the mean over the pixel's area.
    const taps = Math.min(limit, Math.ceil(1.5 / magnification - 1e-6));
    return { sharpness: taps > 1 ? HARD : 1, taps };
  }
  const nearest = filter === 'nearest' || (filter === 'auto' && !coarse && magnification >= AUTO_NEAREST_ZOOM);
  return { sharpness: nearest ? Math.max(1, magnification) : 1, taps: 1 };
}

/** A view of `scale` times as many pixels along each edge, at least one. */
export function scaled(view: Extent, scale: number): Extent {
  return [Math.max(1, Math.round(view[0] * scale)), Math.max(1, Math.round(view[1] * scale))];
}
