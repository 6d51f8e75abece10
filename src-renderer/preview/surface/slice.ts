/**
 * A plane across the field: where it lies, and its iso-lines. Lines stand at every fifth of the truncation; the zero line, which is the
 * surface, is the bold one.
 */
import type { Vector } from './orbit';
import type { Slice, SliceAxis } from './surface-view';

/** Lines between zero and the truncation. */
export const LINES = 5;

/** Distances at which lines stand, from the innermost out; the ends, where the field is cut off, have none. */
export function isoLevels(truncation: number): readonly number[] {
  return Array.from({ length: 2 * LINES - 1 }, (_, index) => ((index + 1 - LINES) / LINES) * truncation);
}

const AXES: Readonly<Record<SliceAxis, 0 | 1 | 2>> = { x: 0, y: 1, z: 2 };

export function axisIndex(axis: SliceAxis): 0 | 1 | 2 {
  return AXES[axis];
}

/**
 * The half space that is cut away, as a plane: points with normal . p > offset are not drawn. Null where nothing is cut. The open side is
 * that of the growing coordinate, or the other one when flipped.
 */
export function cutPlane({ shown, cut, axis, at, flipped }: Slice): { readonly normal: Vector; readonly offset: number } | null {
  if (!shown || !cut) return null;
  const sign = flipped ? -1 : 1;
  const normal = [0, 0, 0] as [number, number, number];
  normal[axisIndex(axis)] = sign;
  return { normal, offset: sign * at };
}

/** Corner, and the two edges, of the slice's square in the cube: points are corner + u first + v second with u, v in [0, 1]. */
export function sliceSquare({ axis, at }: Pick<Slice, 'axis' | 'at'>): { readonly corner: Vector; readonly first: Vector; readonly second: Vector } {
  const index = axisIndex(axis);
  const corner: [number, number, number] = [-1, -1, -1];
  corner[index] = at;
  const edge = (axisOfEdge: number): Vector => [0, 1, 2].map((each) => (each === axisOfEdge ? 2 : 0)) as unknown as Vector;
  return { corner, first: edge((index + 1) % 3), second: edge((index + 2) % 3) };
}
