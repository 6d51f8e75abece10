/**
 * Whether what is set can be fitted at all, and by which engine: asked before the fit starts, so that Start is off with a reason instead of a
 * fit that fails. The engines themselves decide; those of the main process are asked there.
 */
import { asStudioError } from '#core/errors';
import { requireDecodable } from '#core/coding/limits';
import { fieldFor } from '#core/field/field';
import { SURFACE_DEFAULTS, type FitConfig } from '#core/fit/config';
import { planRefusal } from '#core/fit/sampling';
import { pointCount } from '#core/signal/signal';
import type { Engine, EngineName } from '#engine/engine';
import type { SignalInfo } from '#main/ipc/contract';
import type { Client } from '../client';
import { candidates, type EngineWish, type Refusals } from './engine-choice';
import type { Gpu } from './gpu.svelte';

/** What is to be fitted, as far as refusals go by it. */
type Grid = Pick<SignalInfo, 'kind' | 'size' | 'channels'>;

/** Why no engine at all could fit this, or nobody open its file; null when some can. */
export function generalRefusal(config: FitConfig, { kind, size, channels }: Grid): string | null {
  const surface = kind === 'surface';
  const refusal = planRefusal(config.plan, surface ? (config.surface ?? SURFACE_DEFAULTS).points : pointCount(size), surface);
  if (refusal !== null) return refusal;
  try {
    requireDecodable(fieldFor(config.network, size.length, channels), size);
    return null;
  } catch (error) {
    return asStudioError(error).message;
  }
}

/** An engine over the shared device, for questions alone. */
const asked = new WeakMap<GPUDevice, Promise<Engine>>();

async function gpuRefusal(gpu: Gpu, config: FitConfig, { size, channels }: Grid): Promise<string | null> {
  const { createWebGpuEngine } = await import('#engine/webgpu/engine');
  const device = await gpu.open();
  let engine = asked.get(device);
  if (!engine) asked.set(device, (engine = createWebGpuEngine({ device })));
  return (await engine).refusal(fieldFor(config.network, size.length, channels), config.plan);
}

/**
 * Asks the engines that the wish allows, in their order, until one does not refuse. An engine that cannot even be asked is taken for willing:
 * the start of the fit will say what is wrong with it.
 */
export async function askEngines(client: Client, gpu: Gpu, wish: EngineWish, config: FitConfig, grid: Grid): Promise<Refusals> {
  const refusals: Partial<Record<EngineName, string>> = {};
  for (const engine of candidates(wish, gpu.facts)) {
    const request = { config, size: [...grid.size], channels: grid.channels, ...(grid.kind === 'surface' && { surface: true }) };
    const ask = engine === 'webgpu' ? gpuRefusal(gpu, config, grid) : client.call('fit.refusal', { ...request, engine }).then(({ refusal }) => refusal);
    const refusal = await ask.catch(() => null);
    if (refusal === null) break;
    refusals[engine] = refusal;
  }
  return refusals;
}
