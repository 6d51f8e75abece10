/**
 * How far a decoded surface B is from its reference A.
 *
 * Points are drawn on both surfaces, uniformly by area, and for each the nearest point of the other SURFACE is found (not of the other's
 * samples: equal surfaces have distance 0 at any number of points). With d_AB the distances from points on A to B, d_BA from points on B to A:
 *
 *     Chamfer L1          (mean d_AB + mean d_BA) / 2            Mescheder et al., "Occupancy Networks", CVPR 2019
 *     Chamfer L2          (mean d_AB^2 + mean d_BA^2) / 2        half of the sum of Fan, Su and Guibas, CVPR 2017, which some papers give
 *     Hausdorff           max d_AB, max d_BA, the larger         over the drawn points: a lower bound, which rises with their number
 *     normal consistency  (mean |cos|_AB + mean |cos|_BA) / 2    of the normals at a point and at its nearest one; Mescheder et al.
 *     F-score at t        2 P R / (P + R)                        Knapitsch et al., "Tanks and Temples", 2017: precision P is the share of
 *                                                                d_BA <= t, recall R of d_AB <= t
 *     IoU                 |A and B| / |A or B|                   of the solids, over points that fill a box around both
 *
 * Lengths are absolute and in per cent of the diagonal of the box around A, squares in per cent of the square of that diagonal.
 * Nothing here searches: whoever has a hierarchy over the triangles gives functions (NearestMany, Occupancy).
 */
import { uniform } from '../fit/random';
import { diagonalOf, triangleCount, type Bounds, type Mesh } from '../signal/mesh';

/** For points (x, y, z each): distance to a surface, at least 0, and its unit normal at the nearest point. */
export type NearestMany = (points: Float32Array) => Promise<{ distances: Float32Array; normals: Float32Array }>;
/** For points (x, y, z each): 1 inside a solid, 0 outside. */
export type Occupancy = (points: Float32Array) => Promise<Uint8Array>;

export interface SurfaceSamples {
  /** x, y, z each. */
  readonly points: Float32Array;
  /** Unit normal of the triangle of each point. */
  readonly normals: Float32Array;
}

/** Streams of the random numbers, apart from those of the fit. */
const STREAM = { place: 0x4d455331, first: 0x4d455332, second: 0x4d455333, box: 0x4d455334 } as const;

/** Twice the area of a triangle, and its normal of that length in `normal`. */
function normalOf({ positions, indices }: Mesh, triangle: number, normal: Float64Array): number {
  const a = 3 * indices[3 * triangle]!;
  const b = 3 * indices[3 * triangle + 1]!;
  const c = 3 * indices[3 * triangle + 2]!;
  const ux = positions[b]! - positions[a]!;
  const uy = positions[b + 1]! - positions[a + 1]!;
  const uz = positions[b + 2]! - positions[a + 2]!;
  const vx = positions[c]! - positions[a]!;
  const vy = positions[c + 1]! - positions[a + 1]!;
  const vz = positions[c + 2]! - positions[a + 2]!;
  normal[0] = uy * vz - uz * vy;
  normal[1] = uz * vx - ux * vz;
  normal[2] = ux * vy - uy * vx;
  return Math.sqrt(normal[0]! ** 2 + normal[1]! ** 2 + normal[2]! ** 2);
}

/** Area of a mesh in squared units of its positions. */
export function areaOf(mesh: Mesh): number {
  const normal = new Float64Array(3);
  let twice = 0;
  for (let triangle = 0; triangle < triangleCount(mesh); triangle++) twice += normalOf(mesh, triangle, normal);
  return twice / 2;
}

/**
 * `count` points on a mesh, uniform by area: the area is cut into `count` equal pieces in the order of the triangles and one point is drawn in
 * each (stratified), the same for the same seed. Positions leave as float32: give a mesh near the origin, in domain coordinates. Throws
 * RangeError for a mesh without area.
 */
