/**
 * Any mesh that a file may hold becomes one that distances can be measured from, and what was wrong with it is told.
 *
 * In this order:
 * 1. triangles with indices out of range go, and triangles with a vertex that has a coordinate which is no finite number;
 * 2. vertices at bit-equal places become one, with the mean of their normals;
 * 3. triangles with two equal corners go, and of triangles with the same three corners (in any order) all but the first;
 * 4. edges, components, watertightness and orientation are found (mesh-topology.ts);
 * 5. triangles without area go: three different corners on one line. They went through step 4 because they close the edges that they join, and
 *    a surface that they hold together has no gap;
 * 6. vertices of no triangle go.
 *
 * Vertices and triangles that stay keep their order. No triangle is turned, no hole is filled.
 */
import { pcg3d } from '../fit/random';
import { StudioError } from '../errors';
import { diagonalOf, triangleCount, vertexCount, type Mesh } from './mesh';
import { MOST_VERTICES, topologyOf, type Topology } from './mesh-topology';
import { VertexWelder } from './weld';

/** Largest coordinate: squares and products of four of them, which areas and distances are made of, stay finite. */
export const LARGEST_COORDINATE = 1e18;
/** Smallest diagonal, likewise. */
export const SMALLEST_DIAGONAL = 1e-18;

export interface MeshReport extends Topology {
  /** As they came. */
  readonly vertices: number;
  readonly triangles: number;
  /** Triangles with an index out of range. */
  readonly outOfRange: number;
  /** Vertices with a coordinate that is not finite, and the triangles that went with them. */
  readonly nonFiniteVertices: number;
  readonly nonFiniteTriangles: number;
  /** Vertices that became one with an earlier one at the same place. */
  readonly merged: number;
  /** Triangles with two equal corners or no area. */
  readonly degenerate: number;
  /** Triangles over the corners of an earlier one. */
  readonly duplicate: number;
  /** Vertices of no triangle. */
  readonly unused: number;
}

/**
 * Repairs a mesh as said on top. Takes indices of any value and coordinates of any value; the mesh that comes back has at least one triangle and
 * an area. `name` is for messages. Throws StudioError 'input': 'input.empty' where there are no triangles or none is left, 'input.damaged' where
 * all indices are out of range or arrays have odd lengths, 'input.range' where coordinates are beyond 1e18 or the mesh spans less than 1e-18.
 */
export function cleanMesh(mesh: Mesh, name = 'The mesh'): { mesh: Mesh; report: MeshReport } {
  const vertices = vertexCount(mesh);
  const triangles = triangleCount(mesh);
  if (mesh.positions.length % 3 !== 0 || mesh.indices.length % 3 !== 0) throw new StudioError('input', 'input.damaged', `${name}: coordinates or indices do not come in threes.`);
  if (triangles === 0) throw new StudioError('input', 'input.empty', `${name}: a point cloud: no triangles. Reconstruct a surface from it first.`);
  if (vertices > MOST_VERTICES) throw new StudioError('input', 'input.size', `${name}: ${vertices} vertices are more than ${MOST_VERTICES}. Simplify the mesh first.`);

  const usable = keepUsable(mesh);
  if (usable.outOfRange === triangles) throw new StudioError('input', 'input.damaged', `${name}: every triangle names a vertex that is not there. The file is damaged: write it again.`);
  const welded = weld(mesh, usable.indices, usable.finite);
  const different = dropDuplicates(dropFolded(welded.indices));
  const folded = (welded.indices.length - different.kept.length) / 3 - different.duplicate;
  const topology = topologyOf(different.kept, welded.positions.length / 3);
  const indices = dropFlat(different.kept, welded.positions, name);
  const flat = (different.kept.length - indices.length) / 3;
  const { unused, ...clean } = dropUnused({ ...welded, indices });

  if (clean.indices.length === 0) throw new StudioError('input', 'input.empty', `${name}: no triangle is left: all are without area or have coordinates that are no numbers.`);
  const diagonal = diagonalOf(clean);
  if (diagonal < SMALLEST_DIAGONAL) throw new StudioError('input', 'input.range', `${name}: spans only ${diagonal.toPrecision(3)}. Scale it up first.`);
  return {
    mesh: clean,
    report: {
      ...topology,
      vertices,
      triangles,
      outOfRange: usable.outOfRange,
      nonFiniteVertices: usable.nonFiniteVertices,
      nonFiniteTriangles: usable.nonFiniteTriangles,
      merged: welded.merged,
      degenerate: folded + flat,
      duplicate: different.duplicate,
      unused,
    },
  };
}

