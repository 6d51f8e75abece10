/**
 * VolumeStage: the 3D view of volumes, drawn by three.js on one canvas: one volume, or two side by side from one camera.
 *
 * It draws on demand, and never more than one frame ahead: a frame is asked for when the one before it has left the device, so that a slow
 * device answers the last movement and not a queue of old ones. While something moves, quality follows the time of frames (pace.ts). At rest the
 * view is drawn once more with all of its pixels and samples, in strips that leave the device to others in between, and shown when complete.
 *
 * Rays go into a buffer as large as the canvas; a draft uses a corner of it. A stage whose device is lost stays blank (`onLost` says so).
 */
import { NoColorSpace, NodeMaterial, QuadMesh, RenderTarget, UnsignedByteType, Vector4, type WebGPURenderer } from 'three/webgpu';
import { StudioError } from '#core/errors';
import { drawingDevice, type DrawingDevice } from '../device';
import { openRenderer } from '../renderer';
import type { ClipBox } from './clip';
import { completion, largestVolume } from './volume-device';
import { apply, fractionOf, type BoxFrame, type Vector } from './frame';
import { createCopyMaterial, createMarchMaterial, createMarchUniforms, type MarchUniforms } from './march';
import { cameraBasis, paneTangents, type OrbitCamera } from './orbit';
import { BEGINNINGS, BUDGETS, bufferScale, nextQuality, nextStrip, sampleShare } from './pace';
import { SpaceVolumes, type Appearance } from './space-volumes';
import type { Technique, VolumeSource } from './volume-view';

export interface SpaceScene {
  /** From left to right, each with how it looks. */
  readonly panes: readonly { readonly source: VolumeSource; readonly appearance: Appearance; readonly shaded: boolean }[];
  readonly frame: BoxFrame;
  readonly camera: OrbitCamera;
  readonly clip: ClipBox;
  readonly density: number;
  readonly window: readonly [number, number];
}

export interface VolumeFrameStatistics {
  readonly frames: number;
  /** Milliseconds from the start of the last draft until the device had drawn it. */
  readonly milliseconds: number;
  /** Pixels along an edge of the buffer over the canvas's. */
  readonly scale: number;
  /** The last thing shown was a complete frame. */
  readonly refined: boolean;
  readonly backend: 'webgpu' | 'webgl2';
  readonly software: boolean;
}

export interface VolumeStageOptions {
  readonly device?: GPUDevice | null;
  readonly onLost?: (message: string) => void;
  readonly onFrame?: (statistics: VolumeFrameStatistics) => void;
}

/** Samples along the edge of a texel in a full frame. */
const SAMPLES_PER_TEXEL = 1.25;
/** Milliseconds without a change before the view is refined. */
const REST = 160;
const MAXIMUM_PIXEL_RATIO = 2;

export class VolumeStage {
  readonly volumes = new SpaceVolumes();
  /** Largest edge of a 3D texture. */
  readonly maximumExtent: number;
  readonly #uniforms: MarchUniforms = createMarchUniforms();
  readonly #materials = new Map<string, NodeMaterial>();
  readonly #quad = new QuadMesh(new NodeMaterial());
  readonly #buffer = new RenderTarget(1, 1, { depthBuffer: false, type: UnsignedByteType, colorSpace: NoColorSpace });
  readonly #copy: ReturnType<typeof createCopyMaterial>;
  readonly #observer: ResizeObserver;
  #scene: SpaceScene | null = null;
  #size: readonly [number, number] = [1, 1];
  #quality: number;
  #strip = 64;
  #frame = 0;
  #rest: ReturnType<typeof setTimeout> | undefined;
  #busy = false;
  /** Grows with every change: work for an older turn is given up. */
  #turn = 0;
  #statistics: VolumeFrameStatistics;
  #ended = false;

  private constructor(
    readonly canvas: HTMLCanvasElement,
    private readonly renderer: WebGPURenderer,
    private readonly device: DrawingDevice,
    private readonly options: VolumeStageOptions,
  ) {
    this.maximumExtent = largestVolume(renderer);
    this.#quality = device.software ? BEGINNINGS.software : BEGINNINGS.hardware;
    this.#statistics = { frames: 0, milliseconds: 0, scale: 1, refined: false, backend: device.backend, software: device.software };
    this.#copy = createCopyMaterial(this.#buffer.texture);
    renderer.autoClear = false;
    this.#observer = new ResizeObserver(() => this.#measure());
    this.#observer.observe(canvas);
    this.#measure();
  }

