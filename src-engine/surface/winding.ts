/**
 * Fast winding numbers (Barill, Dickson, Schmidt, Levin and Jacobson, "Fast Winding Numbers for Soups and Clouds", SIGGRAPH 2018). The
 * winding number of a point q about triangles is the sum of their signed solid angles over 4 pi: 1 inside a closed surface whose triangles are
 * counter-clockwise seen from outside, 0 outside of it, and something sensible between for meshes with holes, flaps and overlaps.
 *
 * One triangle, exactly (Van Oosterom and Strackee 1983), with a, b, c its corners seen from q:
 *
 *     tan(angle / 2) = det[a b c] / (|a||b||c| + (a.b)|c| + (b.c)|a| + (c.a)|b|)
 *
 * Many triangles that q is far from, by their moments about the area-weighted centroid p of the cluster. With y = x - p for x on the surface,
 * n dA its area elements and r = p - q, Taylor's expansion of r / |r|^3 to second order gives the solid angle
 *
 *     N.r / |r|^3  +  tr M / |r|^3 - 3 r'Mr / |r|^5  +  (15 S(r,r,r) / |r|^7 - 9 s.r / |r|^5) / 2
 *
 * where N = sum of n dA, M = sum of n y', S = sum of n y y' made symmetric in its three indices, and s = trace of S. (The derivatives of
 * r / |r|^3 are symmetric in all their indices, so only the symmetric parts of M and S count: 6 and 10 numbers.) The integrals of y and y y'
 * over a triangle with corners u, v, w are its area times (u + v + w) / 3 and (uu' + vv' + ww' + (u+v+w)(u+v+w)') / 12.
 *
 * The clusters are the nodes of a binary tree over the triangles, halved at the median of their centroids along the longest axis. A cluster is
 * far when |r| > beta * radius, where the radius reaches its farthest corner; beta = 2 as in the paper.
 *
 * Everything is float64 and goes in a fixed order: the same triangles and the same point give the same bits.
 */

/** Distance in radii from which on a cluster is taken by its moments. */
const BETA = 2;
/** Triangles of a leaf at most. */
const LEAF = 8;
/** Numbers of a node: centre 3, square of the far distance 1, N 3, M 6 (xx yy zz xy xz yz), S 10 (xxx yyy zzz xxy xxz xyy yyz xzz yzz xyz). */
const NODE = 23;
/** Indices of the ten entries of S. */
const TRIPLES = [0, 0, 0, 1, 1, 1, 2, 2, 2, 0, 0, 1, 0, 0, 2, 0, 1, 1, 1, 1, 2, 0, 2, 2, 1, 2, 2, 0, 1, 2];
/** Deepest path of the tree: halves of 2^32 triangles. */
const STACK = 64;

/** Moments of a cluster about its own centre, before they are made symmetric. */
interface Moments {
  readonly area: number;
  readonly centre: readonly [number, number, number];
  readonly n: Float64Array;
  /** n_i y_j at 3 i + j. */
  readonly m: Float64Array;
  /** n_i y_j y_k at 9 i + 3 j + k. */
  readonly t: Float64Array;
}

/** What queries read. Typed arrays alone, so that threads can share it. */
export interface WindingTree {
  /** The nine coordinates of every triangle, in the order of the leaves. */
  readonly corners: Float64Array;
  /** NODE numbers a node; children follow their parent, left one first. */
  readonly nodes: Float64Array;
  /** Two words a node: of a leaf its first triangle and their count, of others the right child and 0. */
  readonly links: Uint32Array;
}

/**
 * The tree over a mesh. `positions`: x, y, z of every vertex, all finite; `indices`: three a triangle. Any triangle soup will do. `shared`: over
 * SharedArrayBuffers.
 */
