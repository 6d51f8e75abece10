/**
 * A codec on one input, asked two questions: the best quality within given bytes, and the smallest file of at least a given PSNR. A codec has
 * a scale of whole steps 1 ... best, from bad and small to good and large; size and PSNR grow along it, nearly always, so each question is
 * where a growing function crosses a target (quality-search.ts). No step is encoded or decoded twice, and every answer is a file that was
 * really made.
 */
import { BEST_QUALITY, firstReaching } from './quality-search';

export interface CodecPoint {
  /** The setting, as the codec calls it. */
  readonly quality: number;
  readonly bytes: number;
  /** dB of the decoded file; null when identical. */
  readonly psnr: number | null;
  /** Largest absolute difference, where it was measured. */
  readonly maximumError?: number;
}

/** A file that was made: decoded when its quality is asked for. */
export interface CodedInput {
  readonly bytes: number;
  measure(): Promise<Pick<CodecPoint, 'psnr' | 'maximumError'>>;
}

export interface CodecScale {
  /** What sets this variant of the codec apart, in words. */
  readonly label: string;
  /** The last step; without it 100. */
  readonly best?: number;
  /** The codec's setting at a step; without it the step itself. */
  readonly setting?: (step: number) => number;
  /** Usual growth a step: of log2(bytes), and of dB. */
  readonly slopes: { readonly bytes: number; readonly psnr: number };
}

export class CodecTrial {
  readonly #coded = new Map<number, CodedInput>();
  readonly #points = new Map<number, CodecPoint>();
  readonly best: number;

  constructor(
    readonly scale: CodecScale,
    private readonly encode: (step: number) => Promise<CodedInput>,
  ) {
    this.best = scale.best ?? BEST_QUALITY;
  }

  async #at(step: number): Promise<CodedInput> {
    let coded = this.#coded.get(step);
    if (!coded) this.#coded.set(step, (coded = await this.encode(step)));
    return coded;
  }

  async bytes(step: number): Promise<number> {
    return (await this.#at(step)).bytes;
  }

  async point(step: number): Promise<CodecPoint> {
    const known = this.#points.get(step);
    if (known) return known;
    const coded = await this.#at(step);
    const point = { quality: this.scale.setting?.(step) ?? step, bytes: coded.bytes, ...(await coded.measure()) };
    this.#points.set(step, point);
    return point;
  }

  /** The highest step of at most `most` bytes. */
  async atBytes(most: number): Promise<CodecPoint | null> {
    const size = async (step: number): Promise<number> => Math.log2(await this.bytes(step));
    // Bytes are whole: half a byte more is what no longer fits.
    const first = await firstReaching(size, Math.log2(most + 0.5), { known: [...this.#coded.keys()], typicalSlope: this.scale.slopes.bytes, best: this.best });
    return first === 1 ? null : this.point(first - 1);
  }

  /** The lowest step of at least `least` dB. */
  async atPsnr(least: number): Promise<CodecPoint | null> {
    const reach = async (step: number): Promise<number> => (await this.point(step)).psnr ?? Infinity;
    const first = await firstReaching(reach, least, { known: [...this.#coded.keys()], typicalSlope: this.scale.slopes.psnr, best: this.best });
    return first > this.best ? null : this.point(first);
  }
}

export interface Goal {
  /** Size to match; null: not asked. */
  readonly bytes: number | null;
  /** PSNR in dB to match; null: not asked. */
  readonly psnr: number | null;
}

export interface Answer {
  atBytes: CodecPoint | null;
  atPsnr: CodecPoint | null;
  /** Variants that answered, then what could not be answered and why. */
  readonly notes: string[];
}

const better = (a: CodecPoint | null, b: CodecPoint | null): boolean => a !== null && (b === null || (a.psnr ?? Infinity) > (b.psnr ?? Infinity));
const smaller = (a: CodecPoint | null, b: CodecPoint | null): boolean => a !== null && (b === null || a.bytes < b.bytes);

/** The best answers of all variants. What they throw becomes a note by `reason`, which may throw itself (after an abort). */
export async function answer(trials: readonly CodecTrial[], goal: Goal, reason: (error: unknown) => string): Promise<Answer> {
  const found: Answer = { atBytes: null, atPsnr: null, notes: [] };
  let bytesLabel = '';
  let psnrLabel = '';
  let least = Infinity;
  let most = -Infinity;
  try {
    for (const trial of trials) {
      const { label } = trial.scale;
      if (goal.bytes !== null) {
        const point = await trial.atBytes(goal.bytes);
        if (!point) least = Math.min(least, await trial.bytes(1));
        if (better(point, found.atBytes)) [found.atBytes, bytesLabel] = [point, label];
      }
      if (goal.psnr !== null) {
        const point = await trial.atPsnr(goal.psnr);
        if (!point) most = Math.max(most, (await trial.point(trial.best)).psnr ?? Infinity);
        if (smaller(point, found.atPsnr)) [found.atPsnr, psnrLabel] = [point, label];
      }
    }
  } catch (error) {
    found.notes.push(reason(error));
  }
  if (least !== Infinity && !found.atBytes) found.notes.push(`the smallest file has ${least} bytes`);
  if (most !== -Infinity && !found.atPsnr) found.notes.push(`reaches at most ${most.toFixed(1)} dB`);
  const settings = new Set([bytesLabel, psnrLabel].filter((label) => label !== ''));
  if (settings.size > 0) found.notes.unshift([...settings].join(' / '));
  return found;
}
