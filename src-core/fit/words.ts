/** Plans in words that people read; the command line has its own spelling of them (option-words.ts). */
import type { FitPlan, Loss } from './config';

const LOSSES: Readonly<Record<Loss['kind'], string>> = { l2: 'L2', l1: 'L1', 'relative-l2': 'Relative L2', huber: 'Huber', mape: 'MAPE' };

/** 'L2', 'Relative L2', 'Huber'. */
export function lossName(loss: Loss): string {
  return LOSSES[loss.kind];
}

/** How a fit is made, in one line: 'Muon and Adam, cosine schedule, stratified batches of 8192, Huber loss, clipped at 1'. */
export function planWords({ optimizer, schedule, sampling, batch, loss, clip, average }: FitPlan): string {
  const batches = { uniform: `batches of ${batch}`, stratified: `stratified batches of ${batch}`, full: 'full batches', error: `error-driven batches of ${batch}` };
  return [
    optimizer.kind === 'muon' ? 'Muon and Adam' : 'Adam',
    `${schedule.kind} schedule`,
    batches[sampling.kind],
    loss.kind === 'l2' ? '' : `${lossName(loss)} loss`,
    optimizer.weightDecay === 0 ? '' : `weight decay ${optimizer.weightDecay}`,
    clip === null ? '' : `clipped at ${clip}`,
    average === null ? '' : `averaged by ${average}`,
  ]
    .filter(Boolean)
    .join(', ');
}