export function buildWindingTree(positions: ArrayLike<number>, indices: Uint32Array, shared = false): WindingTree {
  const triangles = indices.length / 3;
  const centroids = new Float64Array(indices.length);
  for (let triangle = 0; triangle < triangles; triangle++) {
    for (let axis = 0; axis < 3; axis++) {
      let sum = 0;
      for (let corner = 0; corner < 3; corner++) sum += positions[3 * indices[3 * triangle + corner]! + axis]!;
      centroids[3 * triangle + axis] = sum / 3;
    }
  }
  const order = Uint32Array.from({ length: triangles }, (_, triangle) => triangle);
  const nodeCount = countNodes(triangles);
  const room = (bytes: number): ArrayBuffer => (shared ? (new SharedArrayBuffer(bytes) as unknown as ArrayBuffer) : new ArrayBuffer(bytes));
  const nodes = new Float64Array(room(nodeCount * NODE * 8));
  const links = new Uint32Array(room(nodeCount * 8));
  const corners = new Float64Array(room(triangles * 72));
  let next = 0;

  const build = (first: number, last: number): Moments => {
    const node = next++;
    const count = last - first;
    let moments: Moments;
    if (count <= LEAF) {
      links[2 * node] = first;
      links[2 * node + 1] = count;
      for (let at = first; at < last; at++) {
        for (let corner = 0; corner < 3; corner++) {
          const vertex = 3 * indices[3 * order[at]! + corner]!;
          for (let axis = 0; axis < 3; axis++) corners[9 * at + 3 * corner + axis] = positions[vertex + axis]!;
        }
      }
      moments = leafMoments(corners, first, last);
    } else {
      const middle = (first + last) >>> 1;
      selectMiddle(order, centroids, first, last, middle);
      const left = build(first, middle);
      links[2 * node] = next;
      moments = joinMoments(left, build(middle, last));
    }
    store(nodes, NODE * node, moments, farthest(corners, first, last, moments.centre));
    return moments;
  };
  if (triangles > 0) build(0, triangles);
  return { corners, nodes, links };
}

function countNodes(triangles: number): number {
  if (triangles === 0) return 0;
  // Halves differ by one at most, so at every depth there are two sizes at most.
  let counts = new Map([[triangles, 1]]);
  let total = 0;
  while (counts.size > 0) {
    const below = new Map<number, number>();
    for (const [size, times] of counts) {
      total += times;
      if (size > LEAF) for (const half of [size >>> 1, size - (size >>> 1)]) below.set(half, (below.get(half) ?? 0) + times);
    }
    counts = below;
  }
  return total;
}

/** Reorders [first, last) of `order` so that what lies before `middle` is not beyond what lies after it, along the longest axis (quickselect). */
function selectMiddle(order: Uint32Array, centroids: Float64Array, first: number, last: number, middle: number): void {
  let axis = 0;
  let longest = -1;
  for (let candidate = 0; candidate < 3; candidate++) {
    let least = Infinity;
    let most = -Infinity;
    for (let at = first; at < last; at++) {
      const value = centroids[3 * order[at]! + candidate]!;
      if (value < least) least = value;
      if (value > most) most = value;
    }
    if (most - least > longest) [axis, longest] = [candidate, most - least];
  }
  let low = first;
  let high = last - 1;
  while (low < high) {
    const [a, b, c] = [low, (low + high) >>> 1, high].map((at) => centroids[3 * order[at]! + axis]!) as [number, number, number];
    const pivot = Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
    let i = low;
    let j = high;
    while (i <= j) {
      while (centroids[3 * order[i]! + axis]! < pivot) i++;
      while (centroids[3 * order[j]! + axis]! > pivot) j--;
      if (i > j) break;
      const swap = order[i]!;
      order[i++] = order[j]!;
      order[j--] = swap;
    }
    if (middle <= j) high = j;
    else if (middle >= i) low = i;
    else return;
  }
}

