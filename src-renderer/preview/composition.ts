/**
 * From the state of the view to the numbers that the shader takes: where each texture lies, what each side of the dividing
 * line shows, how errors become positions on the colour scale. Positions are worked out in double precision and split into a
 * whole texel and a rest, see shader.ts.
 */
import { METRIC, SOURCE, type Placement, type StageMaterial } from './shader';
import { channelWeights } from './texels';
import { drawnOrigin, filtering, type Extent, type Point, type StageMode, type ViewState } from './view';

/** One of the two textures as it is on the device. */
export interface Layer {
  /** Samples of the picture that it shows. */
  readonly size: Extent;
  readonly texels: Extent;
  /** Samples averaged along an edge of a texel. */
  readonly reduction: number;
}

export interface Composition {
  readonly state: ViewState;
  /** Device pixels of the canvas. */
  readonly view: Extent;
  /** Device pixels per CSS pixel. */
  readonly ratio: number;
  /** The frame both pictures are stretched over, in samples; null shows nothing. */
  readonly frame: Extent | null;
  /** What is shown, given what is there (effectiveMode). */
  readonly mode: StageMode | null;
  readonly original: (Layer & { readonly channels: number; readonly alpha: boolean }) | null;
  readonly reconstruction: Layer | null;
  /** The most points along an edge of a pixel that may be averaged. */
  readonly taps: number;
}

/** Edge of a square of the checkerboard in CSS pixels. */
const CHECKER_SQUARE = 8;

/** Sets the uniforms for the next frame. Returns whether the picture is made smaller, so that more taps would look better. */
export function compose(uniforms: StageMaterial['uniforms'], scene: Composition): boolean {
  const { state, view, frame, mode, original, reconstruction } = scene;
  uniforms.view.value.set(view[0], view[1]);
  if (!frame || !mode) {
    uniforms.frame.value.set(0, 0, 0, 0);
    return false;
  }
  const origin = drawnOrigin(state, view);
  uniforms.frame.value.set(origin[0], origin[1], origin[0] + frame[0] * state.zoom, origin[1] + frame[1] * state.zoom);

  const line = mode === 'split' && !state.flip ? state.split : -1;
  const vertical = state.splitDirection === 'vertical';
  uniforms.divide.value.set(vertical ? Math.round(line * view[0]) : -1, vertical ? -1 : Math.round(line * view[1]));
  const other = original && (mode !== 'original' || !reconstruction) ? SOURCE.original : SOURCE.reconstruction;
  uniforms.first.value = SOURCE.original;
  uniforms.second.value = state.flip ? other : mode === 'split' ? SOURCE.reconstruction : SOURCE[mode];

  const taps = [place(uniforms.original, original, scene, frame, origin), place(uniforms.reconstruction, reconstruction, scene, frame, origin)];
  uniforms.taps.value = Math.max(...taps);

  const gain = 255 / Math.max(1e-3, state.errorMaximum);
  uniforms.metric.value = METRIC[state.errorMetric];
  uniforms.gain.value = state.errorMetric === 'squared' ? gain * gain : state.errorMetric === 'signed' ? gain / 2 : gain;
  uniforms.bias.value = state.errorMetric === 'signed' ? 0.5 : 0;
  if (original) uniforms.weights.value.set(...channelWeights(original.channels, original.alpha));
  uniforms.square.value = Math.max(1, Math.round(CHECKER_SQUARE * scene.ratio));
  return [original, reconstruction].some((layer) => layer !== null && state.zoom * frame[0] < layer.texels[0]);
}

/** Sets where a texture lies; returns how many points an edge of a pixel is averaged over. */
function place(uniforms: Placement, layer: Layer | null, { state, mode, taps: limit }: Composition, frame: Extent, origin: Point): number {
  if (!layer) return 1;
  // The last block of a reduced picture may be cut: its texel covers less than the others.
  const covered = [layer.size[0] / layer.reduction, layer.size[1] / layer.reduction] as const;
  const pace = [covered[0] / (frame[0] * state.zoom), covered[1] / (frame[1] * state.zoom)] as const;
  const corner = [-origin[0] * pace[0], -origin[1] * pace[1]] as const;
  const anchor = [Math.floor(corner[0]), Math.floor(corner[1])] as const;
  uniforms.extent.value.set(layer.texels[0], layer.texels[1]);
  uniforms.anchor.value.set(anchor[0], anchor[1]);
  uniforms.shift.value.set(corner[0] - anchor[0], corner[1] - anchor[1]);
  uniforms.pace.value.set(pace[0], pace[1]);
  const coarse = layer.size[0] < frame[0] || layer.size[1] < frame[1];
  const magnification = 1 / Math.max(pace[0], pace[1]);
  // Errors belong to samples: between two blended pictures they would vanish wherever their sign changes.
  const filter = mode === 'error' && state.filter === 'auto' && !coarse && magnification >= 1 ? 'nearest' : state.filter;
  const { sharpness, taps } = filtering(filter, magnification, coarse, limit);
  uniforms.sharpness.value = sharpness;
  return taps;
}
