/**
 * Where a volume lies: between voxel indices, fractions of the box, scene units (orbit.ts) and the file's own space.
 *
 * Voxel i covers [i, i + 1) of n along its axis, so that the fraction q of its centre is (i + 1/2) / n, and the box is half a voxel wider
 * than the outermost centres on every side. scene = A (q - 1/2), where column i of A is the unit vector d_i times the edge n_i s_i of
 * the box over its longest edge. A smaller preview has fewer voxels in the same box.
 */
import type { VolumeGeometry } from '#core/signal/volume';

export type Vector = readonly [number, number, number];
/** Row by row. */
export type Matrix = readonly [Vector, Vector, Vector];

export const add = (a: Vector, b: Vector): Vector => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
export const scale = (a: Vector, by: number): Vector => [a[0] * by, a[1] * by, a[2] * by];
export const dot = (a: Vector, b: Vector): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const cross = (a: Vector, b: Vector): Vector => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
export const apply = (matrix: Matrix, a: Vector): Vector => [dot(matrix[0], a), dot(matrix[1], a), dot(matrix[2], a)];

export interface BoxFrame {
  readonly size: Vector;
  readonly geometry: VolumeGeometry;
  /** Edges of the box over the longest one. */
  readonly edges: Vector;
  /** Fractions to scene units, and back (without the shift by 1/2). */
  readonly toScene: Matrix;
  readonly toBox: Matrix;
  /** Of the sphere around the box, in scene units. */
  readonly radius: number;
}

/** The frame of a grid of three axes (missing ones have one voxel). Directions without volume count as plain axes. */
export function boxFrame(size: readonly number[], geometry: VolumeGeometry): BoxFrame {
  const extents: Vector = [size[0] ?? 1, size[1] ?? 1, size[2] ?? 1];
  const lengths = extents.map((extent, axis) => extent * geometry.spacing[axis]!);
  const longest = Math.max(...lengths);
  const edges = lengths.map((length) => length / longest) as unknown as Vector;
  const column = (axis: number): Vector => scale(directionOf(geometry, axis), edges[axis]!);
  let columns: readonly Vector[] = [column(0), column(1), column(2)];
  if (Math.abs(dot(columns[0]!, cross(columns[1]!, columns[2]!))) < 1e-9 * edges[0] * edges[1] * edges[2]) {
    columns = [[edges[0], 0, 0], [0, edges[1], 0], [0, 0, edges[2]]];
  }
  const [a, b, c] = columns as [Vector, Vector, Vector];
  const determinant = dot(a, cross(b, c));
  const toScene: Matrix = [[a[0], b[0], c[0]], [a[1], b[1], c[1]], [a[2], b[2], c[2]]];
  const toBox: Matrix = [scale(cross(b, c), 1 / determinant), scale(cross(c, a), 1 / determinant), scale(cross(a, b), 1 / determinant)];
  const corners = [0, 1, 2, 3].map((index) => apply(toScene, [0.5, index & 1 ? 0.5 : -0.5, index & 2 ? 0.5 : -0.5]));
  const radius = Math.max(...corners.map((point) => Math.sqrt(dot(point, point))));
  return { size: extents, geometry, edges, toScene, toBox, radius };
}

/** The unit vector of an axis of the grid. */
export function directionOf(geometry: Pick<VolumeGeometry, 'directions'>, axis: number): Vector {
  return [geometry.directions[3 * axis]!, geometry.directions[3 * axis + 1]!, geometry.directions[3 * axis + 2]!];
}

export function sceneOf(frame: BoxFrame, fraction: Vector): Vector {
  return apply(frame.toScene, [fraction[0] - 0.5, fraction[1] - 0.5, fraction[2] - 0.5]);
}

export function fractionOf(frame: BoxFrame, scene: Vector): Vector {
  return add(apply(frame.toBox, scene), [0.5, 0.5, 0.5]);
}

/** The voxel of a grid of `size` at a fraction of the box. */
export function voxelAt(size: readonly number[], fraction: Vector): Vector {
  return fraction.map((value, axis) => {
    const extent = size[axis] ?? 1;
    return Math.min(extent - 1, Math.max(0, Math.floor(value * extent)));
  }) as unknown as Vector;
}

/** The fraction of the centre of a voxel. */
export function centreOf(size: readonly number[], voxel: Vector): Vector {
  return voxel.map((index, axis) => (index + 0.5) / (size[axis] ?? 1)) as unknown as Vector;
}

/** The centre of a voxel in the file's own space, in its unit: origin + i s_x d_x + j s_y d_y + k s_z d_z. */
export function worldOf(geometry: VolumeGeometry, voxel: Vector): Vector {
  let point: Vector = geometry.origin;
  for (let axis = 0; axis < 3; axis++) point = add(point, scale(directionOf(geometry, axis), voxel[axis]! * geometry.spacing[axis]!));
  return point;
}

/** Names of the positive and negative ends of the axes of space. */
const ENDS = {
  RAS: [['R', 'L'], ['A', 'P'], ['S', 'I']],
  LPS: [['L', 'R'], ['P', 'A'], ['S', 'I']],
  unknown: [['x', ''], ['y', ''], ['z', '']],
} as const;

/** Letters at the positive and negative end of an axis of space. */
export function axisLetters(space: VolumeGeometry['space'], axis: number): readonly [string, string] {
  return ENDS[space][axis]!;
}

export interface AxisMeaning {
  /** The axis of space that the axis of the grid runs along most. */
  readonly axis: number;
  /** Whether it runs along it or against it. */
  readonly sign: 1 | -1;
}

/** What the axes of the grid mean in space: a permutation with signs, the best-aligned pair first. In unknown spaces, themselves. */
export function axisMeanings(geometry: VolumeGeometry): readonly [AxisMeaning, AxisMeaning, AxisMeaning] {
  const meanings: AxisMeaning[] = [0, 1, 2].map((axis) => ({ axis, sign: 1 }));
  if (geometry.space === 'unknown') return meanings as [AxisMeaning, AxisMeaning, AxisMeaning];
  const pairs = [0, 1, 2].flatMap((grid) => [0, 1, 2].map((axis) => ({ grid, axis, cosine: directionOf(geometry, grid)[axis]! })));
  pairs.sort((one, other) => Math.abs(other.cosine) - Math.abs(one.cosine));
  const taken = { grid: new Set<number>(), axis: new Set<number>() };
  for (const { grid, axis, cosine } of pairs) {
    if (taken.grid.has(grid) || taken.axis.has(axis)) continue;
    taken.grid.add(grid);
    taken.axis.add(axis);
    meanings[grid] = { axis, sign: cosine < 0 ? -1 : 1 };
  }
  return meanings as [AxisMeaning, AxisMeaning, AxisMeaning];
}
