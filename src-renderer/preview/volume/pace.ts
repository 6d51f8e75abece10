/**
 * How well a frame is drawn while something moves. Quality q in (0, 1] is the share of the work of a full frame: the buffer has q^0.4 of the
 * pixels along each edge and a ray q^0.2 of the samples, so that the work is about q, and the eye gives up pixels before it gives up depth.
 * After each frame q follows the time that it took.
 */
export const FINEST = 1;
const COARSEST = 0.004;
/** Milliseconds of a frame that are aimed at: hardware, processor. */
export const BUDGETS = { hardware: 22, software: 80 } as const;
/** Where to begin before anything was measured. */
export const BEGINNINGS = { hardware: 0.6, software: 0.03 } as const;

/** Pixels along an edge of the buffer, as a part of the pane's. */
export function bufferScale(quality: number): number {
  return quality ** 0.4;
}

/** Samples on a ray, as a part of a full frame's. */
export function sampleShare(quality: number): number {
  return quality ** 0.2;
}

/** The quality of the next frame. Small deviations are left alone, so that a picture does not flicker between two sizes. */
export function nextQuality(quality: number, milliseconds: number, budget: number): number {
  const ratio = budget / Math.max(1, milliseconds);
  if (ratio > 0.75 && ratio < 1.5) return quality;
  // Upwards with care: a frame may have been cheap because little was to be seen.
  return Math.min(FINEST, Math.max(COARSEST, quality * Math.min(1.6, Math.max(0.2, ratio))));
}

/** Width of the next strip of a frame that is refined, in pixels. */
export function nextStrip(width: number, milliseconds: number, budget: number, whole: number): number {
  return Math.max(8, Math.min(whole, Math.round(width * Math.min(2, Math.max(0.3, budget / Math.max(1, milliseconds))))));
}
