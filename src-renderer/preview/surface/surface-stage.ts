/**
 * SurfaceStage: a surface and its reconstruction on a canvas, drawn by three.js. It follows the rules of the stage for pictures: a frame is drawn
 * on demand, at most one is pending; it shares the trainer's GPUDevice where there is one and draws with WebGL2 else; a stage whose device is
 * lost stays blank, and its owner makes another.
 *
 * A software renderer draws coarsely while something moves, as finely as it keeps up with, and once more properly when the view rests. Its time
 * is measured by waiting for its pixels, so that frames never pile up.
 */
import type { WebGPURenderer } from 'three/webgpu';
import { StudioError } from '#core/errors';
import { drawingDevice, type DrawingDevice } from '../device';
import { openRenderer } from '../renderer';
import { errorFacts, suitedMaximum, type ErrorFacts } from './heat';
import { constrainCamera, diagonalOf, frameBox, orbitBy, panBy, rayThrough, zoomBy, type Ray } from './orbit';
import { NetworkTrace } from './network-trace';
import { nextScale, restScale } from './pacing';
import { pickField, pickMesh, type Hit } from './pick';
import { SurfaceScene } from './scene';
import { constrainSurfaceView, effectiveMode, effectiveSource, INITIAL_SURFACE_VIEW, panesOf, type Available, type DistanceGrid, type Pane, type SurfaceMode, type SurfaceNetwork, type SurfacePicture, type SurfaceViewState } from './surface-view';

export interface SurfaceStageOptions {
  readonly device?: GPUDevice | null;
  readonly onViewChange?: (state: SurfaceViewState) => void;
  readonly onLost?: (message: string) => void;
  /** The network cannot be traced on this device. */
  readonly onFault?: (message: string) => void;
  readonly onFrame?: (statistics: SurfaceStatistics) => void;
}

export interface SurfaceStatistics {
  readonly frames: number;
  /** Milliseconds of the last frame: until its pixels were there on a software renderer, until it was encoded elsewhere. */
  readonly milliseconds: number;
  /** Share of the pixels along an edge that it had. */
  readonly scale: number;
  readonly backend: 'webgpu' | 'webgl2';
  readonly software: boolean;
  /** What the reconstruction of the last frame was drawn from. */
  readonly source: ReturnType<typeof effectiveSource>;
}

const MAXIMUM_PIXEL_RATIO = 3;
/** Milliseconds of rest after which a software renderer draws properly; longer while reconstructions follow one another. */
const REST = 220;
const REST_OF_STREAM = 2500;
/** Share of the view that stays free around a framed surface. */
const FRAME_MARGIN = 0.12;

export class SurfaceStage {
  #state: SurfaceViewState = INITIAL_SURFACE_VIEW;
  readonly #scene = new SurfaceScene();
  #size: readonly [number, number] = [1, 1];
  #buffer: readonly [number, number] = [0, 0];
  #ratio = 1;
  #scale = 0.5;
  #frame = 0;
  #rest: ReturnType<typeof setTimeout> | undefined;
  #streamUntil = -Infinity;
  #setAt = -Infinity;
  #frames = 0;
  #milliseconds = 0;
  #source: SurfaceStatistics['source'] = null;
  /** Milliseconds of a software renderer for a pixel, as measured last. */
  #pixelTime = 0;
  #light = false;
  #gone = false;
  #facts: ErrorFacts = { mean: 0, high: 0, worst: 0 };
  readonly #network: NetworkTrace | null;
  readonly #observer: ResizeObserver;

  private constructor(
    readonly canvas: HTMLCanvasElement,
    private readonly renderer: WebGPURenderer,
    private readonly device: DrawingDevice,
    private readonly options: SurfaceStageOptions,
  ) {
    // Only on a device of both can what one computes be drawn by the other.
    const shared = options.device ?? null;
    this.#network = shared && new NetworkTrace(shared, device.software, () => this.#draw(false), (message) => options.onFault?.(message));
    renderer.autoClear = false;
    renderer.setPixelRatio(1);
    this.#observer = new ResizeObserver(() => this.#measure());
    this.#observer.observe(canvas);
    this.#measure();
  }