/** Step 1. `finite`: a flag a vertex. */
function keepUsable({ positions, indices }: Mesh) {
  const vertices = positions.length / 3;
  const finite = new Uint8Array(vertices);
  let nonFiniteVertices = 0;
  for (let vertex = 0; vertex < vertices; vertex++) {
    // 0 * x is 0 where x is finite, else NaN.
    const wrong = 0 * positions[3 * vertex]! + 0 * positions[3 * vertex + 1]! + 0 * positions[3 * vertex + 2]! !== 0;
    finite[vertex] = Number(!wrong);
    if (wrong) nonFiniteVertices++;
  }
  const kept = new Uint32Array(indices.length);
  let length = 0;
  let outOfRange = 0;
  let nonFiniteTriangles = 0;
  for (let i = 0; i < indices.length; i += 3) {
    const [a, b, c] = [indices[i]!, indices[i + 1]!, indices[i + 2]!];
    if (a >= vertices || b >= vertices || c >= vertices) outOfRange++;
    else if (!(finite[a] && finite[b] && finite[c])) nonFiniteTriangles++;
    else {
      kept[length] = a;
      kept[length + 1] = b;
      kept[length + 2] = c;
      length += 3;
    }
  }
  return { indices: kept.subarray(0, length), finite, outOfRange, nonFiniteVertices, nonFiniteTriangles };
}

interface Welded {
  readonly positions: Float64Array;
  readonly indices: Uint32Array;
  readonly normals?: Float32Array;
}

/** Step 2; vertices that are not finite drop out here. */
function weld({ positions, normals }: Mesh, indices: Uint32Array, finite: Uint8Array): Welded & { merged: number } {
  const welder = new VertexWelder(finite.length);
  const map = new Uint32Array(finite.length);
  let merged = 0;
  for (let vertex = 0; vertex < finite.length; vertex++) {
    if (!finite[vertex]) continue;
    const before = welder.count;
    map[vertex] = welder.add(positions[3 * vertex]!, positions[3 * vertex + 1]!, positions[3 * vertex + 2]!);
    if (welder.count === before) merged++;
  }
  const welded = { positions: welder.positions(), indices: indices.map((vertex) => map[vertex]!), merged };
  if (normals?.length !== positions.length) return welded;
  const sums = new Float32Array(welded.positions.length);
  for (let i = 0; i < normals.length; i++) {
    const vertex = Math.floor(i / 3);
    const value = normals[i]!;
    if (finite[vertex] && Number.isFinite(value)) sums[3 * map[vertex]! + (i % 3)]! += value;
  }
  return { ...welded, normals: normalize(sums) };
}

/** Vectors of length 1 in place; those of length 0 stay. */
export function normalize(vectors: Float32Array): Float32Array {
  for (let i = 0; i < vectors.length; i += 3) {
    const length = Math.hypot(vectors[i]!, vectors[i + 1]!, vectors[i + 2]!);
    if (length > 0) for (let axis = 0; axis < 3; axis++) vectors[i + axis]! /= length;
  }
  return vectors;
}

function dropFolded(indices: Uint32Array): Uint32Array {
  return keepTriangles(indices, (a, b, c) => a !== b && b !== c && c !== a);
}