export function sampleSurface(mesh: Mesh, count: number, seed: number): SurfaceSamples {
  const { positions, indices } = mesh;
  const triangles = triangleCount(mesh);
  const normal = new Float64Array(3);
  const total = 2 * areaOf(mesh);
  if (!(total > 0 && total < Infinity)) throw new RangeError('Cannot draw points on a surface without area.');
  const points = new Float32Array(3 * count);
  const normals = new Float32Array(3 * count);
  let triangle = 0;
  let length = normalOf(mesh, 0, normal);
  let reached = length;
  for (let i = 0; i < count; i++) {
    const goal = ((i + uniform(seed, STREAM.place, i)) / count) * total;
    while (triangle < triangles - 1 && (reached <= goal || length === 0)) {
      length = normalOf(mesh, ++triangle, normal);
      reached += length;
    }
    // The last triangles may have no area, and sums may end below the goal: then the point lies on the last one that has some.
    while (length === 0) length = normalOf(mesh, --triangle, normal);
    const root = Math.sqrt(uniform(seed, STREAM.first, i));
    const share = uniform(seed, STREAM.second, i);
    const a = 3 * indices[3 * triangle]!;
    const b = 3 * indices[3 * triangle + 1]!;
    const c = 3 * indices[3 * triangle + 2]!;
    for (let axis = 0; axis < 3; axis++) {
      points[3 * i + axis] = (1 - root) * positions[a + axis]! + root * (1 - share) * positions[b + axis]! + root * share * positions[c + axis]!;
      normals[3 * i + axis] = normal[axis]! / length;
    }
  }
  return { points, normals };
}

/** `count` points that fill a box uniformly, the same for the same seed. */
export function sampleBox({ least, most }: Bounds, count: number, seed: number): Float32Array {
  return Float32Array.from({ length: 3 * count }, (_, i) => least[i % 3]! + (most[i % 3]! - least[i % 3]!) * uniform(seed, STREAM.box, i));
}

/** A length, or a square of one, with its share of the reference's diagonal (or of the diagonal's square). */
export interface Measured {
  readonly absolute: number;
  readonly percent: number;
}

/** Distances from points on one surface to the other. */
export interface Direction {
  readonly mean: Measured;
  readonly meanSquare: Measured;
  /** Largest: the one-sided Hausdorff distance. */
  readonly largest: Measured;
  /** Mean |cos| of the angle between normals. */
  readonly cosine: number;
}

export interface FScore {
  /** In per cent of the diagonal. */
  readonly threshold: number;
  readonly precision: number;
  readonly recall: number;
  readonly score: number;
}

export interface SurfaceDistance {
  /** Points drawn on each surface. */
  readonly samples: number;
  /** Diagonal of the box around the reference, absolute. */
  readonly diagonal: number;
  readonly chamferL1: Measured;
  readonly chamferL2: Measured;
  readonly hausdorff: Measured;
  readonly normalConsistency: number;
  readonly fScores: readonly FScore[];
  /** From points on the reference to the decoded surface, and back. */
  readonly fromReference: Direction;
  readonly fromDecoded: Direction;
}

/** Thresholds of F-scores in per cent of the diagonal. */
export const F_SCORE_THRESHOLDS = [1, 0.5] as const;

export interface DistanceRequest {
  /** Both in one system of coordinates, near the origin (domain coordinates). */
  readonly reference: Mesh;
  readonly decoded: Mesh;
  readonly nearestOnReference: NearestMany;
  readonly nearestOnDecoded: NearestMany;
  /** Points on each surface. */
  readonly samples: number;
  readonly seed: number;
  /** World units of one unit of the coordinates (SurfaceDomain.halfExtent); 1 where they are the same. Absolute lengths are in world units. */
  readonly unit?: number;
}

