/**
 * The network of a surface view and its pictures: compiled when it is first looked at, traced anew when the camera or the network changes.
 *
 * On a GPU a picture is traced in the frame that shows it, coarser while the view moves: the time it takes is measured, and the scale follows
 * (pacing.ts). A software adapter takes seconds; there the picture is made band by band while the view rests, given up when it moves, and
 * something else stands in until it is ready.
 */
import { asStudioError } from '#core/errors';
import { SurfaceTracer, traceCost, type TracePictures, type TraceView } from '#engine/webgpu/trace';
import { nextScale } from './pacing';
import type { SurfaceNetwork } from './surface-view';

/** Products of a picture that a software adapter is asked for: some seconds. */
const SOFTWARE_PRODUCTS = 8e9;

export interface Traced {
  readonly pictures: TracePictures;
  readonly view: TraceView;
}

export class NetworkTrace {
  #network: SurfaceNetwork | null = null;
  #tracer: SurfaceTracer | null = null;
  #wanted = 0;
  #version = 0;
  #shown: { readonly key: string; readonly traced: Traced } | null = null;
  #running = '';
  #scale = 0.5;
  #busy = false;
  #disposed = false;

  /** `changed` hears when there is something new to be drawn, `failed` why the network cannot be traced. */
  constructor(
    private readonly device: GPUDevice,
    private readonly software: boolean,
    private readonly changed: () => void,
    private readonly failed: (message: string) => void,
  ) {}

  /** Whether there is a network that can be traced. */
  get there(): boolean {
    return this.#network !== null;
  }

  /** Takes another network, or none. Parameters of the same field are written into the one that is there. */
  set(network: SurfaceNetwork | null): void {
    const before = this.#network;
    this.#network = network;
    this.#version++;
    if (network && before && before.truncation === network.truncation && JSON.stringify(before.field) === JSON.stringify(network.field)) {
      this.#tracer?.setParameters(network.parameters);
      return;
    }
    this.#wanted++;
    this.#tracer?.dispose();
    this.#tracer = null;
    this.#shown = null;
  }

  /**
   * The picture of a view of so many pixels, or null while there is none. `moving`: the view is about to change again, a coarse one will do.
   */
  picture(view: TraceView, [width, height]: readonly [number, number], moving: boolean): Traced | null {
    const tracer = this.#compiled();
    if (!tracer) return null;
    if (this.software) return this.#slowly(tracer, view, [width, height], moving);
    const scale = moving ? this.#scale : 1;
    const size = [Math.max(8, Math.round(width * scale)), Math.max(8, Math.round(height * scale))] as const;
    const began = performance.now();
    for (const submit of tracer.bands(view, size)) submit();
    if (!this.#busy) {
      this.#busy = true;
      void this.device.queue.onSubmittedWorkDone().then(() => {
        this.#busy = false;
        if (moving) this.#scale = nextScale(scale, performance.now() - began);
      });
    }
    return { pictures: tracer.pictures!, view };
  }

  dispose(): void {
    this.#disposed = true;
    this.#wanted++;
    this.#tracer?.dispose();
    this.#tracer = null;
  }

  #compiled(): SurfaceTracer | null {
    const network = this.#network;
    if (!network || this.#tracer || this.#disposed) return this.#tracer;
    // Asked for once; the answer counts if nothing else is wanted by then.
    const turn = this.#wanted;
    const name = `compile ${turn}`;
    if (this.#running === name) return null;
    this.#running = name;
    void (async () => {
      try {
        const tracer = await SurfaceTracer.create(this.device, network.field, network.truncation, this.software);
        const current = this.#network;
        if (turn !== this.#wanted || !current) {
          tracer.dispose();
          return;
        }
        tracer.setParameters(current.parameters);
        this.#tracer = tracer;
        this.changed();
      } catch (error) {
        if (turn === this.#wanted) this.failed(asStudioError(error).message);
      }
    })();
    return null;
  }

  #slowly(tracer: SurfaceTracer, view: TraceView, [width, height]: readonly [number, number], moving: boolean): Traced | null {
    const scale = Math.min(1, Math.sqrt(SOFTWARE_PRODUCTS / (traceCost(tracer.field) * width * height)));
    const size = [Math.max(8, Math.round(width * scale)), Math.max(8, Math.round(height * scale))] as const;
    const key = JSON.stringify([view, size, this.#version]);
    if (this.#shown?.key === key) return this.#shown.traced;
    if (moving) {
      this.#running = '';
      return null;
    }
    if (this.#running === key) return null;
    this.#running = key;
    this.#shown = null;
    void (async () => {
      for (const submit of tracer.bands(view, size)) {
        if (this.#running !== key || this.#tracer !== tracer) return;
        submit();
        await this.device.queue.onSubmittedWorkDone();
      }
      if (this.#running !== key || this.#tracer !== tracer) return;
      this.#shown = { key, traced: { pictures: tracer.pictures!, view } };
      this.changed();
    })();
    return null;
  }
}
