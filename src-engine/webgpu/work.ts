/**
 * The two uniform structs of shaders/work.wgsl, written from here and nowhere else. The order of the interfaces below IS the layout
 * (all are 4-byte scalars but the leading vec4 of Domain, so there is no padding to think of).
 */
import type { FitPlan } from '#core/fit/config';
import { averageDecay } from '#core/fit/optimizer';

export const WORK_BYTES = 48;
export const DOMAIN_BYTES = 32;

export interface Work {
  readonly step: number;
  readonly start: number;
  readonly count: number;
  readonly slot: number;
  readonly accumulate: boolean;
  /** learning rate / (1 - beta1^(step+1)) */
  readonly rate: number;
  /** 1 / (1 - beta2^(step+1)) */
  readonly correction: number;
  /** learning rate * weight decay */
  readonly decay: number;
  /** Learning rate of the hidden matrices, 0 without Muon. */
  readonly muonRate: number;
  /** muonRate * weight decay */
  readonly muonDecay: number;
  /** Share of the new parameters in their average. */
  readonly blend: number;
  /** First sample of the slice among those that are streamed. */
  readonly targets: number;
}

/** The part of Work that the optimizer reads at step `t` (counted from 1) under the schedule's learning rate; see fit/optimizer.ts. */
export function optimizerWork(plan: FitPlan, t: number, learningRate: number): Pick<Work, 'rate' | 'correction' | 'decay' | 'muonRate' | 'muonDecay' | 'blend'> {
  const { optimizer, average } = plan;
  const muonRate = optimizer.kind === 'muon' ? (learningRate * optimizer.muonLearningRate) / optimizer.learningRate : 0;
  return {
    rate: learningRate / (1 - optimizer.beta1 ** t),
    correction: 1 / (1 - optimizer.beta2 ** t),
    decay: learningRate * optimizer.weightDecay,
    muonRate,
    muonDecay: muonRate * optimizer.weightDecay,
    blend: average === null ? 0 : 1 - averageDecay(average, t),
  };
}

export interface Domain {
  /** Grid points along each axis, up to four. */
  readonly size: readonly number[];
  readonly seed: number;
  readonly lossGroups: number;
  readonly lossScale: number;
}

/** A work unit of evaluation: a run of grid points. */
export function evaluationWork(start: number, count: number): Work {
  return { step: 0, start, count, slot: 0, accumulate: false, rate: 0, correction: 0, decay: 0, muonRate: 0, muonDecay: 0, blend: 0, targets: 0 };
}

/** Writes one Work at byte `offset` of `view`. */
export function writeWork(view: DataView, offset: number, work: Work): void {
  const words = [work.step, work.start, work.count, work.slot, work.accumulate ? 1 : 0];
  words.forEach((word, i) => view.setUint32(offset + 4 * i, word, true));
  const numbers = [work.rate, work.correction, work.decay, work.muonRate, work.muonDecay, work.blend];
  numbers.forEach((number, i) => view.setFloat32(offset + 4 * (words.length + i), number, true));
  view.setUint32(offset + 4 * (words.length + numbers.length), work.targets, true);
}

/** The struct of shaders/layer.wgsl. */
export function layerBytes(layer: { readonly weightOffset: number; readonly biasOffset: number }): Uint32Array<ArrayBuffer> {
  return new Uint32Array([layer.weightOffset, layer.biasOffset]);
}

export function domainBytes(domain: Domain): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(DOMAIN_BYTES);
  const view = new DataView(bytes.buffer);
  for (let axis = 0; axis < 4; axis++) view.setUint32(4 * axis, domain.size[axis] ?? 1, true);
  view.setUint32(16, domain.size.reduce((product, extent) => product * extent, 1), true);
  view.setUint32(20, domain.seed, true);
  view.setUint32(24, domain.lossGroups, true);
  view.setFloat32(28, domain.lossScale, true);
  return bytes;
}