/** The triangles that pass, in their order. */
function keepTriangles(indices: Uint32Array, passes: (a: number, b: number, c: number) => boolean): Uint32Array {
  const kept = new Uint32Array(indices.length);
  let length = 0;
  for (let i = 0; i < indices.length; i += 3) {
    const [a, b, c] = [indices[i]!, indices[i + 1]!, indices[i + 2]!];
    if (!passes(a, b, c)) continue;
    kept[length] = a;
    kept[length + 1] = b;
    kept[length + 2] = c;
    length += 3;
  }
  return kept.subarray(0, length);
}

/** Step 3: a hash table over the three corners in rising order. */
function dropDuplicates(indices: Uint32Array): { kept: Uint32Array; duplicate: number } {
  const EMPTY = 0xffffffff;
  const table = new Uint32Array(2 ** Math.ceil(Math.log2(Math.max(16, (2 * indices.length) / 3)))).fill(EMPTY);
  const sorted = new Uint32Array(indices.length);
  const mask = table.length - 1;
  let count = 0;
  const kept = keepTriangles(indices, (a, b, c) => {
    const least = Math.min(a, b, c);
    const most = Math.max(a, b, c);
    // In 32 bits: the two others cancel out.
    const middle = (a ^ b ^ c ^ least ^ most) >>> 0;
    let slot = pcg3d(least, middle, most) & mask;
    for (; table[slot] !== EMPTY; slot = (slot + 1) & mask) {
      const at = 3 * table[slot]!;
      if (sorted[at] === least && sorted[at + 1] === middle && sorted[at + 2] === most) return false;
    }
    sorted[3 * count] = least;
    sorted[3 * count + 1] = middle;
    sorted[3 * count + 2] = most;
    table[slot] = count++;
    return true;
  });
  return { kept, duplicate: indices.length / 3 - count };
}

/** Step 5. Throws where a coordinate of a triangle is beyond LARGEST_COORDINATE. */
function dropFlat(indices: Uint32Array, positions: Float64Array, name: string): Uint32Array {
  for (const vertex of indices) {
    for (let axis = 0; axis < 3; axis++) {
      const value = positions[3 * vertex + axis]!;
      if (Math.abs(value) > LARGEST_COORDINATE) {
        throw new StudioError('input', 'input.range', `${name}: a vertex has the coordinate ${value.toPrecision(3)}. Scale the mesh to at most ${LARGEST_COORDINATE}, or remove the stray vertex.`);
      }
    }
  }
  return keepTriangles(indices, (a, b, c) => {
    const at = (vertex: number, axis: number): number => positions[3 * vertex + axis]! - positions[3 * a + axis]!;
    const [ux, uy, uz] = [at(b, 0), at(b, 1), at(b, 2)];
    const [vx, vy, vz] = [at(c, 0), at(c, 1), at(c, 2)];
    const area = (uy * vz - uz * vy) ** 2 + (uz * vx - ux * vz) ** 2 + (ux * vy - uy * vx) ** 2;
    return area > 0;
  });
}

/** Step 6. */
function dropUnused({ positions, indices, normals }: Welded): Mesh & { unused: number } {
  const vertices = positions.length / 3;
  const map = new Uint32Array(vertices);
  for (const vertex of indices) map[vertex] = 1;
  let used = 0;
  for (let vertex = 0; vertex < vertices; vertex++) map[vertex] = map[vertex] ? used++ : vertices;
  const pick = <Values extends Float64Array | Float32Array>(from: Values, to: Values): Values => {
    for (let vertex = 0; vertex < vertices; vertex++) {
      const target = map[vertex]!;
      if (target < vertices) for (let axis = 0; axis < 3; axis++) to[3 * target + axis] = from[3 * vertex + axis]!;
    }
    return to;
  };
  const clean = { positions: pick(positions, new Float64Array(3 * used)), indices: indices.map((vertex) => map[vertex]!), unused: vertices - used };
  return normals ? { ...clean, normals: pick(normals, new Float32Array(3 * used)) } : clean;
}
