/**
 * Volumes are cut into bricks of at most 256 samples an axis, equal to within one sample: 64 MiB of coefficients whatever the size. Missing
 * axes (pictures, lines) have one sample. Bricks come in raster order, x fastest, like everything here.
 */
import { StudioError } from '../../errors';
import type { Extents } from './wavelet';

const LARGEST_BRICK = 256;

export interface Brick {
  readonly at: Extents;
  readonly size: Extents;
}

/** Three extents of a grid of one to three axes. Throws StudioError 'usage'/'residual.axes' for others. */
export function wholeOf(size: readonly number[]): Extents {
  if (size.length < 1 || size.length > 3) throw new StudioError('usage', 'residual.axes', `Residuals have one to three axes, not ${size.length}.`);
  return [size[0]!, size[1] ?? 1, size[2] ?? 1];
}

/** [start, end) of the parts of an axis. */
function parts(extent: number): [number, number][] {
  const count = Math.ceil(extent / LARGEST_BRICK);
  return Array.from({ length: count }, (_, k) => [Math.floor((k * extent) / count), Math.floor(((k + 1) * extent) / count)]);
}

export function bricksOf([width, height, depth]: Extents): readonly Brick[] {
  return parts(depth).flatMap(([z0, z1]) => parts(height).flatMap(([y0, y1]) => parts(width).map(([x0, x1]): Brick => ({ at: [x0, y0, z0], size: [x1 - x0, y1 - y0, z1 - z0] }))));
}

/** Calls `visit` for each row of a brick: its place in the brick, the index of its first sample among all. */
export function eachRow({ at, size }: Brick, whole: Extents, visit: (row: number, first: number) => void): void {
  for (let z = 0; z < size[2]; z++) {
    for (let y = 0; y < size[1]; y++) visit(size[0] * (y + size[1] * z), at[0] + whole[0] * (at[1] + y + whole[1] * (at[2] + z)));
  }
}