  /** As ImageStage.create. */
  static async create(canvas: HTMLCanvasElement, options: VolumeStageOptions = {}): Promise<VolumeStage> {
    const device = options.device ?? null;
    let stage: VolumeStage | null = null;
    const renderer = await openRenderer(canvas, device, (message) => {
      if (stage) stage.#gone(message || 'The graphics device was lost.');
    });
    stage = new VolumeStage(canvas, renderer, drawingDevice(renderer, device), options);
    return stage;
  }

  get statistics(): VolumeFrameStatistics {
    return this.#statistics;
  }

  /** Shows another scene, or nothing. */
  setScene(scene: SpaceScene | null): void {
    this.#scene = scene;
    this.requestFrame();
  }

  requestFrame(): void {
    this.#turn++;
    clearTimeout(this.#rest);
    if (this.#ended || this.#frame !== 0 || this.#busy) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      void this.#draft();
    });
  }

  /** The view with all its pixels, as a PNG; clear beside the box. */
  async capture(): Promise<Blob> {
    for (;;) {
      clearTimeout(this.#rest);
      while (this.#busy) await new Promise((resolve) => setTimeout(resolve, 8));
      const turn = this.#turn;
      await this.#refine();
      if (this.#ended || turn === this.#turn) break;
    }
    // In the same task as the drawing: the canvas is emptied when it is handed to the compositor.
    this.#present(1);
    return new Promise((resolve, reject) => {
      this.canvas.toBlob((blob) => {
        if (blob) resolve(blob);
        else reject(new StudioError('failed', 'display.capture', 'The view could not be captured: make the window smaller and try again.'));
      }, 'image/png');
    });
  }

  dispose(): void {
    if (this.#ended) return;
    this.#stop();
    this.volumes.dispose();
    for (const material of this.#materials.values()) material.dispose();
    this.#copy.material.dispose();
    this.#buffer.dispose();
    void Promise.resolve(this.renderer.dispose()).catch(() => undefined);
  }

  #stop(): void {
    this.#ended = true;
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#rest);
    this.#observer.disconnect();
  }

  #gone(message: string): void {
    if (this.#ended) return;
    this.#stop();
    this.options.onLost?.(message);
  }

  /** Draws a frame at the quality of movement and waits until the device is done with it. */
  async #draft(): Promise<void> {
    if (this.#ended || this.#busy) return;
    this.#busy = true;
    const turn = this.#turn;
    const began = performance.now();
    const quality = this.#quality;
    const scale = bufferScale(quality);
    try {
      this.#march(scale, sampleShare(quality), 0, 1);
      this.#present(scale);
      await completion(this.renderer);
    } catch (error) {
      this.#gone(error instanceof Error ? error.message : String(error));
    } finally {
      this.#busy = false;
    }
    if (this.#ended) return;
    const milliseconds = performance.now() - began;
    // The first frame of a program pays for its translation.
    if (this.#statistics.frames > 1) this.#quality = nextQuality(quality, milliseconds, this.device.software ? BUDGETS.software : BUDGETS.hardware);
    const complete = quality === 1 && turn === this.#turn;
    this.#tell({ frames: this.#statistics.frames + 1, milliseconds, scale, refined: complete });
    if (turn !== this.#turn) this.requestFrame();
    else if (!complete) this.#rest = setTimeout(() => void this.#refine(), REST);
  }

  /** Draws everything there is, strip by strip; given up when something changes. */
  async #refine(): Promise<void> {
    if (this.#ended || this.#busy) return;
    this.#busy = true;
    const turn = this.#turn;
    const [width] = this.#size;
    try {
      for (let x = 0; x < width && turn === this.#turn && !this.#ended; ) {
        const began = performance.now();
        const strip = Math.min(this.#strip, width - x);
        this.#march(1, 1, x / width, (x + strip) / width);
        await completion(this.renderer);
        x += strip;
        this.#strip = nextStrip(this.#strip, performance.now() - began, BUDGETS.software / 2, width);
      }
      if (turn === this.#turn && !this.#ended) {
        this.#present(1);
        this.#tell({ frames: this.#statistics.frames + 1, refined: true, scale: 1 });
      }
    } catch (error) {
      this.#gone(error instanceof Error ? error.message : String(error));
    } finally {
      this.#busy = false;
    }
    if (turn !== this.#turn) this.requestFrame();
  }

  #tell(change: Partial<VolumeFrameStatistics>): void {
    this.#statistics = { ...this.#statistics, ...change };
    this.options.onFrame?.(this.#statistics);
  }

  /** Marches the rays of the columns from `from` to `to` (0 to 1 of the canvas) into the corner of the buffer that `scale` uses. */
  #march(scale: number, share: number, from: number, to: number): void {
    const [width, height] = [Math.max(1, Math.round(this.#size[0] * scale)), Math.max(1, Math.round(this.#size[1] * scale))];
    const scene = this.#scene;
    const [first, last] = [Math.round(from * width), Math.round(to * width)];
    const { viewport } = this.#buffer;
    this.renderer.setRenderTarget(this.#buffer);
    if (from === 0) this.renderer.clear();
    const panes = scene?.panes.filter(({ source }) => this.volumes.has(source)) ?? [];
    for (const [index, pane] of panes.entries()) {
      const left = Math.round((index * width) / panes.length);
      const right = Math.round(((index + 1) * width) / panes.length);
      const [start, end] = [Math.max(first, left), Math.min(last, right)];
      if (end <= start || !scene) continue;
      this.volumes.dress(pane.source, pane.appearance);
      this.#aim(scene, pane.appearance.level, right - left, height, share);
      this.#uniforms.rect.value = new Vector4((start - left) / (right - left), 0, (end - start) / (right - left), 1);
      viewport.set(start, 0, end - start, height);
      this.#quad.material = this.#material(pane.source, pane.appearance.technique, pane.shaded);
      this.#quad.render(this.renderer);
    }
    this.renderer.setRenderTarget(null);
  }

  /** Sets what all rays of a pane share. */
  #aim(scene: SpaceScene, level: number, width: number, height: number, share: number): void {
    const { frame } = scene;
    const uniforms = this.#uniforms;
    const basis = cameraBasis(scene.camera, frame);
    const [tx, ty] = paneTangents(width, height);
    const put = (target: { value: { set(x: number, y: number, z: number): unknown } }, from: Vector): void => void target.value.set(...from);
    const scaled = (vector: Vector, by: number): Vector => apply(frame.toBox, [vector[0] * by, vector[1] * by, vector[2] * by]);
    put(uniforms.eye, fractionOf(frame, basis.eye));
    put(uniforms.forward, scaled(basis.forward, 1));
    put(uniforms.right, scaled(basis.right, tx));
    put(uniforms.up, scaled(basis.up, ty));
    uniforms.tangents.value.set(tx, ty);
    put(uniforms.low, scene.clip.map(([low]) => low) as unknown as Vector);
    put(uniforms.high, scene.clip.map(([, high]) => high) as unknown as Vector);
    uniforms.step.value = this.volumes.fineness / SAMPLES_PER_TEXEL / share;
    uniforms.density.value = scene.density;
    uniforms.level.value = level;
    uniforms.window.value.set(...scene.window);
    uniforms.pixels.value.set(width, height);
    const [a, b, c] = frame.toBox;
    uniforms.normals.value.set(a[0], b[0], c[0], a[1], b[1], c[1], a[2], b[2], c[2]);
    // From over the left shoulder.
    const light = unit([0, 1, 2].map((axis) => -0.45 * basis.right[axis]! + 0.6 * basis.up[axis]! - basis.forward[axis]!) as unknown as Vector);
    put(uniforms.light, light);
    put(uniforms.halfway, unit([0, 1, 2].map((axis) => light[axis]! - basis.forward[axis]!) as unknown as Vector));
  }

  #material(source: VolumeSource, technique: Technique, shaded: boolean): NodeMaterial {
    const key = `${source} ${technique} ${shaded && technique === 'composite'}`;
    let material = this.#materials.get(key);
    if (!material) {
      material = createMarchMaterial(technique, shaded, this.#uniforms, this.volumes.inputs(source));
      this.#materials.set(key, material);
    }
    return material;
  }

  /** Puts the used corner of the buffer onto the canvas. */
  #present(scale: number): void {
    const [width, height] = this.#size;
    const used = [Math.max(1, Math.round(width * scale)) / width, Math.max(1, Math.round(height * scale)) / height] as const;
    this.#copy.extent.value.set(...used);
    this.#copy.margin.value.set(0.5 / width, 0.5 / height);
    this.#quad.material = this.#copy.material;
    this.#quad.render(this.renderer);
  }

  #measure(): void {
    const box = this.canvas.getBoundingClientRect();
    const ratio = Math.min(MAXIMUM_PIXEL_RATIO, window.devicePixelRatio || 1);
    const size = [Math.max(1, Math.round(box.width * ratio)), Math.max(1, Math.round(box.height * ratio))] as const;
    if (size[0] === this.#size[0] && size[1] === this.#size[1]) return;
    this.#size = size;
    this.renderer.setPixelRatio(1);
    this.renderer.setSize(size[0], size[1], false);
    this.#buffer.setSize(size[0], size[1]);
    this.requestFrame();
  }
}

function unit(vector: Vector): Vector {
  const length = Math.hypot(...vector);
  return [vector[0] / length, vector[1] / length, vector[2] / length];
}
