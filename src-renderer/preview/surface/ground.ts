/**
 * The shadow under a surface, as a map of the ground: how much of the light from above each place loses. Points of the surface are splatted
 * onto the ground, each the darker the lower it hangs, and the map is blurred three times by a box, which is close to a Gaussian.
 */
import type { Box, UpAxis } from './orbit';
import type { SurfaceMesh } from './surface-view';

/** Cells along an edge of the map. */
export const GROUND_CELLS = 96;
/** Most points that are splatted: more show nothing new. */
const POINTS = 60_000;
const BLUR = 4;

export interface Ground {
  /** Darkness, 0 to 255, GROUND_CELLS^2: along x, then along the other axis of the ground. */
  readonly cells: Uint8Array;
  /** Middle of the square along x and along the other axis, and half its edge. */
  readonly middle: readonly [number, number];
  readonly half: number;
  /** Height of the ground. */
  readonly level: number;
}

/** The axis of the ground that is not x. */
export function depthAxis(up: UpAxis): 1 | 2 {
  return up === 'y' ? 2 : 1;
}

/** Shadow of the middles of triangles, every k-th of them. */
export function groundShadow({ positions, indices }: SurfaceMesh, box: Box, up: UpAxis): Ground {
  const [height, deep] = [up === 'y' ? 1 : 2, depthAxis(up)];
  const middle = [0, deep].map((axis) => (box.least[axis]! + box.most[axis]!) / 2) as [number, number];
  const half = 0.95 * Math.max(box.most[0] - box.least[0], box.most[deep] - box.least[deep], 1e-6);
  const level = box.least[height];
  const tall = Math.max(1e-6, box.most[height] - level);
  const sums = new Float32Array(GROUND_CELLS ** 2);
  const triangles = indices.length / 3;
  const stride = Math.max(1, Math.ceil(triangles / POINTS));
  const cell = (value: number, axis: 0 | 1): number => Math.floor(((value - middle[axis]) / half + 1) * 0.5 * GROUND_CELLS);
  for (let triangle = 0; triangle < triangles; triangle += stride) {
    const [a, b, c] = [3 * indices[3 * triangle]!, 3 * indices[3 * triangle + 1]!, 3 * indices[3 * triangle + 2]!];
    const mean = (axis: number): number => (positions[a + axis]! + positions[b + axis]! + positions[c + axis]!) / 3;
    const [i, j] = [cell(mean(0), 0), cell(mean(deep), 1)];
    if (i < 0 || j < 0 || i >= GROUND_CELLS || j >= GROUND_CELLS) continue;
    const lift = (mean(height) - level) / tall;
    // What hangs low is near its shadow; a cell is as dark as its lowest point.
    const at = i + GROUND_CELLS * j;
    sums[at] = Math.max(sums[at]!, 0.35 + 0.65 * Math.exp(-6 * lift));
  }
  let map: Float32Array = sums;
  for (let round = 0; round < 3; round++) map = blurred(blurred(map, 1, GROUND_CELLS), GROUND_CELLS, 1);
  return { cells: Uint8Array.from(map, (value) => Math.round(255 * Math.min(1, value))), middle, half, level };
}

/** Means over 2 BLUR + 1 cells along one axis; what lies beyond the map is light. */
function blurred(map: Float32Array, step: number, across: number): Float32Array {
  const result = new Float32Array(map.length);
  for (let line = 0; line < GROUND_CELLS; line++) {
    for (let i = 0; i < GROUND_CELLS; i++) {
      let sum = 0;
      for (let k = Math.max(0, i - BLUR); k <= Math.min(GROUND_CELLS - 1, i + BLUR); k++) sum += map[line * across + k * step]!;
      result[line * across + i * step] = sum / (2 * BLUR + 1);
    }
  }
  return result;
}
