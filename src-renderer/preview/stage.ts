/**
 * ImageStage: the picture in the middle of the window, drawn by three.js. Original, reconstruction, both with a dividing
 * line, or their error, pixel for pixel.
 *
 * It draws on demand: whatever changes asks for one frame, and at most one frame is pending. It shares the trainer's
 * GPUDevice when there is one, so that a texture written by a compute pass is shown without a copy; else it takes WebGL2,
 * which is there wherever pictures can be drawn, and WebGPU only when WebGL2 is missing. Numbers given to a user (readout)
 * come from the sample arrays, never from the screen.
 *
 * A stage whose device is lost stays blank: its owner disposes of it and creates another on a new canvas (`onLost` says so).
 */
import { QuadMesh, type WebGPURenderer } from 'three/webgpu';
import { StudioError } from '#core/errors';
import { compose } from './composition';
import { drawingDevice, type DrawingDevice } from './device';
import { readoutAt, type Picture, type Readout } from './readout';
import { openRenderer } from './renderer';
import { createStageMaterial, type StageMaterial } from './shader';
import { StagePictures, type Reconstruction } from './stage-pictures';
import * as view from './view';
import type { Extent, Point, ViewState } from './view';

export interface StageOptions {
  /** Device of the trainer; absent or null: the stage finds its own way to draw. */
  readonly device?: GPUDevice | null;
  readonly onViewChange?: (state: ViewState) => void;
  /** The device or the drawing context is gone; the stage draws no more. */
  readonly onLost?: (message: string) => void;
  /** After each frame. */
  readonly onFrame?: (statistics: FrameStatistics) => void;
}

export interface FrameStatistics {
  readonly frames: number;
  /** Milliseconds that the last frame took to encode; the GPU may work longer. */
  readonly milliseconds: number;
  readonly backend: 'webgpu' | 'webgl2';
}

/** Device pixels per CSS pixel beyond which more are not worth their cost. */
const MAXIMUM_PIXEL_RATIO = 3;
/** Free space around a fitted picture, in CSS pixels. */
const FIT_MARGIN = 24;

/**
 * What a software renderer is asked for while something moves, and once it rests: points averaged along an edge of a pixel, and
 * pixels of the buffer along an edge of the canvas. It draws on the window's own time, so that a full frame would keep keys waiting.
 */
const SOFTWARE = { moving: { taps: 1, scale: 0.5 }, resting: { taps: 3, scale: 1 } } as const;
const FULL = { taps: view.MAXIMUM_TAPS, scale: 1 } as const;
/** After so many milliseconds without a change a software renderer draws the view once more, properly. */
const REST = 300;
/** The same while reconstructions follow one another, as in a fit. */
const REST_OF_STREAM = 2500;

/** Greys of the checkerboard, encoded, in [0, 1]. */
export const CHECKER = { dark: [0.22, 0.29], light: [0.98, 0.9] } as const;

export class ImageStage {
  #state: ViewState = view.INITIAL_VIEW;
  #view: Extent = [1, 1];
  #ratio = 1;
  #frame = 0;
  #rest: ReturnType<typeof setTimeout> | undefined;
  /** When the reconstruction was last set, and until when its changes count as a stream. */
  #setAt = -Infinity;
  #streamUntil = -Infinity;
  /** Size of the drawing buffer: the view's, or less for a draft. */
  #buffer: Extent = [1, 1];
  #frames = 0;
  #milliseconds = 0;
  #disposed = false;
  #lost = false;
  readonly #observer: ResizeObserver;
  readonly #quad: QuadMesh;
  readonly #shading: StageMaterial;
  readonly #pictures: StagePictures;

  private constructor(
    readonly canvas: HTMLCanvasElement,
    private readonly renderer: WebGPURenderer,
    private readonly device: DrawingDevice,
    private readonly options: StageOptions,
  ) {
    this.#shading = createStageMaterial();
    this.#pictures = new StagePictures(this.#shading, device.maximumExtent, options.device ?? null);
    this.#quad = new QuadMesh(this.#shading.material);
    this.#observer = new ResizeObserver((entries) => this.#resized(entries[0]));
    try {
      this.#observer.observe(canvas, { box: 'device-pixel-content-box' });
    } catch {
      this.#observer.observe(canvas);
    }
    this.#measure();
  }

  /**
   * Prepares drawing on a canvas that has no context yet. Throws StudioError 'device.display' when the machine can show
   * neither WebGL2 nor WebGPU.
   */
  static async create(canvas: HTMLCanvasElement, options: StageOptions = {}): Promise<ImageStage> {
    const device = options.device ?? null;
    let stage: ImageStage | null = null;
    const renderer = await openRenderer(canvas, device, (message) => {
      if (stage) stage.#gone(message || 'The graphics device was lost.');
    });
    stage = new ImageStage(canvas, renderer, drawingDevice(renderer, device), options);
    return stage;
  }

