/**
 * Targets: from what a user wants (so many bytes, so many decibels, the best trade of the two) to the width of the network and
 * the bits of the quantizer. What is measured is always the decoded file; how it is measured is handed in.
 *
 * Size is decided twice. Before the fit, by prediction: the widest network of the preset's family (same depth, encoding and
 * activation) whose raw bits fit. After it, by coding: the most bits whose file fits. The prediction is from above, since
 * the entropy coder saves a part of the raw bits, so the second decision has room to spend.
 */
import { fieldCost } from '#core/field/cost';
import { fieldFor, FIELD_LIMITS } from '#core/field/field';
import type { FitConfig } from '#core/fit/config';
import { StudioError } from '#core/errors';
import { showBytes } from './numbers';

/** Bits that the targets may choose from; below 4 a quantized network keeps nothing. */
export const TARGET_BITS = { lowest: 4, highest: 16 } as const;

export interface Measured {
  readonly bits: number;
  readonly bytes: number;
  /** Of the decoded file against the signal, dB; null when identical. */
  readonly psnr: number | null;
}

/** What a network takes and gives. */
export interface Shape {
  readonly inputs: number;
  readonly channels: number;
}

/** Codes, decodes and measures the fitted parameters at these bits. */
export type Measure<M extends Measured = Measured> = (bits: number) => Promise<M>;

/** Mean squared error of samples in [0, 1] that a PSNR stands for. */
const meanSquaredError = (psnr: number | null): number => (psnr === null ? 0 : 10 ** (-psnr / 10));

/**
 * Predicted bytes of the file of `config` on a signal of these dimensions and channels; `extraBytes`: what the file carries beside the
 * network (colour profile, provenance).
 */
export function predictedBytes(config: FitConfig, shape: Shape, extraBytes: number, bits: number = config.coding.bits): number {
  return fieldCost(fieldFor(config.network, shape.inputs, shape.channels), config.plan.batch, bits, extraBytes).fileBytes;
}

/**
 * `config` with the widest network whose predicted file fits into `bytes`. The learning rate of sine and FINER layers
 * follows the width as 1/width, as the presets' does, unless the user has set it. Throws StudioError 'usage'/'target.bytes' when none fits.
 */
export function widestFor(config: FitConfig, shape: Shape, bytes: number, extraBytes: number, keepLearningRate: boolean): FitConfig {
  const [narrowest, widest] = FIELD_LIMITS.width;
  const withWidth = (width: number): FitConfig => ({ ...config, network: { ...config.network, width } });
  for (let width = widest; width >= narrowest; width -= 4) {
    const candidate = withWidth(width);
    if (predictedBytes(candidate, shape, extraBytes) > bytes) continue;
    if (keepLearningRate || !['sine', 'finer'].includes(config.network.activation.kind)) return candidate;
    const { optimizer } = config.plan;
    const learningRate = Math.min(0.01, (optimizer.learningRate * config.network.width) / width);
    return { ...candidate, plan: { ...config.plan, optimizer: { ...optimizer, learningRate } } };
  }
  const smallest = predictedBytes(withWidth(narrowest), shape, extraBytes, TARGET_BITS.lowest);
  throw new StudioError(
    'usage',
    'target.bytes',
    `--target-bytes ${bytes}: the narrowest network of this preset needs about ${showBytes(predictedBytes(withWidth(narrowest), shape, extraBytes))} ` +
      `(${showBytes(smallest)} at ${TARGET_BITS.lowest} bits). Give at least that, a preset with fewer layers (--depth), or fewer --bits.`,
  );
}

/** The most bits whose file has at most `bytes` bytes. Throws StudioError 'failed'/'target.bytes' that says what is possible. */
export async function mostBitsWithin<M extends Measured>(bytes: number, measure: Measure<M>): Promise<M> {
  let smallest: M | null = null;
  for (let bits = TARGET_BITS.highest; bits >= TARGET_BITS.lowest; bits--) {
    const file = await measure(bits);
    if (file.bytes <= bytes) return file;
    if (!smallest || file.bytes < smallest.bytes) smallest = file;
  }
  throw new StudioError(
    'failed',
    'target.bytes',
    `--target-bytes ${bytes}: the smallest file of this network has ${smallest?.bytes} bytes. Ask for that many, or give a smaller --width.`,
  );
}

/** The file that minimises MSE + lambda x bits per pixel, over all bits. `points`: pixels. */
export async function bestTrade<M extends Measured>(lambda: number, points: number, measure: Measure<M>): Promise<M> {
  let best: M | null = null;
  let bestCost = Infinity;
  for (let bits = TARGET_BITS.lowest; bits <= TARGET_BITS.highest; bits++) {
    const file = await measure(bits);
    const rate = (lambda * 8 * file.bytes) / points;
    const cost = meanSquaredError(file.psnr) + rate;
    if (cost < bestCost) [best, bestCost] = [file, cost];
    // More bits make a larger file: when its rate alone costs more, nothing further can win.
    if (rate >= bestCost) break;
  }
  return best!;
}

/** The file of fewest bits that reaches `decibel`, or null when even the most bits do not. */
export async function leastBitsReaching<M extends Measured>(decibel: number, measure: Measure<M>): Promise<M | null> {
  const reaches = (file: M): boolean => file.psnr === null || file.psnr >= decibel;
  let found = await measure(TARGET_BITS.highest);
  if (!reaches(found)) return null;
  let low: number = TARGET_BITS.lowest;
  let high: number = TARGET_BITS.highest;
  while (low < high) {
    const middle = (low + high) >> 1;
    const file = await measure(middle);
    if (reaches(file)) [found, high] = [file, middle];
    else low = middle + 1;
  }
  return found;
}

/** When the target was not reached: the fewest bits that lose at most a tenth of a decibel against the most. */
export async function nearlyBest<M extends Measured>(measure: Measure<M>): Promise<M> {
  const most = await measure(TARGET_BITS.highest);
  return (most.psnr === null ? null : await leastBitsReaching(most.psnr - 0.1, measure)) ?? most;
}