function leafMoments(corners: Float64Array, first: number, last: number): Moments {
  const areas: number[] = [];
  const vectors: [number, number, number][] = [];
  const centre: [number, number, number] = [0, 0, 0];
  const plain: [number, number, number] = [0, 0, 0];
  let area = 0;
  for (let at = 9 * first; at < 9 * last; at += 9) {
    const [ux, uy, uz] = [corners[at + 3]! - corners[at]!, corners[at + 4]! - corners[at + 1]!, corners[at + 5]! - corners[at + 2]!];
    const [vx, vy, vz] = [corners[at + 6]! - corners[at]!, corners[at + 7]! - corners[at + 1]!, corners[at + 8]! - corners[at + 2]!];
    const vector: [number, number, number] = [(uy * vz - uz * vy) / 2, (uz * vx - ux * vz) / 2, (ux * vy - uy * vx) / 2];
    const size = Math.hypot(...vector);
    vectors.push(vector);
    areas.push(size);
    area += size;
    for (let axis = 0; axis < 3; axis++) {
      const mean = (corners[at + axis]! + corners[at + 3 + axis]! + corners[at + 6 + axis]!) / 3;
      centre[axis]! += size * mean;
      plain[axis]! += mean / (last - first);
    }
  }
  for (let axis = 0; axis < 3; axis++) centre[axis] = area > 0 ? centre[axis]! / area : plain[axis]!;
  const moments: Moments = { area, centre, n: new Float64Array(3), m: new Float64Array(9), t: new Float64Array(27) };
  const y = new Float64Array(9);
  for (let triangle = 0; triangle < areas.length; triangle++) {
    for (let i = 0; i < 9; i++) y[i] = corners[9 * (first + triangle) + i]! - centre[i % 3]!;
    for (let i = 0; i < 3; i++) {
      const n = vectors[triangle]![i]!;
      moments.n[i]! += n;
      for (let j = 0; j < 3; j++) {
        const sumJ = y[j]! + y[3 + j]! + y[6 + j]!;
        moments.m[3 * i + j]! += (n * sumJ) / 3;
        for (let k = 0; k < 3; k++) {
          const sumK = y[k]! + y[3 + k]! + y[6 + k]!;
          moments.t[9 * i + 3 * j + k]! += (n * (y[j]! * y[k]! + y[3 + j]! * y[3 + k]! + y[6 + j]! * y[6 + k]! + sumJ * sumK)) / 12;
        }
      }
    }
  }
  return moments;
}

/** Moments of two clusters together, about their common centre: y' = y + d with d = old centre - new centre. */
function joinMoments(left: Moments, right: Moments): Moments {
  const area = left.area + right.area;
  const share = area > 0 ? right.area / area : 0.5;
  const centre = left.centre.map((value, axis) => value + share * (right.centre[axis]! - value)) as [number, number, number];
  const joint: Moments = { area, centre, n: new Float64Array(3), m: new Float64Array(9), t: new Float64Array(27) };
  for (const { centre: old, n, m, t } of [left, right]) {
    for (let i = 0; i < 3; i++) {
      joint.n[i]! += n[i]!;
      for (let j = 0; j < 3; j++) {
        const dj = old[j]! - centre[j]!;
        joint.m[3 * i + j]! += m[3 * i + j]! + n[i]! * dj;
        for (let k = 0; k < 3; k++) {
          const dk = old[k]! - centre[k]!;
          joint.t[9 * i + 3 * j + k]! += t[9 * i + 3 * j + k]! + m[3 * i + j]! * dk + m[3 * i + k]! * dj + n[i]! * dj * dk;
        }
      }
    }
  }
  return joint;
}

/** Distance from `centre` to the farthest corner of the triangles [first, last). */
function farthest(corners: Float64Array, first: number, last: number, [x, y, z]: readonly [number, number, number]): number {
  let square = 0;
  for (let at = 9 * first; at < 9 * last; at += 3) square = Math.max(square, (corners[at]! - x) ** 2 + (corners[at + 1]! - y) ** 2 + (corners[at + 2]! - z) ** 2);
  return Math.sqrt(square);
}

function store(nodes: Float64Array, at: number, { centre, n, m, t }: Moments, radius: number): void {
  nodes.set(centre, at);
  nodes[at + 3] = (BETA * radius) ** 2;
  nodes.set(n, at + 4);
  nodes.set([m[0]!, m[4]!, m[8]!, (m[1]! + m[3]!) / 2, (m[2]! + m[6]!) / 2, (m[5]! + m[7]!) / 2], at + 7);
  for (let entry = 0; entry < 10; entry++) {
    const [i, j, k] = [TRIPLES[3 * entry]!, TRIPLES[3 * entry + 1]!, TRIPLES[3 * entry + 2]!];
    nodes[at + 13 + entry] = (t[9 * i + 3 * j + k]! + t[9 * j + 3 * i + k]! + t[9 * k + 3 * i + j]!) / 3;
  }
}

