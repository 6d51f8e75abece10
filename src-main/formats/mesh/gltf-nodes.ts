/**
 * The hierarchy of nodes of a glTF scene, multiplied out in float64. Matrices are 4 x 4, columns first, as in the files. A node is met at most
 * once: the specification asks for trees, and a file that makes a ring of them must end too.
 */
import { damaged } from './faults';
import type { Gltf, GltfNode } from './gltf-container';

export type Matrix = readonly number[];

const IDENTITY: Matrix = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];

/** Where each mesh of the scene stands; each with a matrix of its own. Without nodes every mesh stands once where it is. */
export function placedMeshes(json: Gltf, name: string): { mesh: number; matrix: Matrix }[] {
  const { nodes, scenes, meshes } = json;
  if (nodes.length === 0) return meshes.map((_, mesh) => ({ mesh, matrix: [...IDENTITY] }));
  const placed: { mesh: number; matrix: Matrix }[] = [];
  const met = new Set<number>();
  const stack = rootsOf(json)
    .reverse()
    .map((node) => ({ node, parent: IDENTITY }));
  if (json.scene !== undefined && !scenes[json.scene]) throw damaged(name, 'glTF', `it shows scene ${json.scene}, of which there are ${scenes.length}`);
  for (let item = stack.pop(); item; item = stack.pop()) {
    const node = nodes[item.node];
    if (!node) throw damaged(name, 'glTF', `it names node ${item.node}, of which there are ${nodes.length}`);
    if (met.has(item.node)) throw damaged(name, 'glTF', `node ${item.node} is in the scene twice`);
    met.add(item.node);
    const matrix = product(item.parent, localMatrix(node));
    if (node.mesh !== undefined) {
      if (!meshes[node.mesh]) throw damaged(name, 'glTF', `it names mesh ${node.mesh}, of which there are ${meshes.length}`);
      placed.push({ mesh: node.mesh, matrix });
    }
    for (const child of [...node.children].reverse()) stack.push({ node: child, parent: matrix });
  }
  return placed;
}

/** Nodes of the scene that is shown; without scenes those that are nobody's child. */
function rootsOf({ nodes, scenes, scene }: Gltf): number[] {
  if (scenes.length > 0) return [...(scenes[scene ?? 0]?.nodes ?? [])];
  const children = new Set(nodes.flatMap((node) => node.children));
  return nodes.map((_, i) => i).filter((i) => !children.has(i));
}

/** The matrix, or translation x rotation (x, y, z, w) x scale. */
function localMatrix({ matrix, translation = [0, 0, 0], rotation = [0, 0, 0, 1], scale = [1, 1, 1] }: GltfNode): Matrix {
  if (matrix) return matrix;
  const [x, y, z, w] = rotation as [number, number, number, number];
  const [sx, sy, sz] = scale as [number, number, number];
  return [
    ...[1 - 2 * (y * y + z * z), 2 * (x * y + z * w), 2 * (x * z - y * w)].map((value) => value * sx),
    0,
    ...[2 * (x * y - z * w), 1 - 2 * (x * x + z * z), 2 * (y * z + x * w)].map((value) => value * sy),
    0,
    ...[2 * (x * z + y * w), 2 * (y * z - x * w), 1 - 2 * (x * x + y * y)].map((value) => value * sz),
    0,
    ...translation,
    1,
  ];
}

function product(a: Matrix, b: Matrix): Matrix {
  return Array.from({ length: 16 }, (_, i) => {
    const [row, column] = [i % 4, 4 * Math.floor(i / 4)];
    return a[row]! * b[column]! + a[row + 4]! * b[column + 1]! + a[row + 8]! * b[column + 2]! + a[row + 12]! * b[column + 3]!;
  });
}

/** What normals are multiplied by: the inverse transposed, times the determinant's size. Without translation. */
export function cofactors(m: Matrix): Matrix {
  const sign = determinant(m) < 0 ? -1 : 1;
  const minor = (column: number, row: number): number => {
    const [c1, c2] = [(column + 1) % 3, (column + 2) % 3];
    const [r1, r2] = [(row + 1) % 3, (row + 2) % 3];
    return sign * (m[4 * c1 + r1]! * m[4 * c2 + r2]! - m[4 * c1 + r2]! * m[4 * c2 + r1]!);
  };
  return Array.from({ length: 16 }, (_, i) => {
    const [row, column] = [i % 4, Math.floor(i / 4)];
    return row < 3 && column < 3 ? minor(column, row) : i === 15 ? 1 : 0;
  });
}

/** Of the linear part. */
export function determinant(m: Matrix): number {
  return m[0]! * (m[5]! * m[10]! - m[6]! * m[9]!) - m[4]! * (m[1]! * m[10]! - m[2]! * m[9]!) + m[8]! * (m[1]! * m[6]! - m[2]! * m[5]!);
}
