import type { Trainer } from '../engine';

/**
 * A trainer that can show its current model without a detour over the CPU. three.js shows the texture through ExternalTexture
 * on the same device.
 */
export interface PresentingTrainer extends Trainer {
  /**
   * Evaluates the current model on the texture's grid (width x height over the domain; the middle of further axes) and writes
   * samples, as the signal encodes them and not clamped: grey to red, green and blue; alpha 1 where there is none.
   * The texture: format rgba16float, usage STORAGE_BINDING, made on the engine's device. Only encodes and submits: faults of
   * the GPU show in the next call that waits. Throws StudioError 'usage'/'present.texture', DeviceLostError.
   */
  writeTexture(texture: GPUTexture): void;
}

export function isPresentingTrainer(trainer: Trainer): trainer is PresentingTrainer {
  return 'writeTexture' in trainer;
}
