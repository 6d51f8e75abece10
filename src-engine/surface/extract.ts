/**
 * A mesh from a distance field: marching cubes over the sparse samples (sparse-grid.ts, marching-cases.ts), vertices put on the zero set by root
 * finding, normals from the field's gradient.
 *
 * A vertex lies on an edge of the lattice whose ends differ in sign. Straight interpolation of the two samples puts it off by the second order of
 * the edge; each round of false position with the Illinois rule (Dowell and Jarratt 1971), all vertices at once, asks the field where it is
 * and narrows the bracket, so that what is left is the field's own accuracy. Vertices keep a small distance from the ends of their
 * edges: no two have the same place, and a reader that welds equal corners sees the same mesh.
 *
 * The mesh is closed and every edge has two triangles, whatever the field. Where the field is negative at the border of the cube, the mesh
 * closes there; its vertices between field and padding keep to the border and take their normals from the triangles. So do vertices where the
 * gradient vanishes.
 *
 * The result is a function of the field's values: bits repeat where those do.
 */
import { StudioError } from '#core/errors';
import type { Mesh } from '#core/signal/mesh';
import { toWorld, type SurfaceDomain } from '#core/signal/surface';
import { cancelled } from './distance-field';
import { Growing } from './growing';
import { AMBIGUOUS, cellCase, EDGE_CORNER, FACE_CORNERS } from './marching-cases';
import { BLOCK, places, SparseGrid, type FieldSampler, type SparseOptions } from './sparse-grid';

export type { FieldSampler } from './sparse-grid';

/** Points along an axis that may be asked for. */
export const RESOLUTION_LIMITS = [4, 1024] as const;
/** Rounds of root finding unless said otherwise: a smooth field then has its zero to float32. */
const ROUNDS = 2;
/** Nearest to the ends of its edge that a vertex comes, as a share of the edge. */
const CLEAR = 1 / 1024;
/** Vertices that are moved at a time. */
const CHUNK = 1 << 16;
/** Marks the vertex inside of a cell, beside the axes 0, 1, 2 of edges. */
const INNER = 3;

export interface ExtractOptions extends Pick<SparseOptions, 'truncation' | 'signal'> {
  /** Rounds of root finding, 0 or more; default 2. */
  readonly rounds?: number;
  /** Told the share that is done, rising to 1. Shares are estimates. */
  readonly onProgress?: (fraction: number) => void;
}

/** The edges that vertices lie on, before they have places. */
interface Crossings {
  /** Axis of the edge, or INNER. */
  readonly axes: Growing<Uint8Array>;
  /** Lattice position of its lower end: three a vertex. */
  readonly points: Growing<Uint16Array>;
  /** Samples at the lower and the upper end. */
  readonly ends: Growing<Float32Array>;
  /** Vertices around each INNER one: its number, their count, they themselves. */
  readonly rings: Growing<Uint32Array>;
  readonly indices: Growing<Uint32Array>;
}

/**
 * The zero surface of a field over the cube [-1, 1]^3, sampled at n^3 grid points (signal/coordinates.ts), in domain units, with normals. An
 * empty mesh where the field has one sign. Throws StudioError 'usage'/'surface.resolution' for n beyond RESOLUTION_LIMITS, 'failed'/'memory' for
 * surfaces that are too rugged for n, 'cancelled' after an abort.
 */