  get state(): ViewState {
    return this.#state;
  }

  /** Size of what is compared, in samples: the original's, else the reconstruction's. Null when nothing is shown. */
  get pictureSize(): Extent | null {
    return this.#pictures.size;
  }

  /** The picture was too large for the device and is drawn from block means; readouts stay exact. */
  get reducedDisplay(): boolean {
    return this.#pictures.reduced;
  }

  get statistics(): FrameStatistics {
    return { frames: this.#frames, milliseconds: this.#milliseconds, backend: this.device.backend };
  }

  /** What is drawn at the moment: the mode, less what is not there. Null: nothing. */
  get shownMode(): view.StageMode | null {
    return view.effectiveMode(this.#state.mode, this.#pictures.original !== null, this.#pictures.reconstruction !== null);
  }

  /** Whether the stage can draw this: a texture only on the device that it belongs to. */
  canShow(reconstruction: Reconstruction): boolean {
    return this.#pictures.canShow(reconstruction);
  }

  /** Shows another original (or none). A change of the picture's size fits the view. Resolves once it is ready to be drawn. */
  async setOriginal(picture: Picture | null): Promise<void> {
    const before = this.pictureSize;
    if (await this.#pictures.setOriginal(picture)) this.#reframe(before);
  }

  /**
   * Shows another reconstruction (or none). It may have fewer samples than the original (a growing preview) and is stretched
   * over the same frame. Setting the same texture again redraws what was written into it. A texture that canShow refuses
   * counts as none.
   */
  async setReconstruction(reconstruction: Reconstruction | null): Promise<void> {
    const before = this.pictureSize;
    const now = performance.now();
    if (now - this.#setAt < REST_OF_STREAM) this.#streamUntil = now + REST_OF_STREAM;
    this.#setAt = now;
    if (await this.#pictures.setReconstruction(reconstruction)) this.#reframe(before);
  }

  /** Changes some of the view state; limits are kept. Setting zoom or centre ends the fit. */
  setView(change: Partial<ViewState>): void {
    const moved = change.fitted === undefined && (change.zoom !== undefined || change.centre !== undefined);
    this.#apply({ ...this.#state, ...(moved ? { fitted: false } : {}), ...change });
  }

  /** Shows the whole picture and keeps it fitted. */
  fit(): void {
    this.#apply({ ...this.#state, fitted: true });
  }

  /** One sample a device pixel, around the middle of the view. */
  oneToOne(): void {
    this.#apply({ ...this.#state, fitted: false, zoom: 1 });
  }

  /** Zooms by `factor` around a place given in client coordinates; the middle of the view when there is none. */
  zoomAt(clientX: number | null, clientY: number | null, factor: number): void {
    const size = this.pictureSize;
    if (!size) return;
    const point: Point = clientX === null || clientY === null ? [this.#view[0] / 2, this.#view[1] / 2] : this.toView(clientX, clientY);
    this.#apply(view.zoomAt(this.#state, this.#view, size, point, factor, this.#margin));
  }

  /** Moves the picture by CSS pixels. */
  panBy(x: number, y: number): void {
    const size = this.pictureSize;
    if (size) this.#apply(view.panBy(this.#state, this.#view, size, [x * this.#ratio, y * this.#ratio], this.#margin));
  }

  /** A place in client coordinates as device pixels of the canvas. */
  toView(clientX: number, clientY: number): Point {
    const box = this.canvas.getBoundingClientRect();
    return [((clientX - box.left) * this.#view[0]) / Math.max(1, box.width), ((clientY - box.top) * this.#view[1]) / Math.max(1, box.height)];
  }

  /** Exact samples under a place in client coordinates, or null beside the picture. */
  readout(clientX: number, clientY: number): Readout | null {
    const size = this.pictureSize;
    const sample = size && view.sampleUnder(this.#state, this.#view, size, this.toView(clientX, clientY));
    if (!size || !sample) return null;
    return readoutAt(this.#pictures.original, this.#pictures.reconstructionSamples, size, sample[0], sample[1], this.#state.errorMetric);
  }

  /** Greys of the checkerboard behind clear samples. */
  setTheme(theme: keyof typeof CHECKER): void {
    this.#shading.uniforms.checker.value.set(CHECKER[theme][0], CHECKER[theme][1]);
    this.requestFrame();
  }

  /** Asks for a frame, for example after a compute pass has written the shown texture. */
  requestFrame(): void {
    clearTimeout(this.#rest);
    if (this.#disposed || this.#lost || this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw(this.device.software ? SOFTWARE.moving : FULL);
    });
  }

  /** Draws now, as well as the device can. */
  render(): void {
    this.#draw(this.device.software ? SOFTWARE.resting : FULL);
  }

  #draw({ taps, scale }: { readonly taps: number; readonly scale: number }): void {
    if (this.#disposed || this.#lost) return;
    const began = performance.now();
    const buffer = view.scaled(this.#view, scale);
    if (buffer[0] !== this.#buffer[0] || buffer[1] !== this.#buffer[1]) {
      this.#buffer = buffer;
      this.renderer.setSize(buffer[0], buffer[1], false);
    }
    const smaller = compose(this.#shading.uniforms, {
      state: { ...this.#state, zoom: this.#state.zoom * scale },
      view: buffer,
      ratio: this.#ratio * scale,
      frame: this.pictureSize,
      mode: this.shownMode,
      ...this.#pictures.layers(),
      taps,
    });
    try {
      this.#quad.render(this.renderer);
    } catch (error) {
      // A context that has just been lost throws before its loss is announced.
      this.#gone(error instanceof Error ? error.message : String(error));
      return;
    }
    this.#milliseconds = performance.now() - began;
    this.#frames++;
    clearTimeout(this.#rest);
    if (this.device.software && (scale < 1 || (smaller && taps < SOFTWARE.resting.taps))) {
      this.#rest = setTimeout(() => this.render(), performance.now() < this.#streamUntil ? REST_OF_STREAM : REST);
    }
    this.options.onFrame?.(this.statistics);
  }

  /** The view as it is on the screen, as a PNG; clear beside the picture. */
  async capture(): Promise<Blob> {
    this.render();
    // In the same task as the drawing: the buffer is handed to the compositor, and emptied, when the task ends.
    return new Promise((resolve, reject) => {
      this.canvas.toBlob((blob) => {
        if (blob) resolve(blob);
        else reject(new StudioError('failed', 'display.capture', 'The view could not be captured: make the window smaller and try again.'));
      }, 'image/png');
    });
  }

  /** Frees everything that the stage made. A shared device and a shared texture stay as they are. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#rest);
    this.#observer.disconnect();
    this.#pictures.dispose();
    this.#shading.dispose();
    void Promise.resolve(this.renderer.dispose()).catch(() => undefined);
  }

  get #margin(): number {
    return Math.min(FIT_MARGIN * this.#ratio, Math.min(this.#view[0], this.#view[1]) / 8);
  }

  #gone(message: string): void {
    if (this.#disposed || this.#lost) return;
    this.#lost = true;
    cancelAnimationFrame(this.#frame);
    this.options.onLost?.(message);
  }

  #reframe(before: Extent | null): void {
    if (this.#disposed) return;
    const size = this.pictureSize;
    const same = before && size && before[0] === size[0] && before[1] === size[1];
    if (size && !same) this.#apply({ ...this.#state, fitted: true });
    this.requestFrame();
  }

  #apply(state: ViewState): void {
    const size = this.pictureSize;
    this.#state = size ? view.constrain(state, this.#view, size, this.#margin) : state;
    this.requestFrame();
    this.options.onViewChange?.(this.#state);
  }

  #measure(): void {
    const box = this.canvas.getBoundingClientRect();
    const ratio = window.devicePixelRatio || 1;
    this.#setSize([Math.round(box.width * ratio), Math.round(box.height * ratio)], ratio);
  }

  #resized(entry: ResizeObserverEntry | undefined): void {
    const exact = entry?.devicePixelContentBoxSize?.[0];
    const ratio = window.devicePixelRatio || 1;
    // An emulated pixel ratio (device toolbars, tests) is not known to the observer: then the box is measured.
    const plausible = exact && Math.abs(exact.inlineSize - entry.contentRect.width * ratio) < 2;
    if (plausible) this.#setSize([exact.inlineSize, exact.blockSize], ratio);
    else this.#measure();
    // The new buffer is empty: drawn before the page is painted, it does not flicker.
    this.render();
  }

  #setSize(size: Extent, ratio: number): void {
    const scale = Math.min(1, MAXIMUM_PIXEL_RATIO / ratio, this.device.maximumExtent / Math.max(size[0], size[1], 1));
    this.#view = [Math.max(1, Math.round(size[0] * scale)), Math.max(1, Math.round(size[1] * scale))];
    this.#ratio = ratio * scale;
    this.renderer.setPixelRatio(1);
    this.#apply(this.#state);
  }

}
