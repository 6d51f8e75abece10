/**
 * What drawing needs beside a mesh: normals, curvature, its edges, and a smaller stand-in for slow renderers.
 *
 * Normals are means of the triangles around a vertex weighted by their area. Curvature is the mean curvature H, positive where the surface bulges
 * outwards: along an edge from vertex i to j the normal curvature is about (n_j - n_i).(p_j - p_i) / |p_j - p_i|^2 (Taubin 1995, first
 * order), and H is its mean over the edges around a vertex. A sphere of radius r has 1 / r everywhere.
 *
 * The stand-in comes from vertex clustering (Rossignac and Borrel 1993): vertices in one cell of a grid become their mean, triangles that
 * collapse go. It is meant for moments of motion, so it need not keep the topology.
 */
import { boxAround } from './orbit';
import type { SurfaceMesh } from './surface-view';

/** Unit normals at the vertices, x, y, z each; (0, 0, 1) where no triangle with an area touches. */
export function vertexNormals({ positions, indices }: Pick<SurfaceMesh, 'positions' | 'indices'>): Float32Array {
  const normals = new Float32Array(positions.length);
  for (let i = 0; i < indices.length; i += 3) {
    const corners = [3 * indices[i]!, 3 * indices[i + 1]!, 3 * indices[i + 2]!] as const;
    const [a, b, c] = corners;
    const [ux, uy, uz] = [positions[b]! - positions[a]!, positions[b + 1]! - positions[a + 1]!, positions[b + 2]! - positions[a + 2]!];
    const [vx, vy, vz] = [positions[c]! - positions[a]!, positions[c + 1]! - positions[a + 1]!, positions[c + 2]! - positions[a + 2]!];
    const [nx, ny, nz] = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
    for (const corner of corners) {
      normals[corner] = normals[corner]! + nx;
      normals[corner + 1] = normals[corner + 1]! + ny;
      normals[corner + 2] = normals[corner + 2]! + nz;
    }
  }
  for (let i = 0; i < normals.length; i += 3) {
    const length = Math.hypot(normals[i]!, normals[i + 1]!, normals[i + 2]!);
    if (length > 0) {
      normals[i] = normals[i]! / length;
      normals[i + 1] = normals[i + 1]! / length;
      normals[i + 2] = normals[i + 2]! / length;
    } else normals[i + 2] = 1;
  }
  return normals;
}

/** Mean curvature at the vertices, per domain unit. */
export function vertexCurvature({ positions, indices }: Pick<SurfaceMesh, 'positions' | 'indices'>, normals: Float32Array): Float32Array {
  const vertices = positions.length / 3;
  const sums = new Float32Array(vertices);
  const counts = new Uint32Array(vertices);
  for (let i = 0; i < indices.length; i++) {
    const from = indices[i]!;
    const to = indices[i % 3 === 2 ? i - 2 : i + 1]!;
    let [bend, square] = [0, 0];
    for (let axis = 0; axis < 3; axis++) {
      const step = positions[3 * to + axis]! - positions[3 * from + axis]!;
      bend += (normals[3 * to + axis]! - normals[3 * from + axis]!) * step;
      square += step * step;
    }
    if (square === 0) continue;
    for (const vertex of [from, to]) {
      sums[vertex] = sums[vertex]! + bend / square;
      counts[vertex] = counts[vertex]! + 1;
    }
  }
  return sums.map((sum, vertex) => (counts[vertex]! > 0 ? sum / counts[vertex]! : 0));
}

/** Every edge once, as pairs of vertices. */
export function meshEdges(indices: Uint32Array, vertices: number): Uint32Array {
  // Numbers up to 2^53 hold a pair of any vertices that fit into memory; sorted, equal pairs lie side by side.
  const keys = new Float64Array(indices.length);
  for (let i = 0; i < indices.length; i++) {
    const [from, to] = [indices[i]!, indices[i % 3 === 2 ? i - 2 : i + 1]!];
    keys[i] = Math.min(from, to) * vertices + Math.max(from, to);
  }
  keys.sort();
  const edges = new Uint32Array(2 * keys.length);
  let count = 0;
  for (let i = 0; i < keys.length; i++) {
    if (i > 0 && keys[i] === keys[i - 1]) continue;
    const low = Math.floor(keys[i]! / vertices);
    edges[count++] = low;
    edges[count++] = keys[i]! - low * vertices;
  }
  return edges.slice(0, count);
}

/** The mesh with one vertex in each cell of a grid with `cells` cells along the longest edge of its box. */
export function clusteredMesh(mesh: SurfaceMesh, cells: number): SurfaceMesh {
  const { positions, indices } = mesh;
  const box = boxAround(positions);
  if (!box) return mesh;
  const longest = Math.max(...box.most.map((value, axis) => value - box.least[axis]!)) || 1;
  const scale = cells / longest;
  const cellOf = (vertex: number, axis: number): number => Math.min(cells - 1, Math.floor((positions[3 * vertex + axis]! - box.least[axis]!) * scale));
  const vertices = positions.length / 3;
  const clusters = new Map<number, number>();
  const clusterOf = new Uint32Array(vertices);
  for (let vertex = 0; vertex < vertices; vertex++) {
    const key = cellOf(vertex, 0) + cells * (cellOf(vertex, 1) + cells * cellOf(vertex, 2));
    let cluster = clusters.get(key);
    if (cluster === undefined) clusters.set(key, (cluster = clusters.size));
    clusterOf[vertex] = cluster;
  }
  const sums = new Float64Array(3 * clusters.size);
  const counts = new Uint32Array(clusters.size);
  for (let vertex = 0; vertex < vertices; vertex++) {
    const cluster = clusterOf[vertex]!;
    counts[cluster] = counts[cluster]! + 1;
    for (let axis = 0; axis < 3; axis++) sums[3 * cluster + axis] = sums[3 * cluster + axis]! + positions[3 * vertex + axis]!;
  }
  const kept = new Uint32Array(indices.length);
  let count = 0;
  for (let i = 0; i < indices.length; i += 3) {
    const [a, b, c] = [clusterOf[indices[i]!]!, clusterOf[indices[i + 1]!]!, clusterOf[indices[i + 2]!]!];
    if (a === b || b === c || c === a) continue;
    kept[count++] = a;
    kept[count++] = b;
    kept[count++] = c;
  }
  return { positions: Float32Array.from(sums, (sum, i) => sum / counts[Math.floor(i / 3)]!), indices: kept.slice(0, count) };
}

/** Values at the vertices of the clustered mesh would need its map; errors and curvature of a draft are left out. */
export const DRAFT_CELLS = 96;
/** Triangles from which on a software renderer draws the stand-in while the view moves. */
export const DRAFT_FROM = 150_000;

/** Volume inside of a closed mesh, by the divergence theorem: negative where its faces look inwards. */
export function enclosedVolume({ positions, indices }: SurfaceMesh): number {
  let sum = 0;
  for (let i = 0; i < indices.length; i += 3) {
    const [a, b, c] = [3 * indices[i]!, 3 * indices[i + 1]!, 3 * indices[i + 2]!];
    const [ax, ay, az] = [positions[a]!, positions[a + 1]!, positions[a + 2]!];
    const [bx, by, bz] = [positions[b]!, positions[b + 1]!, positions[b + 2]!];
    const [cx, cy, cz] = [positions[c]!, positions[c + 1]!, positions[c + 2]!];
    sum += ax * (by * cz - bz * cy) + ay * (bz * cx - bx * cz) + az * (bx * cy - by * cx);
  }
  return sum / 6;
}
