/**
 * One GPUDevice and what every user of it needs: promises that end when the device is lost, errors in words, compiled kernels kept
 * by their source. Nothing else in the engine talks to device.lost or to error scopes.
 */
import { StudioError } from '#core/errors';
import { DeviceLostError } from '../engine';
import { defaultTuning, TUNINGS, type Tuning, type TuningName } from './tuning';
import { WORK_BYTES, DOMAIN_BYTES } from './work';

/** Bits of the WebGPU specification, so that no global of a browser is needed (Node has none). */
export const USAGE = { mapRead: 0x1, copySource: 0x4, copyTarget: 0x8, uniform: 0x40, storage: 0x80 } as const;
const MAP_READ = 0x1;
const COMPUTE = 0x4;

/** What a kernel's group 1 holds, in order of binding number. */
export type BindingKind = 'uniform' | 'read' | 'write' | 'texture';

const BUFFER_TYPES = { uniform: 'uniform', read: 'read-only-storage', write: 'storage' } as const;

export interface Kernel {
  readonly label: string;
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

/** A whole buffer, a part of one, or a texture. */
export type BoundResource = GPUBuffer | GPUBufferBinding | GPUTextureView;

export interface KernelSource {
  readonly label: string;
  readonly code: string;
  readonly bindings: readonly BindingKind[];
}

/** What the cutting of work into dispatches has to know of a device. */
export interface DeviceTraits {
  readonly software: boolean;
  /** At most this many samples in one dispatch. */
  readonly maximumSlice?: number;
  /** At most this many bytes in one storage buffer. */
  readonly maximumBinding?: number;
  /** Absent: by kind of adapter. */
  readonly tuning?: TuningName;
}

/** How long a failed operation waits to see whether the loss of the device explains it. */
const LOSS_GRACE_MILLISECONDS = 200;

export class GpuContext {
  /** Layout of group 0: one Work by dynamic offset, and the Domain. */
  readonly frameLayout: GPUBindGroupLayout;
  /** Distance of two Works in a uniform buffer. */
  readonly workStride: number;
  /** Bytes of the largest storage buffer. */
  readonly maximumBinding: number;
  /** How kernels are made where nothing was measured. */
  readonly tuning: Tuning;
  readonly #kernels = new Map<string, Promise<Kernel>>();
  readonly #waiting = new Set<(error: DeviceLostError) => void>();
  #lost: DeviceLostError | null = null;

