/** Shapes with known distances, for tests: triangles counter-clockwise seen from outside, float64 corners. */
import { uniform } from '#core/fit/random';

export interface Shape {
  readonly positions: Float64Array;
  readonly indices: Uint32Array;
}

export type Vector = readonly [number, number, number];

/** A grid of (us + 1) x (vs + 1) vertices with two triangles a cell; `wrapU`, `wrapV` join its ends. */
function sheet(us: number, vs: number, wrapU: boolean, wrapV: boolean, at: (u: number, v: number) => Vector): Shape {
  const [columns, rows] = [wrapU ? us : us + 1, wrapV ? vs : vs + 1];
  const positions = new Float64Array(3 * columns * rows);
  for (let v = 0; v < rows; v++) for (let u = 0; u < columns; u++) positions.set(at(u / us, v / vs), 3 * (v * columns + u));
  const indices: number[] = [];
  const index = (u: number, v: number): number => (v % rows) * columns + (u % columns);
  for (let v = 0; v < vs; v++) {
    for (let u = 0; u < us; u++) indices.push(index(u, v), index(u + 1, v), index(u + 1, v + 1), index(u, v), index(u + 1, v + 1), index(u, v + 1));
  }
  return { positions, indices: Uint32Array.from(indices) };
}

/** Torus about the z axis: 2 us vs triangles. */
export function torus(major: number, minor: number, us: number, vs: number): Shape {
  return sheet(us, vs, true, true, (u, v) => {
    const [a, b] = [2 * Math.PI * u, 2 * Math.PI * v];
    return [(major + minor * Math.cos(b)) * Math.cos(a), (major + minor * Math.cos(b)) * Math.sin(a), minor * Math.sin(b)];
  });
}

export function torusDistance(major: number, minor: number, [x, y, z]: Vector): number {
  return Math.hypot(Math.hypot(x, y) - major, z) - minor;
}

/** Sphere from pole to pole, or the part of it above z = 0 (open). The triangles at the poles are degenerate: half of the ring has no area. */
export function sphere(radius: number, rings: number, [cx, cy, cz]: Vector = [0, 0, 0], upper = false): Shape {
  return sheet(2 * rings, rings, true, false, (u, v) => {
    const [a, b] = [2 * Math.PI * u, upper ? (Math.PI / 2) * v : Math.PI * (v - 0.5)];
    return [cx + radius * Math.cos(b) * Math.cos(a), cy + radius * Math.cos(b) * Math.sin(a), cz + radius * Math.sin(b)];
  });
}

/** Axis-parallel box with corners +-half: 12 triangles. */
export function box(half: Vector): Shape {
  const positions = Float64Array.from({ length: 24 }, (_, i) => (((Math.floor(i / 3) >> (i % 3)) & 1) * 2 - 1) * half[i % 3]!);
  const quads = [[0, 4, 6, 2], [1, 3, 7, 5], [0, 1, 5, 4], [2, 6, 7, 3], [0, 2, 3, 1], [4, 5, 7, 6]] as const;
  return { positions, indices: Uint32Array.from(quads.flatMap(([a, b, c, d]) => [a, b, c, a, c, d])) };
}

export function boxDistance(half: Vector, point: Vector): number {
  const q = point.map((value, axis) => Math.abs(value) - half[axis]!);
  return Math.hypot(...q.map((value) => Math.max(value, 0))) + Math.min(0, Math.max(...q));
}

/** Both shapes in one mesh. */
export function together(...shapes: readonly Shape[]): Shape {
  const positions: number[] = [];
  const indices: number[] = [];
  for (const shape of shapes) {
    const first = positions.length / 3;
    positions.push(...shape.positions);
    indices.push(...[...shape.indices].map((index) => index + first));
  }
  return { positions: Float64Array.from(positions), indices: Uint32Array.from(indices) };
}

/** `blades` triangles that all share one edge. */
export function fan(blades: number): Shape {
  const positions = [0, 0, -0.5, 0, 0, 0.5];
  const indices: number[] = [];
  for (let blade = 0; blade < blades; blade++) {
    positions.push(0.7 * Math.cos((2 * Math.PI * blade) / blades), 0.7 * Math.sin((2 * Math.PI * blade) / blades), 0);
    indices.push(0, 1, 2 + blade);
  }
  return { positions: Float64Array.from(positions), indices: Uint32Array.from(indices) };
}

/** Any triangles: corners uniform in the cube, as a seed has them. */
export function soup(triangles: number, seed: number): Shape {
  return { positions: Float64Array.from({ length: 9 * triangles }, (_, i) => uniform(seed, 7, i) * 1.6 - 0.8), indices: Uint32Array.from({ length: 3 * triangles }, (_, i) => i) };
}

/** `count` points, uniform in the cube. */
export function pointsInCube(count: number, seed: number): Float32Array {
  return Float32Array.from({ length: 3 * count }, (_, i) => uniform(seed, 11, i) * 2 - 1);
}

export function pointOf(points: ArrayLike<number>, index: number): Vector {
  return [points[3 * index]!, points[3 * index + 1]!, points[3 * index + 2]!];
}