export async function meshFromField(sampler: FieldSampler, n: number, options: ExtractOptions = {}): Promise<Mesh> {
  const [least, most] = RESOLUTION_LIMITS;
  if (!Number.isInteger(n) || n < least || n > most) throw new StudioError('usage', 'surface.resolution', `A mesh is extracted at ${least} to ${most} points along each axis, not ${n}.`);
  const { truncation, signal, rounds = ROUNDS, onProgress } = options;
  // A surface of some area has about n^2 / 8 kept blocks of 64 samples; the share is a guess that never reaches a half.
  let sampled = 0;
  const grid = await SparseGrid.sample(n, sampler, { truncation, signal, onSampled: (points) => onProgress?.(0.5 * (1 - Math.exp(-(sampled += points) / (8 * n * n)))) });
  const crossings = march(grid);
  const count = crossings.axes.length;
  const ask = async (points: Float32Array): Promise<Float32Array> => {
    if (signal?.aborted === true) throw cancelled();
    return sampler(points);
  };
  const positions = new Float64Array(3 * count);
  for (let first = 0; first < count; first += CHUNK) {
    await placeVertices(grid, crossings, ask, rounds, positions, first, Math.min(count, first + CHUNK));
    onProgress?.(0.5 + (0.2 * Math.min(count, first + CHUNK)) / count);
  }
  placeInner(crossings, positions);
  const mesh = { positions, indices: crossings.indices.take() };
  const normals = triangleNormals(mesh);
  for (let first = 0; first < count; first += CHUNK) {
    await gradientNormals(grid, crossings, ask, positions, normals, first, Math.min(count, first + CHUNK));
    onProgress?.(0.7 + (0.3 * Math.min(count, first + CHUNK)) / count);
  }
  onProgress?.(1);
  return { ...mesh, normals };
}

/** A mesh in domain units, in the world: the same normals. */
export function toWorldMesh(mesh: Mesh, domain: SurfaceDomain): Mesh {
  return { ...mesh, positions: toWorld(mesh.positions, domain) };
}

/** Triangles of all kept blocks; a vertex is made when the first cell asks for it. */
function march(grid: SparseGrid): Crossings {
  const axes = new Growing((length) => new Uint8Array(length));
  const points = new Growing((length) => new Uint16Array(length));
  const ends = new Growing((length) => new Float32Array(length));
  const rings = new Growing((length) => new Uint32Array(length));
  const indices = new Growing((length) => new Uint32Array(length));
  /** Vertices + 1 on the 3 x 64 edges that begin in a brick, for bricks that have any. */
  const edges = new Growing((length) => new Uint32Array(length));
  const edgesOf = new Int32Array(grid.bricks.length).fill(-1);
  const cells = new Float32Array((BLOCK + 1) ** 3);
  const corners = new Float32Array(8);
  const offsets = Int32Array.from({ length: 8 }, (_, corner) => (corner & 1) + 5 * (((corner >> 1) & 1) + 5 * (corner >> 2)));
  const local = new Uint32Array(16);

  const vertexOn = (block: number, x: number, y: number, z: number, edge: number): number => {
    const corner = EDGE_CORNER[edge]!;
    const axis = edge >> 2;
    const [px, py, pz] = [x + (corner & 1), y + ((corner >> 1) & 1), z + (corner >> 2)];
    const owner = grid.neighbour(block, (px >> 2) | ((py >> 2) << 1) | ((pz >> 2) << 2));
    if (edgesOf[owner]! < 0) {
      edgesOf[owner] = edges.length;
      edges.length += 192;
      edges.reserve(edges.length);
    }
    const at = edgesOf[owner]! + 64 * axis + (px & 3) + 4 * ((py & 3) + 4 * (pz & 3));
    if (edges.values[at] === 0) {
      const place = places(block, grid.across);
      points.push(BLOCK * place[0] + px);
      points.push(BLOCK * place[1] + py);
      points.push(BLOCK * place[2] + pz);
      ends.push(corners[corner]!);
      ends.push(corners[corner | (1 << axis)]!);
      axes.push(axis);
      edges.values[at] = axes.length;
    }
    return edges.values[at]! - 1;
  };

  for (const block of grid.blocks) {
    grid.read(block, cells);
    for (let cell = 0; cell < 64; cell++) {
      const [x, y, z] = [cell & 3, (cell >> 2) & 3, cell >> 4];
      const base = x + 5 * (y + 5 * z);
      let signs = 0;
      for (let corner = 0; corner < 8; corner++) if (cells[base + offsets[corner]!]! < 0) signs |= 1 << corner;
      if (signs === 0 || signs === 255) continue;
      for (let corner = 0; corner < 8; corner++) corners[corner] = cells[base + offsets[corner]!]!;
      const { triangles, fans } = cellCase(signs, AMBIGUOUS[signs] === 0 ? 0 : joinedFaces(AMBIGUOUS[signs]!, corners));
      fans.forEach((loop, i) => {
        const place = places(block, grid.across);
        const around = Array.from(loop, (edge) => vertexOn(block, x, y, z, edge));
        [x, y, z].forEach((value, axis) => points.push(BLOCK * place[axis]! + value));
        ends.push(0);
        ends.push(0);
        axes.push(INNER);
        local[12 + i] = axes.length - 1;
        [axes.length - 1, around.length, ...around].forEach((value) => rings.push(value));
      });
      for (const vertex of triangles) indices.push(vertex < 12 ? vertexOn(block, x, y, z, vertex) : local[vertex]!);
    }
  }
  return { axes, points, ends, rings, indices };
}

