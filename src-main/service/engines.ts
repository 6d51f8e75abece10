/**
 * Engines of a Node process (main process, command line), loaded when first asked for: each brings its own weight.
 * `auto` takes a real GPU, else the cpu engine, else tfjs: the first that does not refuse the fit. A software adapter is slower than the cpu
 * engine and is never taken unasked.
 *
 * tfjs computes on the thread that calls it; in the main process it runs in slices with pauses between (see fit-runs.ts). One
 * slice is at least one optimizer step, so that very large networks may hold the process up for as long as a step takes.
 */
import { existsSync } from 'node:fs';
import { asStudioError, StudioError } from '#core/errors';
import type { Engine, EngineName } from '#engine/engine';
import type { TuningStore } from '#engine/webgpu/autotune';

export interface EngineOptions {
  /** Threads of the cpu engine; absent: one a core. */
  readonly threads?: number;
  /** Where the webgpu engine keeps what it measured; absent: it measures nothing. */
  readonly tunings?: TuningStore;
}

export interface EngineWish extends EngineOptions {
  /** Why an engine cannot fit what is to be fitted, or null; absent: every engine can. */
  readonly refusal?: (engine: Engine) => string | null;
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
      return createWebGpuEngine({ gpu: await openNodeGpu(), tunings: options.tunings });
    }
    default:
      return name satisfies never;
  }
}

/**
 * The engine for a wish of the command line. 'gpu' takes a software adapter too, with a notice; without any adapter it throws
 * StudioError 'device'. An engine that refuses is passed over by 'auto', with a notice; named, or where all refuse, it throws StudioError
 * 'device'/'engine.refusal'. `open` and `mayHaveGpu` are there for tests.
 */
export async function chooseEngine(
  wish: DeviceWish,
  { refusal = () => null, ...options }: EngineWish = {},
  open: typeof openEngine = openEngine,
  mayHaveGpu: () => boolean = graphicsDeviceSeen,
): Promise<ChosenEngine> {
  switch (wish) {
    case 'cpu':
    case 'tfjs':
      return { engine: await willing(await open(wish, options), refusal), notice: null };
    case 'gpu': {
      const engine = await open('webgpu', options).catch((error: unknown) => {
        const known = asStudioError(error);
        throw known.kind === 'device' ? known : new StudioError('device', 'device.failed', `The GPU could not be used: ${known.message} Use --device cpu.`, { cause: error });
      });
      return { engine: await willing(engine, refusal), notice: engine.facts.software ? `${engine.facts.name} is a software adapter; the cpu engine is faster (--device cpu).` : null };
    }
    case 'auto':
      return automatic(refusal, (name) => open(name, options), mayHaveGpu);
    default:
      return wish satisfies never;
  }
}

/** The engine, if it does not refuse; else it is closed, and its own sentence thrown. */
async function willing(engine: Engine, refusal: (engine: Engine) => string | null): Promise<Engine> {
  const reason = refusal(engine);
  if (reason === null) return engine;
  await engine.dispose();
  throw new StudioError('device', 'engine.refusal', reason);
}

async function automatic(refusal: (engine: Engine) => string | null, open: (name: EngineName) => Promise<Engine>, mayHaveGpu: () => boolean): Promise<ChosenEngine> {
  const notices: string[] = [];
  let first: unknown = null;
  for (const name of ['webgpu', 'cpu', 'tfjs'] as const) {
    if (name === 'webgpu' && !mayHaveGpu()) continue;
    const engine = name === 'webgpu' ? await open(name).catch(() => null) : await open(name);
    if (!engine) continue;
    if (name === 'webgpu' && engine.facts.software) {
      notices.push(`No real GPU (only ${engine.facts.name}).`);
      await engine.dispose();
      continue;
    }
    try {
      await willing(engine, refusal);
    } catch (error) {
      first ??= error;
      notices.push(asStudioError(error).message);
      continue;
    }
    return { engine, notice: notices.length > 0 ? `${notices.join(' ')} Using the ${name} engine.` : null };
  }
  throw first;
}
