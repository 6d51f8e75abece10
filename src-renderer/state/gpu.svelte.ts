/**
 * The window's one GPUDevice, which the stage and the trainer share (a GPUDevice cannot leave its thread, and a texture
 * cannot leave its device). It is opened at once on a real GPU; on a software adapter only when the user chooses webgpu,
 * since drawing and fitting are both faster without it there.
 */
import { StudioError } from '#core/errors';
import { adapterName } from '#engine/adapter-name';
import type { DeviceFacts } from '#engine/engine';

/** Larger limits are asked for where the adapter has them: a fit of a large picture needs large buffers. */
const WISHED_LIMITS = ['maxBufferSize', 'maxStorageBufferBindingSize', 'maxStorageBuffersPerShaderStage', 'maxComputeWorkgroupStorageSize', 'maxComputeInvocationsPerWorkgroup', 'maxComputeWorkgroupSizeX', 'maxTextureDimension2D'] as const;
const WISHED_FEATURES: readonly GPUFeatureName[] = ['shader-f16', 'subgroups', 'float32-filterable'];

/** What an adapter is, in words. */
export function adapterFacts(adapter: GPUAdapter): DeviceFacts {
  const { vendor, architecture } = adapter.info;
  return {
    engine: 'webgpu',
    ...adapterName(adapter.info),
    details: {
      vendor: vendor || 'unknown',
      architecture: architecture || 'unknown',
      'half precision': adapter.features.has('shader-f16'),
      subgroups: adapter.features.has('subgroups'),
      'largest buffer': `${Math.round(adapter.limits.maxStorageBufferBindingSize / 2 ** 20)} MiB`,
    },
  };
}

export class Gpu {
  /** Facts of the adapter; null when there is none. */
  facts = $state.raw<DeviceFacts | null>(null);
  /** Why there is none, in one sentence. */
  missing = $state('');
  /** The open device, for the stage; null while none is open. */
  device = $state.raw<GPUDevice | null>(null);
  #adapter: GPUAdapter | null = null;
  #opening: Promise<GPUDevice> | null = null;

  /** Finds out what there is; opens a real GPU. Never throws: what is missing is said in `missing`. */
  async probe(): Promise<void> {
    try {
      await this.#findAdapter();
      if (this.facts && !this.facts.software) await this.open();
    } catch (error) {
      this.missing = error instanceof Error ? error.message : String(error);
    }
  }

  async #findAdapter(): Promise<GPUAdapter> {
    if (!('gpu' in navigator)) {
      this.missing = 'This browser has no WebGPU here.';
      throw new StudioError('device', 'device.none', `${this.missing} Choose the cpu engine.`);
    }
    const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' });
    if (!adapter) {
      this.missing = 'No GPU adapter was found.';
      throw new StudioError('device', 'device.none', `${this.missing} Choose the cpu engine.`);
    }
    this.#adapter = adapter;
    this.facts = adapterFacts(adapter);
    this.missing = '';
    return adapter;
  }

  /** The shared device; opens it when need be. Throws StudioError 'device'. */
  open(): Promise<GPUDevice> {
    if (this.device) return Promise.resolve(this.device);
    this.#opening ??= this.#request().finally(() => {
      this.#opening = null;
    });
    return this.#opening;
  }

  async #request(): Promise<GPUDevice> {
    // An adapter gives one device only: after a loss another one is asked for.
    const adapter = this.#adapter ?? (await this.#findAdapter());
    this.#adapter = null;
    const requiredLimits: Record<string, number> = {};
    for (const limit of WISHED_LIMITS) requiredLimits[limit] = adapter.limits[limit];
    const device = await adapter.requestDevice({ requiredFeatures: WISHED_FEATURES.filter((feature) => adapter.features.has(feature)), requiredLimits });
    void device.lost.then(() => {
      if (this.device === device) this.device = null;
    });
    this.device = device;
    return device;
  }
}
