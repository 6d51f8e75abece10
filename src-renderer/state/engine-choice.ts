import type { DeviceFacts, EngineName } from '#engine/engine';

export type EngineWish = EngineName | 'auto';

export interface EngineDecision {
  readonly engine: EngineName;
  /** null when the wished engine is not there. */
  readonly facts: DeviceFacts | null;
  /** Why this engine, in one sentence. */
  readonly why: string;
}

/**
 * Which engine a fit will run on. 'auto' takes a real GPU, else the cpu engine; a software adapter is taken only when the
 * user chose webgpu, and then it is named so.
 */
export function decideEngine(wish: EngineWish, gpu: DeviceFacts | null, gpuMissing: string, main: readonly DeviceFacts[]): EngineDecision {
  const remote = (engine: EngineName): DeviceFacts | null => main.find((facts) => facts.engine === engine) ?? null;
  switch (wish) {
    case 'auto':
      if (gpu && !gpu.software) return { engine: 'webgpu', facts: gpu, why: 'Automatic: there is a real GPU.' };
      return { engine: 'cpu', facts: remote('cpu'), why: gpu ? 'Automatic: the only GPU adapter here is software, which is slower than the cpu engine.' : `Automatic: ${gpuMissing || 'no GPU was found.'}` };
    case 'webgpu':
      return { engine: 'webgpu', facts: gpu, why: gpu ? (gpu.software ? 'Chosen by you: a software adapter, slow.' : 'Chosen by you.') : gpuMissing || 'No GPU was found.' };
    case 'cpu':
    case 'tfjs':
      return { engine: wish, facts: remote(wish), why: remote(wish) ? 'Chosen by you.' : `The ${wish} engine is not there.` };
    default:
      return wish satisfies never;
  }
}
