import type { DeviceFacts, EngineName } from '#engine/engine';

export type EngineWish = EngineName | 'auto';

/** Why engines cannot fit what is set, in their own sentences; one that is absent can, or was not asked yet. */
export type Refusals = Readonly<Partial<Record<EngineName, string>>>;

export interface EngineDecision {
  readonly engine: EngineName;
  /** null when the wished engine is not there. */
  readonly facts: DeviceFacts | null;
  /** Why this engine, in one sentence. */
  readonly why: string;
  /** Why it cannot fit what is set; null when it can. */
  readonly refusal: string | null;
}

/** The engines that a wish allows, the first choice first. */
export function candidates(wish: EngineWish, gpu: DeviceFacts | null): readonly EngineName[] {
  if (wish !== 'auto') return [wish];
  return gpu && !gpu.software ? ['webgpu', 'cpu', 'tfjs'] : ['cpu', 'tfjs'];
}

/**
 * Which engine a fit will run on. 'auto' takes a real GPU, else the cpu engine, else tfjs: the first that does not refuse. A software adapter
 * is taken only when the user chose webgpu, and then it is named so.
 */
export function decideEngine(wish: EngineWish, gpu: DeviceFacts | null, gpuMissing: string, main: readonly DeviceFacts[], refusals: Refusals = {}): EngineDecision {
  const order = candidates(wish, gpu);
  const engine = order.find((each) => refusals[each] === undefined) ?? order[0]!;
  const facts = engine === 'webgpu' ? gpu : (main.find((each) => each.engine === engine) ?? null);
  return { engine, facts, why: reason(wish, engine, gpu, gpuMissing, facts, refusals[order[0]!]), refusal: refusals[engine] ?? null };
}

function reason(wish: EngineWish, engine: EngineName, gpu: DeviceFacts | null, gpuMissing: string, facts: DeviceFacts | null, refused: string | undefined): string {
  if (wish === 'auto') {
    if (refused !== undefined) return `Automatic: ${refused}`;
    if (engine === 'webgpu') return 'Automatic: there is a real GPU.';
    return gpu ? 'Automatic: the only GPU adapter here is software, which is slower than the cpu engine.' : `Automatic: ${gpuMissing || 'no GPU was found.'}`;
  }
  if (wish === 'webgpu') return gpu ? (gpu.software ? 'Chosen by you: a software adapter, slow.' : 'Chosen by you.') : gpuMissing || 'No GPU was found.';
  return facts ? 'Chosen by you.' : `The ${wish} engine is not there.`;
}