/** The ambiguous faces whose inside corners hang together (marching-cases.ts); products of float32 values, exact in float64. */
function joinedFaces(ambiguous: number, corners: Float32Array): number {
  let joined = 0;
  for (let face = 0; face < 6; face++) {
    if (((ambiguous >> face) & 1) === 0) continue;
    const [a, b, c, d] = FACE_CORNERS[face]!;
    const [even, odd] = [corners[a]! * corners[c]!, corners[b]! * corners[d]!];
    if (corners[a]! < 0 ? even > odd : odd > even) joined |= 1 << face;
  }
  return joined;
}

/** Whether an edge leads to the padding: at its lower (-1) or upper (1) end; 0: not. */
function padding({ points, axes }: Crossings, n: number, vertex: number): -1 | 0 | 1 {
  const axis = axes.values[vertex]!;
  if (axis === INNER) return 0;
  const end = points.values[3 * vertex + axis]!;
  return end === 0 ? -1 : end === n ? 1 : 0;
}

/** Root finding for the vertices [first, last). */
async function placeVertices(grid: SparseGrid, crossings: Crossings, ask: FieldSampler, rounds: number, positions: Float64Array, first: number, last: number): Promise<void> {
  const { axes, points, ends } = crossings;
  const count = last - first;
  const [low, high, share] = [new Float64Array(count), new Float64Array(count).fill(1), new Float64Array(count)];
  const [below, above] = [new Float64Array(count), new Float64Array(count)];
  /** Which end the last round moved, for the Illinois rule. */
  const moved = new Int8Array(count);
  const asked = new Float32Array(3 * count);
  const free = Int32Array.from({ length: count }, (_, i) => i).filter((i) => axes.values[first + i] !== INNER && padding(crossings, grid.n, first + i) === 0);
  const place = (i: number, t: number, axis: number): number => {
    const lower = points.values[3 * (first + i) + axis]!;
    return grid.coordinate(axes.values[first + i] === axis ? lower + t : lower);
  };
  const aim = (i: number): void => {
    const t = low[i]! + ((high[i]! - low[i]!) * below[i]!) / (below[i]! - above[i]!);
    share[i] = Math.max(CLEAR, Math.min(1 - CLEAR, t));
  };
  for (let i = 0; i < count; i++) {
    below[i] = ends.values[2 * (first + i)]!;
    above[i] = ends.values[2 * (first + i) + 1]!;
    const side = padding(crossings, grid.n, first + i);
    if (side !== 0) share[i] = side < 0 ? 1 - CLEAR : CLEAR;
  }
  for (const i of free) aim(i);
  for (let round = 0; round < rounds && free.length > 0; round++) {
    for (let k = 0; k < free.length; k++) for (let axis = 0; axis < 3; axis++) asked[3 * k + axis] = place(free[k]!, share[free[k]!]!, axis);
    const values = await ask(asked.subarray(0, 3 * free.length));
    for (let k = 0; k < free.length; k++) {
      const i = free[k]!;
      const value = Number.isFinite(values[k]!) ? values[k]! : above[i]! > 0 ? above[i]! : below[i]!;
      if (value < 0 === below[i]! < 0) {
        low[i] = share[i]!;
        below[i] = value;
        if (moved[i] === -1) above[i]! /= 2;
        moved[i] = -1;
      } else {
        high[i] = share[i]!;
        above[i] = value;
        if (moved[i] === 1) below[i]! /= 2;
        moved[i] = 1;
      }
      aim(i);
    }
  }
  for (let i = 0; i < count; i++) for (let axis = 0; axis < 3; axis++) positions[3 * (first + i) + axis] = place(i, share[i]!, axis);
}

