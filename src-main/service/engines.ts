/**
 * Engines of a Node process (main process, command line), loaded when first asked for: each brings its own weight.
 * `auto` takes a real GPU, else the cpu engine; a software adapter is slower than the cpu engine and is never taken unasked.
 *
 * tfjs computes on the thread that calls it; in the main process it runs in slices with pauses between (see fit-runs.ts). One
 * slice is at least one optimizer step, so that very large networks may hold the process up for as long as a step takes.
 */
import { existsSync } from 'node:fs';
import { asStudioError, StudioError } from '#core/errors';
import type { Engine, EngineName } from '#engine/engine';

export interface EngineOptions {
  /** Threads of the cpu engine; absent: one a core. */
  readonly threads?: number;
}

export type DeviceWish = 'auto' | 'gpu' | 'cpu' | 'tfjs';

export interface ChosenEngine {
  readonly engine: Engine;
  /** What the user should know about the choice; null when there is nothing to say. */
  readonly notice: string | null;
}

/**
 * False where Linux shows no graphics device at all and no Vulkan driver was named: then looking for an adapter would only cost a
 * second and print the loader's complaints.
 */
export function graphicsDeviceSeen(): boolean {
  if (process.platform !== 'linux' || process.env.VK_ICD_FILENAMES || process.env.VK_DRIVER_FILES) return true;
  return ['/dev/dri', '/dev/nvidiactl', '/dev/dxg'].some((path) => existsSync(path));
}

/** Opens an engine by name. Throws StudioError 'device' when it cannot run here. */
export async function openEngine(name: EngineName, options: EngineOptions = {}): Promise<Engine> {
  switch (name) {
    case 'cpu': {
      const { createCpuEngine } = await import('#engine/cpu/engine');
      return createCpuEngine(options.threads === undefined ? {} : { threads: options.threads });
    }
    case 'tfjs': {
      const { createTfjsEngine } = await import('#engine/tfjs/engine');
      return createTfjsEngine();
    }
    case 'webgpu': {
      const [{ openNodeGpu }, { createWebGpuEngine }] = await Promise.all([import('#engine/webgpu/node'), import('#engine/webgpu/engine')]);
      return createWebGpuEngine({ gpu: await openNodeGpu() });
    }
    default:
      return name satisfies never;
  }
}

/**
 * The engine for a wish of the command line. 'gpu' takes a software adapter too, with a notice; without any adapter it throws
 * StudioError 'device'. `open` and `mayHaveGpu` are there for tests.
 */
export async function chooseEngine(
  wish: DeviceWish,
  options: EngineOptions = {},
  open: typeof openEngine = openEngine,
  mayHaveGpu: () => boolean = graphicsDeviceSeen,
): Promise<ChosenEngine> {
  switch (wish) {
    case 'cpu':
    case 'tfjs':
      return { engine: await open(wish, options), notice: null };
    case 'gpu': {
      const engine = await open('webgpu', options).catch((error: unknown) => {
        const known = asStudioError(error);
        throw known.kind === 'device' ? known : new StudioError('device', 'device.failed', `The GPU could not be used: ${known.message} Use --device cpu.`, { cause: error });
      });
      return { engine, notice: engine.facts.software ? `${engine.facts.name} is a software adapter; the cpu engine is faster (--device cpu).` : null };
    }
    case 'auto': {
      const gpu = mayHaveGpu() ? await open('webgpu', options).catch(() => null) : null;
      if (gpu && !gpu.facts.software) return { engine: gpu, notice: null };
      const passedOver = gpu?.facts.name;
      await gpu?.dispose();
      return { engine: await open('cpu', options), notice: passedOver ? `No real GPU (only ${passedOver}); using the cpu engine.` : null };
    }
    default:
      return wish satisfies never;
  }
}
