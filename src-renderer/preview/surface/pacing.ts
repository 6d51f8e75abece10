/**
 * How fine a software renderer draws while the view moves: the share of pixels along an edge is lowered while frames take longer than
 * they may and raised when there is room, in fixed steps, so that the buffer is not made anew for every frame.
 */
export const SCALES = [1, 0.75, 0.5, 0.375, 0.25] as const;
/** Milliseconds between two frames that feel like motion, and below which a finer one can be afforded. */
const SLOW = 110;
const FAST = 36;

export function nextScale(scale: number, interval: number): number {
  const index = Math.max(0, SCALES.findIndex((each) => each <= scale));
  if (interval > SLOW) return SCALES[Math.min(SCALES.length - 1, index + (interval > 3 * SLOW ? 2 : 1))]!;
  if (interval < FAST) return SCALES[Math.max(0, index - 1)]!;
  return scale;
}

/** Pixels of a buffer that a software renderer is asked for at most, and milliseconds that it may take at rest. */
const REST_PIXELS = 6e6;
const REST_TIME = 1500;

/**
 * Pixels of the buffer along an edge of a pixel of the screen at rest. Software renderers do not smooth edges: two are averaged into one by the
 * page where that costs little. `pixelTime` are the milliseconds of a pixel in motion; 0 while nothing was measured.
 */
export function restScale(pixelTime: number, [width, height]: readonly [number, number]): 1 | 2 {
  const pixels = 4 * width * height;
  return pixels <= REST_PIXELS && pixels * pixelTime <= REST_TIME ? 2 : 1;
}
