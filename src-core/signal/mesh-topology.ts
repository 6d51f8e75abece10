/**
 * How the triangles of a mesh hang together. Everything goes by vertex indices: vertices at equal places must be one (VertexWelder).
 *
 * The sides of all triangles are put into buckets by the smaller of their two vertices (a counting sort) and each bucket is sorted by the larger
 * one, so that equal edges lie side by side: linear in the triangles but for vertices with very many neighbours. Components are found with a
 * forest of disjoint sets (path halving, union to the smaller index).
 */

export interface Topology {
  /** Edges of one triangle. */
  readonly boundaryEdges: number;
  /** Edges of three triangles or more. */
  readonly nonManifoldEdges: number;
  /** Parts that share no vertex. */
  readonly components: number;
  /** Every edge has an even number of triangles, so that the surface has no rim. */
  readonly watertight: boolean;
  /** Where two triangles meet at an edge, they run through it in opposite directions. */
  readonly oriented: boolean;
}

/** `indices`: three different vertices below `vertices` a triangle. Vertices of no triangle count for nothing. */
export function topologyOf(indices: Uint32Array, vertices: number): Topology {
  const { starts, ends } = bucketEdges(indices, vertices);
  let boundaryEdges = 0;
  let nonManifoldEdges = 0;
  let odd = 0;
  let oriented = true;
  for (let vertex = 0; vertex < vertices; vertex++) {
    const bucket = ends.subarray(starts[vertex]!, starts[vertex + 1]!);
    sortSmall(bucket);
    for (let from = 0; from < bucket.length; ) {
      let to = from;
      let forward = 0;
      while (to < bucket.length && bucket[to]! >>> 1 === bucket[from]! >>> 1) forward += bucket[to++]! & 1;
      const count = to - from;
      if (count === 1) boundaryEdges++;
      if (count > 2) nonManifoldEdges++;
      if (count % 2 === 1) odd++;
      if (count % 2 === 0 && 2 * forward !== count) oriented = false;
      from = to;
    }
  }
  return { boundaryEdges, nonManifoldEdges, components: componentsOf(indices, vertices), watertight: indices.length > 0 && odd === 0, oriented };
}

/** Most vertices of a mesh: the other end of an edge and its direction share 32 bits. */
export const MOST_VERTICES = 2 ** 31 - 1;

/** All sides by their smaller vertex: in its bucket, 2 x the larger vertex, + 1 where the triangle runs from the smaller to the larger. */
function bucketEdges(indices: Uint32Array, vertices: number): { starts: Uint32Array; ends: Uint32Array } {
  const starts = new Uint32Array(vertices + 1);
  const sides = indices.length;
  const next = (i: number): number => (i % 3 === 2 ? i - 2 : i + 1);
  for (let i = 0; i < sides; i++) starts[Math.min(indices[i]!, indices[next(i)]!) + 1]!++;
  for (let vertex = 0; vertex < vertices; vertex++) starts[vertex + 1]! += starts[vertex]!;
  const filled = starts.slice();
  const ends = new Uint32Array(sides);
  for (let i = 0; i < sides; i++) {
    const a = indices[i]!;
    const b = indices[next(i)]!;
    if (a < b) ends[filled[a]!++] = 2 * b + 1;
    else ends[filled[b]!++] = 2 * a;
  }
  return { starts, ends };
}

/** Insertion below the length where the engine's own sort pays. */
function sortSmall(values: Uint32Array): void {
  if (values.length > 48) {
    values.sort();
    return;
  }
  for (let i = 1; i < values.length; i++) {
    const value = values[i]!;
    let at = i;
    for (; at > 0 && values[at - 1]! > value; at--) values[at] = values[at - 1]!;
    values[at] = value;
  }
}

function componentsOf(indices: Uint32Array, vertices: number): number {
  const parent = Uint32Array.from({ length: vertices }, (_, i) => i);
  const used = new Uint8Array(vertices);
  const rootOf = (start: number): number => {
    let vertex = start;
    while (parent[vertex] !== vertex) vertex = parent[vertex] = parent[parent[vertex]!]!;
    return vertex;
  };
  const join = (a: number, b: number): void => {
    const [one, other] = [rootOf(a), rootOf(b)];
    if (one < other) parent[other] = one;
    else parent[one] = other;
  };
  for (let i = 0; i < indices.length; i += 3) {
    for (let corner = 0; corner < 3; corner++) used[indices[i + corner]!] = 1;
    join(indices[i]!, indices[i + 1]!);
    join(indices[i]!, indices[i + 2]!);
  }
  let components = 0;
  for (let vertex = 0; vertex < vertices; vertex++) if (used[vertex] && parent[vertex] === vertex) components++;
  return components;
}