  /** Prepares drawing on a canvas without a context. Throws StudioError 'device.display' where nothing can draw. */
  static async create(canvas: HTMLCanvasElement, options: SurfaceStageOptions = {}): Promise<SurfaceStage> {
    let stage: SurfaceStage | null = null;
    const renderer = await openRenderer(canvas, options.device ?? null, (message) => {
      if (stage) stage.#lose(message || 'The graphics device was lost.');
    }, { depth: true, antialias: true });
    stage = new SurfaceStage(canvas, renderer, drawingDevice(renderer, options.device ?? null), options);
    return stage;
  }

  get state(): SurfaceViewState {
    return this.#state;
  }

  get statistics(): SurfaceStatistics {
    const { backend, software } = this.device;
    return { frames: this.#frames, milliseconds: this.#milliseconds, scale: this.#buffer[0] / this.#size[0], backend, software, source: this.#source };
  }

  get errorFacts(): ErrorFacts {
    return this.#facts;
  }

  /** End of the error scale in per cent of the diagonal: as set, or as suits the data. */
  get errorMaximum(): number {
    return this.#state.errorMaximum ?? suitedMaximum(this.#facts);
  }

  get shownMode(): SurfaceMode | null {
    return effectiveMode(this.#state.mode, this.#available, this.#scene.reconstruction?.errors !== undefined);
  }

  setOriginal(picture: SurfacePicture | null): void {
    this.#change(() => this.#scene.setOriginal(picture));
  }

  setReconstruction(picture: SurfacePicture | null): void {
    this.#change(() => this.#scene.setReconstruction(picture));
  }

  setField(grid: DistanceGrid | null): void {
    const now = performance.now();
    if (now - this.#setAt < REST_OF_STREAM) this.#streamUntil = now + REST_OF_STREAM;
    this.#setAt = now;
    this.#change(() => this.#scene.setField(grid));
  }

  /** Takes the network that is traced; without a shared device it is not. */
  setNetwork(network: SurfaceNetwork | null): void {
    if (this.#gone || !this.#network) return;
    this.#network.set(network);
    this.#change(() => (this.#scene.hasNetwork = network !== null));
  }

  setTheme(theme: 'dark' | 'light'): void {
    this.#light = theme === 'light';
    this.requestFrame();
  }

  /** Changes some of the state. A camera that is set by hand is no longer kept framed. */
  setView(change: Partial<SurfaceViewState>): void {
    const before = this.#state;
    const reframe = change.fitted === true || (change.up !== undefined && change.up !== before.up) || (change.layout !== undefined && change.layout !== before.layout) || (change.mode !== undefined && change.mode !== before.mode);
    const next = constrainSurfaceView({ ...before, ...change });
    this.#state = { ...next, camera: constrainCamera(next.camera) };
    if (reframe && this.#state.fitted) this.#reframe();
    this.#changed();
  }

  /** Shows the whole surface from where the camera is, and keeps it framed. */
  fit(): void {
    this.#state = { ...this.#state, fitted: true };
    this.#reframe();
    this.#changed();
  }

  /** Turns by CSS pixels. */
  orbit(x: number, y: number): void {
    this.#move(orbitBy(this.#state.camera, x * this.#ratio, y * this.#ratio, this.#size[1]), this.#state.fitted);
  }

  /** Moves by CSS pixels. */
  pan(x: number, y: number): void {
    this.#move(panBy(this.#state.camera, this.#state.up, x * this.#ratio, y * this.#ratio, this.#size[1]), false);
  }

  /** Zooms around a place in client coordinates; around the middle of the view when there is none. */
  zoomAt(clientX: number | null, clientY: number | null, factor: number): void {
    const [x, y] = clientX === null || clientY === null ? [0, 0] : this.#fromMiddle(clientX, clientY).place;
    this.#move(zoomBy(this.#state.camera, this.#state.up, factor, x, y, this.#size[1]), false);
  }

  /** Makes what lies under a place the point that the camera turns around. False where nothing lies there. */
  pivotAt(clientX: number, clientY: number): boolean {
    const hit = this.pick(clientX, clientY);
    if (!hit) return false;
    this.#move({ ...this.#state.camera, pivot: hit.point }, false);
    return true;
  }

  /** What lies under a place in client coordinates. */
  pick(clientX: number, clientY: number): Hit | null {
    const { pane, place } = this.#fromMiddle(clientX, clientY);
    if (!pane) return null;
    const ray: Ray = rayThrough(this.#state.camera, this.#state.up, place[0], place[1], this.#size[1]);
    if (pane.shows === 'original') return this.#scene.original && pickMesh(this.#scene.original.mesh, ray);
    const source = effectiveSource(this.#state.source, this.#available);
    if (source === 'mesh' || pane.shows === 'error') return this.#scene.reconstruction && pickMesh(this.#scene.reconstruction.mesh, ray);
    return this.#scene.grid && pickField(this.#scene.grid, ray);
  }

  requestFrame(): void {
    clearTimeout(this.#rest);
    if (this.#gone || this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw(this.device.software || this.#traces);
    });
  }

  /** The views as a PNG, drawn properly; clear beside the surface. */
  async capture(): Promise<Blob> {
    this.#draw(false);
    return new Promise((resolve, reject) => {
      this.canvas.toBlob((blob) => {
        if (blob) resolve(blob);
        else reject(new StudioError('failed', 'display.capture', 'The view could not be captured: make the window smaller and try again.'));
      }, 'image/png');
    });
  }

  dispose(): void {
    if (this.#gone && this.#frame === -1) return;
    this.#gone = true;
    cancelAnimationFrame(this.#frame);
    this.#frame = -1;
    clearTimeout(this.#rest);
    this.#observer.disconnect();
    this.#network?.dispose();
    this.#scene.dispose();
    void Promise.resolve(this.renderer.dispose()).catch(() => undefined);
  }

  get #available(): Available {
    return { original: this.#scene.original !== null, mesh: this.#scene.reconstruction !== null, field: this.#scene.grid !== null, network: this.#network?.there === true, fast: !this.device.software };
  }

  /** Whether frames are traced from the network. */
  get #traces(): boolean {
    return effectiveSource(this.#state.source, this.#available) === 'network';
  }

  get #panes(): readonly Pane[] {
    const has = this.#available;
    return panesOf(this.shownMode, this.#state, has.original && (has.mesh || has.field || has.network));
  }

  #draw(moving: boolean): void {
    if (this.#gone) return;
    const began = performance.now();
    const scale = moving && this.device.software ? this.#scale : this.device.software ? restScale(this.#pixelTime, this.#size) : 1;
    const [width, height] = [Math.max(1, Math.round(this.#size[0] * scale)), Math.max(1, Math.round(this.#size[1] * scale))];
    if (width !== this.#buffer[0] || height !== this.#buffer[1]) {
      this.#buffer = [width, height];
      this.renderer.setSize(width, height, false);
    }
    let source = effectiveSource(this.#state.source, this.#available);
    try {
      this.renderer.setScissorTest(false);
      this.renderer.setViewport(0, 0, width, height);
      this.renderer.clear();
      this.renderer.setScissorTest(true);
      for (const pane of this.#panes) {
        const [left, right] = pane.view.map((part) => Math.round(part * width)) as [number, number];
        const [from, to] = pane.seen.map((part) => Math.round(part * width)) as [number, number];
        if (to <= from) continue;
        const aspect = (right - left) / height;
        const traced = source === 'network' && pane.shows === 'reconstruction' ? (this.#network?.picture(this.#scene.traceView(this.#state, aspect, moving), [right - left, height], moving) ?? null) : null;
        // Until it is traced something else stands in.
        if (source === 'network' && pane.shows === 'reconstruction' && !traced) source = effectiveSource('auto', { ...this.#available, network: false });
        this.#scene.aim(this.#state.camera, this.#state.up, aspect);
        this.#scene.arrange(pane, this.#state, { draft: moving, source, errorMaximum: this.errorMaximum, light: this.#light, traced });
        this.renderer.setViewport(left, 0, right - left, height);
        this.renderer.setScissor(from, 0, to - from, height);
        this.renderer.render(this.#scene.scene, this.#scene.camera);
      }
      this.#source = source;
      if (moving && this.device.software) this.#await();
    } catch (error) {
      this.#lose(error instanceof Error ? error.message : String(error));
      return;
    }
    this.#milliseconds = performance.now() - began;
    this.#frames++;
    clearTimeout(this.#rest);
    if (moving) {
      // The first frames compile programs: their time says nothing.
      if (this.#frames > 3 && this.device.software) {
        this.#scale = nextScale(scale, this.#milliseconds);
        this.#pixelTime = this.#milliseconds / (width * height);
      }
      this.#rest = setTimeout(() => this.#draw(false), performance.now() < this.#streamUntil ? REST_OF_STREAM : REST);
    }
    this.options.onFrame?.(this.statistics);
  }

  /** Waits until a software WebGL has drawn. */
  #await(): void {
    const { gl } = this.renderer.backend as { gl?: WebGL2RenderingContext };
    gl?.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
  }

  #lose(message: string): void {
    if (this.#gone) return;
    this.#gone = true;
    cancelAnimationFrame(this.#frame);
    this.options.onLost?.(message);
  }

  /** Something that is drawn changes; what is looked at for the first time is framed. */
  #change(change: () => void): void {
    if (this.#gone) return;
    const before = this.#scene.box;
    change();
    const box = this.#scene.box;
    const errors = this.#scene.reconstruction?.errors;
    this.#facts = errors && box ? errorFacts(errors, diagonalOf(box)) : { mean: 0, high: 0, worst: 0 };
    if (box && this.#state.fitted && JSON.stringify(box) !== JSON.stringify(before) && (before === null || this.#scene.original)) this.#reframe();
    this.#changed();
  }

  #reframe(): void {
    const box = this.#scene.box;
    if (!box) return;
    const width = this.#panes[0] ? this.#panes[0].view[1] - this.#panes[0].view[0] : 1;
    this.#state = { ...this.#state, camera: frameBox(this.#state.camera, this.#state.up, box, (this.#size[0] * width) / this.#size[1], FRAME_MARGIN) };
  }

  #move(camera: SurfaceViewState['camera'], fitted: boolean): void {
    this.#state = { ...this.#state, camera: constrainCamera(camera), fitted };
    this.#changed();
  }

  #changed(): void {
    this.requestFrame();
    this.options.onViewChange?.(this.#state);
  }

  /** The view under a place in client coordinates, and the place in device pixels from that view's middle, y down. */
  #fromMiddle(clientX: number, clientY: number): { readonly pane: Pane | null; readonly place: readonly [number, number] } {
    const box = this.canvas.getBoundingClientRect();
    const share = (clientX - box.left) / Math.max(1, box.width);
    const pane = this.#panes.find(({ seen }) => share >= seen[0] && share <= seen[1]) ?? null;
    const middle = pane ? (pane.view[0] + pane.view[1]) / 2 : 0.5;
    return { pane, place: [(share - middle) * this.#size[0], ((clientY - box.top) / Math.max(1, box.height) - 0.5) * this.#size[1]] };
  }

  #measure(): void {
    if (this.#gone) return;
    const box = this.canvas.getBoundingClientRect();
    const ratio = Math.min(window.devicePixelRatio || 1, MAXIMUM_PIXEL_RATIO, this.device.maximumExtent / Math.max(1, box.width, box.height));
    const size = [Math.max(1, Math.round(box.width * ratio)), Math.max(1, Math.round(box.height * ratio))] as const;
    if (size[0] === this.#size[0] && size[1] === this.#size[1]) return;
    this.#size = size;
    this.#ratio = ratio;
    if (this.#state.fitted) this.#reframe();
    this.#changed();
    // Drawn before the page is painted, the new buffer does not flicker.
    this.#draw(this.device.software);
  }
}