  constructor(
    readonly device: GPUDevice,
    readonly traits: DeviceTraits = { software: false },
  ) {
    this.tuning = TUNINGS[traits.tuning ?? defaultTuning(device, traits.software)];
    this.workStride = Math.max(WORK_BYTES, device.limits.minUniformBufferOffsetAlignment);
    const { maxBufferSize, maxStorageBufferBindingSize } = device.limits;
    this.maximumBinding = Math.floor(Math.min(maxBufferSize, maxStorageBufferBindingSize, traits.maximumBinding ?? Infinity) / 4) * 4;
    this.frameLayout = device.createBindGroupLayout({
      label: 'frame',
      entries: [
        { binding: 0, visibility: COMPUTE, buffer: { type: 'uniform', hasDynamicOffset: true, minBindingSize: WORK_BYTES } },
        { binding: 1, visibility: COMPUTE, buffer: { type: 'uniform', minBindingSize: DOMAIN_BYTES } },
      ],
    });
    void device.lost.then((info) => {
      const why = info.message.trim() || info.reason;
      this.#lost = new DeviceLostError(`The GPU device was lost (${why}). The fit can go on from its last checkpoint.`);
      for (const reject of this.#waiting) reject(this.#lost);
      this.#waiting.clear();
    });
  }

  /** Throws DeviceLostError when the device is known to be lost. */
  assertAlive(): void {
    if (this.#lost) throw this.#lost;
  }

  /** `promise`, or DeviceLostError as soon as the device is lost; other failures become StudioErrors. */
  async wait<T>(promise: Promise<T>): Promise<T> {
    this.assertAlive();
    let reject: (error: DeviceLostError) => void = () => undefined;
    const lost = new Promise<never>((_, rejectLost) => {
      reject = rejectLost;
    });
    this.#waiting.add(reject);
    try {
      const value = await Promise.race([promise, lost]);
      this.assertAlive();
      return value;
    } catch (error) {
      if (error instanceof DeviceLostError || error instanceof StudioError) throw error;
      // A mapping is rejected a moment before the loss that caused it is announced.
      const grace = new Promise<void>((resolve) => setTimeout(resolve, LOSS_GRACE_MILLISECONDS));
      await Promise.race([grace, lost]);
      throw new StudioError('device', 'device.operation', `The GPU refused an operation: ${messageOf(error)} Use the cpu engine (--device cpu).`, {
        cause: error,
      });
    } finally {
      this.#waiting.delete(reject);
    }
  }

  /**
   * Runs `action` (synchronous) and gives its result once the GPU has accepted what it did.
   * Throws StudioError 'device.memory' or 'device.validation' with `task` in the message.
   */
  async checked<T>(task: string, action: () => T): Promise<T> {
    this.assertAlive();
    const scopes = ['validation', 'out-of-memory', 'internal'] as const;
    for (const scope of scopes) this.device.pushErrorScope(scope);
    let pops: Promise<GPUError | null>[] = [];
    let result: T;
    try {
      result = action();
    } finally {
      pops = scopes.map(() => this.device.popErrorScope());
      for (const pop of pops) pop.catch(() => undefined);
    }
    const [internal, memory, validation] = await this.wait(Promise.all(pops));
    if (memory) {
      throw new StudioError('device', 'device.memory', `The GPU has too little memory to ${task}. Use a smaller batch or width, or the cpu engine (--device cpu).`);
    }
    const other = validation ?? internal;
    if (other) {
      throw new StudioError('device', 'device.validation', `The GPU refused to ${task}: ${other.message} Use the cpu engine (--device cpu).`);
    }
    return result;
  }

  /** Throws StudioError 'device.memory' when a buffer would exceed the device's limits. */
  assertFits(label: string, bytes: number, usage: number): void {
    const limit = usage & USAGE.storage ? this.maximumBinding : this.device.limits.maxBufferSize;
    if (bytes > limit) {
      throw new StudioError(
        'device',
        'device.memory',
        `The ${label} take ${megabytes(bytes)} MB in one piece; this GPU allows ${megabytes(limit)} MB. Reduce the input, or use the cpu engine (--device cpu).`,
      );
    }
  }

  /** A buffer, filled with `data` where given. Throws as assertFits. */
  buffer(label: string, size: number, usage: number, data?: ArrayBufferView): GPUBuffer {
    const bytes = data ? Math.max(size, data.byteLength) : size;
    this.assertFits(label, bytes, usage);
    // Sizes are multiples of 4 (copies) and never 0 (bindings).
    const buffer = this.device.createBuffer({ label, size: Math.max(4, Math.ceil(bytes / 4) * 4), usage, mappedAtCreation: data !== undefined });
    if (data) {
      new Uint8Array(buffer.getMappedRange()).set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      buffer.unmap();
    }
    return buffer;
  }

  /** Bytes [0, size) of a buffer that has usage copySource. */
  async read(source: GPUBuffer, size: number): Promise<ArrayBuffer> {
    this.assertAlive();
    const staging = this.buffer('read-back', size, USAGE.mapRead | USAGE.copyTarget);
    try {
      const encoder = this.device.createCommandEncoder();
      encoder.copyBufferToBuffer(source, 0, staging, 0, size);
      this.device.queue.submit([encoder.finish()]);
      return await this.mapped(staging, size);
    } finally {
      staging.destroy();
    }
  }

  /** Maps a staging buffer, copies its first `size` bytes out and unmaps it. */
  async mapped(staging: GPUBuffer, size: number): Promise<ArrayBuffer> {
    await this.wait(staging.mapAsync(MAP_READ, 0, size));
    const copy = staging.getMappedRange(0, size).slice(0);
    staging.unmap();
    return copy;
  }

  /** Compiles a kernel; the same source is compiled once. */
  kernel(source: KernelSource): Promise<Kernel> {
    const key = `${source.bindings.join()}\n${source.code}`;
    let kernel = this.#kernels.get(key);
    if (!kernel) {
      kernel = this.#compile(source);
      this.#kernels.set(key, kernel);
      kernel.catch(() => this.#kernels.delete(key));
    }
    return kernel;
  }

  /** Lets go of all kernels. A shared device outlives its users, and holds a context by `device.lost`. */
  release(): void {
    this.#kernels.clear();
  }

  async #compile({ label, code, bindings }: KernelSource): Promise<Kernel> {
    const { device } = this;
    const pending = await this.checked(`compile the kernel "${label}"`, () => {
      const layout = device.createBindGroupLayout({
        label,
        entries: bindings.map((kind, binding) => {
          const entry = { binding, visibility: COMPUTE };
          if (kind === 'texture') return { ...entry, storageTexture: { access: 'write-only', format: 'rgba16float' } };
          return { ...entry, buffer: { type: BUFFER_TYPES[kind] } };
        }),
      });
      const pipeline = device.createComputePipelineAsync({
        label,
        layout: device.createPipelineLayout({ label, bindGroupLayouts: [this.frameLayout, layout] }),
        compute: { module: device.createShaderModule({ label, code }), entryPoint: 'main' },
      });
      pipeline.catch(() => undefined);
      return { layout, pipeline };
    });
    return { label, layout: pending.layout, pipeline: await this.wait(pending.pipeline) };
  }

  /** Bind group of a kernel, resources in order of binding number. */
  bind(kernel: Kernel, resources: readonly BoundResource[]): GPUBindGroup {
    return this.device.createBindGroup({
      label: kernel.label,
      layout: kernel.layout,
      entries: resources.map((resource, binding) => ({ binding, resource: 'mapState' in resource ? { buffer: resource } : resource })),
    });
  }

  /** Group 0 over a buffer of Works and one of the Domain. */
  bindFrame(works: GPUBuffer, domain: GPUBuffer): GPUBindGroup {
    return this.device.createBindGroup({
      label: 'frame',
      layout: this.frameLayout,
      entries: [
        { binding: 0, resource: { buffer: works, size: WORK_BYTES } },
        { binding: 1, resource: { buffer: domain } },
      ],
    });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