/** A vertex inside of a cell goes amid those around it. */
function placeInner({ rings }: Crossings, positions: Float64Array): void {
  for (let at = 0; at < rings.length; ) {
    const [vertex, count] = [rings.values[at]!, rings.values[at + 1]!];
    for (let axis = 0; axis < 3; axis++) {
      let sum = 0;
      for (let i = 0; i < count; i++) sum += positions[3 * rings.values[at + 2 + i]! + axis]!;
      positions[3 * vertex + axis] = sum / count;
    }
    at += 2 + count;
  }
}

/** Unit normals at vertices: the sum of the area vectors around each. */
function triangleNormals({ positions, indices }: Mesh): Float32Array {
  const sums = new Float64Array(positions.length);
  for (let at = 0; at < indices.length; at += 3) {
    const [a, b, c] = [3 * indices[at]!, 3 * indices[at + 1]!, 3 * indices[at + 2]!];
    const [ux, uy, uz] = [positions[b]! - positions[a]!, positions[b + 1]! - positions[a + 1]!, positions[b + 2]! - positions[a + 2]!];
    const [vx, vy, vz] = [positions[c]! - positions[a]!, positions[c + 1]! - positions[a + 1]!, positions[c + 2]! - positions[a + 2]!];
    const [nx, ny, nz] = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
    for (const vertex of [a, b, c]) {
      sums[vertex]! += nx;
      sums[vertex + 1]! += ny;
      sums[vertex + 2]! += nz;
    }
  }
  const normals = new Float32Array(sums.length);
  for (let at = 0; at < sums.length; at += 3) setUnit(normals, at, sums[at]!, sums[at + 1]!, sums[at + 2]!);
  return normals;
}

/** Leaves what is there where the vector has no direction. */
function setUnit(normals: Float32Array, at: number, x: number, y: number, z: number): void {
  const length = Math.hypot(x, y, z);
  if (!(length > 0 && length < Infinity)) return;
  normals[at] = x / length;
  normals[at + 1] = y / length;
  normals[at + 2] = z / length;
}

/** Normals of [first, last) by central differences over half a cell either way, kept inside of the cube; caps keep those they have. */
async function gradientNormals(grid: SparseGrid, crossings: Crossings, ask: FieldSampler, positions: Float64Array, normals: Float32Array, first: number, last: number): Promise<void> {
  const step = 1 / grid.n;
  const points = new Float32Array(18 * (last - first));
  for (let i = 0; i < points.length; i++) {
    const [vertex, probe, axis] = [first + Math.floor(i / 18), Math.floor(i / 3) % 6, i % 3];
    const aside = probe >> 1 === axis ? ((probe & 1) === 0 ? -step : step) : 0;
    points[i] = Math.max(-1, Math.min(1, positions[3 * vertex + axis]! + aside));
  }
  const values = await ask(points);
  const slope = [0, 0, 0];
  for (let vertex = first; vertex < last; vertex++) {
    if (padding(crossings, grid.n, vertex) !== 0) continue;
    const at = 6 * (vertex - first);
    for (let axis = 0; axis < 3; axis++) {
      const way = points[3 * (at + 2 * axis + 1) + axis]! - points[3 * (at + 2 * axis) + axis]!;
      slope[axis] = (values[at + 2 * axis + 1]! - values[at + 2 * axis]!) / way;
    }
    setUnit(normals, 3 * vertex, slope[0]!, slope[1]!, slope[2]!);
  }
}
