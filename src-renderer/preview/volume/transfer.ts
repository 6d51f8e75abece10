/**
 * The transfer function: opacity and colour over value. Opacity is a polyline over the window (0: its lower end, 1: its upper end), constant
 * beyond its first and last point; colours come from a map over the same window. What the shader takes is a table over all codes.
 *
 * Opacity belongs to a path as long as 1/REFERENCE of the longest edge; a step of another length d takes 1 - (1 - a)^(d REFERENCE), so that
 * the picture does not change with the number of steps (Engel et al., "Real-Time Volume Graphics", 2006, section 1.4).
 */
import { movedEnd } from './clip';
import type { Histogram } from './histogram';
import { otsuThreshold } from './histogram';
import type { Rgb } from '../colormap';

export interface OpacityPoint {
  /** Place in the window, 0 to 1. */
  readonly at: number;
  readonly opacity: number;
}

/** Entries of the table over the range of codes. */
export const TABLE_ENTRIES = 512;
/** Steps along the longest edge that opacities are meant for. */
export const REFERENCE = 128;

/** Opacity at a place of the window. No points: 0. */
export function opacityAt(points: readonly OpacityPoint[], at: number): number {
  const first = points[0];
  if (!first) return 0;
  if (at <= first.at) return first.opacity;
  for (let index = 1; index < points.length; index++) {
    const [from, to] = [points[index - 1]!, points[index]!];
    if (at > to.at) continue;
    return to.at > from.at ? from.opacity + ((at - from.at) / (to.at - from.at)) * (to.opacity - from.opacity) : to.opacity;
  }
  return points[points.length - 1]!.opacity;
}

/** Place of a value (fraction of the range) in a window, not clamped. */
export function placeInWindow(value: number, window: readonly [number, number]): number {
  return (value - window[0]) / Math.max(1e-9, window[1] - window[0]);
}

/**
 * TABLE_ENTRIES entries of red, green, blue and opacity, all bytes, over the range of codes. `clear`: below the window nothing is drawn,
 * whatever the first point says of the values inside.
 */
export function transferTable(map: readonly Rgb[], window: readonly [number, number], points: readonly OpacityPoint[]): Uint8Array {
  const table = new Uint8Array(TABLE_ENTRIES * 4);
  for (let index = 0; index < TABLE_ENTRIES; index++) {
    const place = placeInWindow(index / (TABLE_ENTRIES - 1), window);
    const held = Math.min(1, Math.max(0, place));
    const [red, green, blue] = map[Math.round(held * (map.length - 1))]!;
    table.set([red, green, blue, Math.round(255 * Math.min(1, Math.max(0, opacityAt(points, place))))], 4 * index);
  }
  return table;
}

/**
 * Opacity for a volume that nobody has looked at yet: clear below the threshold that parts the histogram best (background and what is in
 * front of it), growing above.
 */
export function automaticOpacity(histogram: Histogram, window: readonly [number, number]): readonly OpacityPoint[] {
  const threshold = Math.min(0.9, Math.max(0.02, placeInWindow(otsuThreshold(histogram), window)));
  const upper = Math.min(0.98, threshold + 0.35 * (1 - threshold));
  return [
    { at: 0, opacity: 0 },
    { at: threshold * 0.75, opacity: 0 },
    { at: threshold, opacity: 0.12 },
    { at: upper, opacity: 0.5 },
    { at: 1, opacity: 0.9 },
  ];
}

/** One point moved; it stays between its neighbours. */
export function movedPoint(points: readonly OpacityPoint[], index: number, to: OpacityPoint): OpacityPoint[] {
  const low = points[index - 1]?.at ?? 0;
  const high = points[index + 1]?.at ?? 1;
  return points.map((point, each) => (each === index ? { at: Math.min(high, Math.max(low, to.at)), opacity: Math.min(1, Math.max(0, to.opacity)) } : point));
}

/** With one point more, in its place. Returns the points and the index of the new one. */
export function withPoint(points: readonly OpacityPoint[], point: OpacityPoint): { points: OpacityPoint[]; index: number } {
  const index = points.findIndex((each) => each.at > point.at);
  const at = index < 0 ? points.length : index;
  return { points: [...points.slice(0, at), point, ...points.slice(at)], index: at };
}

/** With one point less; two stay. */
export function withoutPoint(points: readonly OpacityPoint[], index: number): OpacityPoint[] {
  return points.length <= 2 ? [...points] : points.filter((_, each) => each !== index);
}

/** The smallest width of a window. */
const NARROWEST = 1 / 512;

/** A window with one end moved. */
export function movedWindow(window: readonly [number, number], end: 0 | 1, to: number): [number, number] {
  return movedEnd(window, end, to, NARROWEST);
}

/** Window/level as radiologists drag it: right widens, up lowers the level. Distances are fractions of the pane. */
export function draggedWindow(window: readonly [number, number], right: number, up: number): [number, number] {
  const level = Math.min(1, Math.max(0, (window[0] + window[1]) / 2 - up));
  const width = Math.min(1, Math.max(NARROWEST, (window[1] - window[0]) * Math.exp(2 * right)));
  return [Math.max(0, level - width / 2), Math.min(1, Math.max(NARROWEST, level + width / 2))];
}
