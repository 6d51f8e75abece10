/**
 * The first quality setting at which a growing measure (log size, PSNR) reaches a target, with few evaluations, since each is an encode
 * of a whole picture: interpolation between the known sides (regula falsi), with a bisection whenever that has not halved the bracket, so
 * that it never takes more than about twice the 7 of plain bisection and usually takes 4 or 5.
 */
export const BEST_QUALITY = 100;

export interface SearchHints {
  /** Qualities whose measure costs nothing, because they were encoded before. */
  readonly known?: readonly number[];
  /** Growth of the measure for one step of quality, before two sides are known. */
  readonly typicalSlope: number;
  /** The highest quality there is; without it 100. */
  readonly best?: number;
}

interface Side {
  readonly quality: number;
  readonly value: number;
}

/** The q in 1 ... best with measure(q - 1) < target <= measure(q), as far as measured; best + 1 when not even the best reaches it. */
export async function firstReaching(measure: (quality: number) => Promise<number>, target: number, { known = [], typicalSlope, best = BEST_QUALITY }: SearchHints): Promise<number> {
  let below: Side | null = null;
  let reaching: Side | null = null;
  const note = (quality: number, value: number): void => {
    if (value >= target) reaching = reaching && reaching.quality <= quality ? reaching : { quality, value };
    else below = below && below.quality >= quality ? below : { quality, value };
  };
  for (const quality of [...known].sort((a, b) => b - a)) {
    const value = await measure(quality);
    // Where the measure is not monotone, what lies above a quality that reaches the target does not count.
    if (value >= target || reaching === null || quality < (reaching as Side).quality) note(quality, value);
  }
  if (below && reaching && (below as Side).quality > (reaching as Side).quality) below = null;
  let bisect = false;
  for (;;) {
    const low = (below as Side | null)?.quality ?? 0;
    const high = (reaching as Side | null)?.quality ?? best + 1;
    if (high - low <= 1) return high;
    const wanted = bisect ? (low + high) / 2 : guess(below, reaching, target, { typicalSlope, best });
    const quality = Math.min(high - 1, Math.max(low + 1, Math.round(wanted)));
    note(quality, await measure(quality));
    const left = ((reaching as Side | null)?.quality ?? best + 1) - ((below as Side | null)?.quality ?? 0);
    bisect = left > (high - low) / 2;
  }
}

/** Where the target should lie, from what is known of both sides. */
function guess(below: Side | null, reaching: Side | null, target: number, { typicalSlope, best }: { readonly typicalSlope: number; readonly best: number }): number {
  if (below && reaching && Number.isFinite(reaching.value)) {
    return below.quality + ((reaching.quality - below.quality) * (target - below.value)) / (reaching.value - below.value);
  }
  if (below && !reaching) return below.quality + (target - below.value) / typicalSlope;
  if (reaching && !below && Number.isFinite(reaching.value)) return reaching.quality - (reaching.value - target) / typicalSlope;
  return ((below?.quality ?? 0) + (reaching?.quality ?? best + 1)) / 2;
}
