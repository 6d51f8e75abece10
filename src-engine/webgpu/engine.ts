/**
 * The WebGPU engine: fits a Field with WGSL that is composed for it. Runs wherever there is a GPUDevice: a browser or Electron
 * renderer (shared with three.js, so that a fit is shown without a copy), or Node with openNodeGpu.
 */
import { parameterLayout } from '#core/field/layout';
import { StudioError } from '#core/errors';
import type { DeviceFacts, Engine, TrainerRequest } from '../engine';
import { candidatesFor, fastestTuning, measureTuning, tuningKey, type TuningStore } from './autotune';
import { GpuContext } from './context';
import { gpuFacts } from './facts';
import { KeptEvaluator } from './kept-evaluator';
import type { PresentingTrainer } from './present';
import { createWebGpuSwarm, swarmRefusal } from './swarm';
import { tableRefusal } from './tables';
import { createWebGpuTrainer } from './trainer';
import type { TuningName } from './tuning';

export interface WebGpuOptions {
  /** A device to share; it is not destroyed with the engine. */
  readonly device?: GPUDevice;
  /** The adapter to open a device on. */
  readonly adapter?: GPUAdapter;
  /** Where to look for an adapter; absent: navigator.gpu. */
  readonly gpu?: GPU;
  /** At most this many samples in one dispatch, where the engine's own estimate is too bold for a weak GPU. */
  readonly maximumSlice?: number;
  /** At most this many bytes in one storage buffer, where less than the device allows is wanted. */
  readonly maximumBinding?: number;
  /** How kernels are made, where the engine's own choice is not wanted. */
  readonly tuning?: TuningName;
  /** Keeps which kernels are the fastest for a network; absent: nothing is measured. */
  readonly tunings?: TuningStore;
}

export interface WebGpuEngine extends Engine {
  /** The entry point that was given. */
  readonly gpu?: GPU;
  readonly device: GPUDevice;
  createTrainer(request: TrainerRequest): Promise<PresentingTrainer>;
}

/** Taken where the adapter has them: for measurements, for faster kernels, and for three.js on the same device. */
const WANTED_FEATURES: readonly GPUFeatureName[] = ['shader-f16', 'subgroups', 'timestamp-query', 'float32-filterable'];
const WANTED_LIMITS = ['maxBufferSize', 'maxStorageBufferBindingSize', 'maxStorageBuffersPerShaderStage', 'maxTextureDimension2D', 'maxTextureDimension3D', 'maxComputeWorkgroupStorageSize'] as const;
const THREADS_NEEDED = 256;

async function findAdapter(gpu: GPU | undefined): Promise<GPUAdapter> {
  const entry = gpu ?? (globalThis as { navigator?: { gpu?: GPU } }).navigator?.gpu;
  const adapter = await entry?.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter) return adapter;
  throw new StudioError(
    'device',
    'device.noGpu',
    entry
      ? 'No graphics adapter answers to WebGPU. Update the graphics driver, or use the cpu engine (--device cpu).'
      : 'This environment has no WebGPU. Use a browser that has it, or the cpu engine (--device cpu).',
  );
}

/** Opens a device with the best limits and the useful features of an adapter. Throws StudioError 'device'/'device.open'. */
export async function openDevice(adapter: GPUAdapter): Promise<GPUDevice> {
  const requiredLimits: Record<string, number> = {};
  for (const name of WANTED_LIMITS) requiredLimits[name] = adapter.limits[name];
  try {
    return await adapter.requestDevice({
      label: 'INR Studio',
      requiredFeatures: WANTED_FEATURES.filter((feature) => adapter.features.has(feature)),
      requiredLimits,
    });
  } catch (error) {
    throw new StudioError('device', 'device.open', 'The graphics adapter was found but gives no device. Close other programs that use it, or use the cpu engine (--device cpu).', {
      cause: error,
    });
  }
}

/** Opens the engine. Throws StudioError 'device' when there is no adapter or device. */
export async function createWebGpuEngine(options: WebGpuOptions = {}): Promise<WebGpuEngine> {
  const adapter = options.device ? options.adapter : (options.adapter ?? (await findAdapter(options.gpu)));
  const device = options.device ?? (await openDevice(adapter ?? (await findAdapter(options.gpu))));
  const info = adapter?.info ?? device.adapterInfo;
  const { maximumSlice, maximumBinding, tuning, tunings, gpu } = options;
  const facts: DeviceFacts = gpuFacts(info, device, tuning);
  const context = new GpuContext(device, { software: facts.software, maximumSlice, maximumBinding, tuning });
  const kept = new KeptEvaluator(context);
  const measured =
    tunings && !facts.software && !tuning
      ? (request: TrainerRequest) => fastestTuning(tunings, tuningKey(context, info, request), (name) => measureTuning(context, request, name), candidatesFor(context, request))
      : undefined;

  return {
    facts,
    device,
    // Dawn in Node ends with its last reference: the engine keeps the entry point for as long as it lives itself.
    gpu,

    refusal(field) {
      if (device.limits.maxComputeInvocationsPerWorkgroup < THREADS_NEEDED) {
        return `This GPU runs ${device.limits.maxComputeInvocationsPerWorkgroup} threads a workgroup and the kernels need ${THREADS_NEEDED}; use the cpu engine.`;
      }
      const bytes = 4 * parameterLayout(field).length;
      if (bytes > context.maximumBinding) return 'The network is larger than this GPU can bind; use fewer or narrower layers, or the cpu engine.';
      return tableRefusal(field, context.maximumBinding);
    },

    async createTrainer(request) {
      await kept.release();
      return createWebGpuTrainer(context, request, measured);
    },

    swarmRefusal,

    async createSwarm(request) {
      await kept.release();
      return createWebGpuSwarm(context, request);
    },

    evaluate: (field, parameters, size) => kept.evaluate(field, parameters, size),

    async dispose() {
      await kept.release();
      context.release();
      if (!options.device) device.destroy();
    },
  };
}