const stack = new Uint32Array(STACK);

/** Winding number of one point. */
export function windingNumber({ corners, nodes, links }: WindingTree, x: number, y: number, z: number): number {
  if (links.length === 0) return 0;
  let total = 0;
  let depth = 0;
  stack[depth++] = 0;
  while (depth > 0) {
    const node = stack[--depth]!;
    const at = NODE * node;
    const rx = nodes[at]! - x;
    const ry = nodes[at + 1]! - y;
    const rz = nodes[at + 2]! - z;
    const square = rx * rx + ry * ry + rz * rz;
    if (square > nodes[at + 3]!) {
      total += farAngle(nodes, at, rx, ry, rz, square);
      continue;
    }
    const count = links[2 * node + 1]!;
    const link = links[2 * node]!;
    if (count === 0) {
      stack[depth++] = link;
      stack[depth++] = node + 1;
    } else {
      for (let triangle = link; triangle < link + count; triangle++) total += solidAngle(corners, 9 * triangle, x, y, z);
    }
  }
  return total / (4 * Math.PI);
}

/** Solid angle of a far cluster: the expansion on top. */
function farAngle(c: Float64Array, at: number, x: number, y: number, z: number, square: number): number {
  const inverse = 1 / square;
  const inverse3 = inverse * Math.sqrt(inverse);
  const xx = x * x;
  const yy = y * y;
  const zz = z * z;
  const xy = x * y;
  const xz = x * z;
  const yz = y * z;
  const first = c[at + 4]! * x + c[at + 5]! * y + c[at + 6]! * z;
  const trace = c[at + 7]! + c[at + 8]! + c[at + 9]!;
  const form = c[at + 7]! * xx + c[at + 8]! * yy + c[at + 9]! * zz + 2 * (c[at + 10]! * xy + c[at + 11]! * xz + c[at + 12]! * yz);
  const sxxx = c[at + 13]!;
  const syyy = c[at + 14]!;
  const szzz = c[at + 15]!;
  const sxxy = c[at + 16]!;
  const sxxz = c[at + 17]!;
  const sxyy = c[at + 18]!;
  const syyz = c[at + 19]!;
  const sxzz = c[at + 20]!;
  const syzz = c[at + 21]!;
  const cubic = sxxx * xx * x + syyy * yy * y + szzz * zz * z + 3 * (sxxy * xx * y + sxxz * xx * z + sxyy * yy * x + syyz * yy * z + sxzz * zz * x + syzz * zz * y) + 6 * c[at + 22]! * xy * z;
  const linear = (sxxx + sxyy + sxzz) * x + (sxxy + syyy + syzz) * y + (sxxz + syyz + szzz) * z;
  return inverse3 * (first + trace - 3 * form * inverse + (7.5 * cubic * inverse - 4.5 * linear) * inverse);
}

/** Signed solid angle of the triangle at `at`, seen from (x, y, z). */
export function solidAngle(corners: Float64Array, at: number, x: number, y: number, z: number): number {
  const ax = corners[at]! - x;
  const ay = corners[at + 1]! - y;
  const az = corners[at + 2]! - z;
  const bx = corners[at + 3]! - x;
  const by = corners[at + 4]! - y;
  const bz = corners[at + 5]! - z;
  const cx = corners[at + 6]! - x;
  const cy = corners[at + 7]! - y;
  const cz = corners[at + 8]! - z;
  const a = Math.sqrt(ax * ax + ay * ay + az * az);
  const b = Math.sqrt(bx * bx + by * by + bz * bz);
  const c = Math.sqrt(cx * cx + cy * cy + cz * cz);
  const determinant = ax * (by * cz - bz * cy) + ay * (bz * cx - bx * cz) + az * (bx * cy - by * cx);
  const denominator = a * b * c + (ax * bx + ay * by + az * bz) * c + (bx * cx + by * cy + bz * cz) * a + (cx * ax + cy * ay + cz * az) * b;
  return 2 * Math.atan2(determinant, denominator);
}