/** Measures by the definitions on top. Throws RangeError where a surface has no area. */
export async function surfaceDistance({ reference, decoded, nearestOnReference, nearestOnDecoded, samples, seed, unit = 1 }: DistanceRequest): Promise<SurfaceDistance> {
  const diagonal = diagonalOf(reference);
  const onReference = sampleSurface(reference, samples, seed);
  // Streams of their own: equal meshes are measured at different points.
  const onDecoded = sampleSurface(decoded, samples, (seed ^ 0x9e3779b9) >>> 0);
  const toDecoded = await nearestOnDecoded(onReference.points);
  const toReference = await nearestOnReference(onDecoded.points);

  const length = (value: number): Measured => ({ absolute: value * unit, percent: (100 * value) / diagonal });
  const square = (value: number): Measured => ({ absolute: value * unit * unit, percent: (100 * value) / (diagonal * diagonal) });
  const forth = direction(toDecoded, onReference.normals);
  const back = direction(toReference, onDecoded.normals);
  const measured = (sums: Sums): Direction => ({ mean: length(sums.mean), meanSquare: square(sums.meanSquare), largest: length(sums.largest), cosine: sums.cosine });
  return {
    samples,
    diagonal: diagonal * unit,
    chamferL1: length((forth.mean + back.mean) / 2),
    chamferL2: square((forth.meanSquare + back.meanSquare) / 2),
    hausdorff: length(Math.max(forth.largest, back.largest)),
    normalConsistency: (forth.cosine + back.cosine) / 2,
    fScores: F_SCORE_THRESHOLDS.map((threshold) => fScore(toDecoded.distances, toReference.distances, threshold, diagonal)),
    fromReference: measured(forth),
    fromDecoded: measured(back),
  };
}

interface Sums {
  readonly mean: number;
  readonly meanSquare: number;
  readonly largest: number;
  readonly cosine: number;
}

function direction(nearest: Awaited<ReturnType<NearestMany>>, normals: Float32Array): Sums {
  const { distances } = nearest;
  let sum = 0;
  let squares = 0;
  let largest = 0;
  let cosines = 0;
  for (let i = 0; i < distances.length; i++) {
    const distance = distances[i]!;
    sum += distance;
    squares += distance * distance;
    if (!(distance <= largest)) largest = distance;
    const cosine = normals[3 * i]! * nearest.normals[3 * i]! + normals[3 * i + 1]! * nearest.normals[3 * i + 1]! + normals[3 * i + 2]! * nearest.normals[3 * i + 2]!;
    // Unit vectors of float32 may exceed 1 by a rounding.
    cosines += Math.min(1, Math.abs(cosine));
  }
  const count = distances.length;
  return { mean: sum / count, meanSquare: squares / count, largest, cosine: cosines / count };
}

function fScore(fromReference: Float32Array, fromDecoded: Float32Array, threshold: number, diagonal: number): FScore {
  const limit = (threshold / 100) * diagonal;
  const within = (distances: Float32Array): number => distances.reduce((count, distance) => count + (distance <= limit ? 1 : 0), 0) / distances.length;
  const precision = within(fromDecoded);
  const recall = within(fromReference);
  return { threshold, precision, recall, score: precision + recall > 0 ? (2 * precision * recall) / (precision + recall) : 0 };
}

/** Intersection over union of two solids by what lies inside of them; null where nothing lies in either. */
export function intersectionOverUnion(a: Uint8Array, b: Uint8Array): number | null {
  if (a.length !== b.length) throw new RangeError(`Cannot compare ${a.length} with ${b.length} points.`);
  let both = 0;
  let either = 0;
  for (let i = 0; i < a.length; i++) {
    if (a[i] && b[i]) both++;
    if (a[i] || b[i]) either++;
  }
  return either > 0 ? both / either : null;
}

/** Smallest box around two boxes: where the points for the IoU of two solids are drawn. */
export function unionOf(a: Bounds, b: Bounds): Bounds {
  const pick = (choose: (x: number, y: number) => number, one: readonly number[], other: readonly number[]) => one.map((value, axis) => choose(value, other[axis]!)) as [number, number, number];
  return { least: pick(Math.min, a.least, b.least), most: pick(Math.max, a.most, b.most) };
}

/** IoU of two solids over `samples` points in the box around both; null where nothing was met inside. */
export async function solidOverlap(request: { readonly box: Bounds; readonly reference: Occupancy; readonly decoded: Occupancy; readonly samples: number; readonly seed: number }): Promise<number | null> {
  const points = sampleBox(request.box, request.samples, request.seed);
  return intersectionOverUnion(await request.reference(points), await request.decoded(points));
}
