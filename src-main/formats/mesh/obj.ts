/**
 * Wavefront OBJ: lines of "v x y z", "vn x y z" and "f v/vt/vn ...". Indices count from 1, negative ones back from the last vertex so far. Polygons
 * become fans; groups, materials, texture coordinates, lines and curves are passed over. A vertex with several normals takes their mean.
 */
import type { Mesh } from '#core/signal/mesh';
import { growingFloats, NO_VERTEX, Polygons, unitNormals, vertexIndex } from './growing';
import { TextScanner } from './text';

const [V, N, F, SLASH] = [0x76, 0x6e, 0x66, 0x2f];

/** Throws StudioError 'input.damaged' with the line. */
export function readObj(bytes: Uint8Array, name: string): Mesh {
  const scan = new TextScanner(bytes, name, 'OBJ', { comment: 0x23, joins: true });
  const positions = growingFloats();
  const normals = growingFloats();
  const faces = new Polygons();
  // The normals of the triangles' corners go the same way as their vertices, once there are any.
  const faceNormals = new Polygons();
  /** `length`: coordinates so far, three of each. */
  const indexOf = (value: number, length: number): number => vertexIndex(value > 0 ? value - 1 : value < 0 ? length / 3 + value : -1);

  for (let more = bytes.length > 0; more; more = scan.nextLine()) {
    const c = scan.peek();
    if (c !== V && c !== F) continue;
    const next = bytes[scan.at + 1] ?? 0;
    const after = bytes[scan.at + 2] ?? 0;
    if (c === V && isSpace(next)) {
      scan.at++;
      for (let axis = 0; axis < 3; axis++) positions.push(scan.number());
    } else if (c === V && next === N && isSpace(after)) {
      scan.at += 2;
      for (let axis = 0; axis < 3; axis++) normals.push(scan.number());
    } else if (c === F && isSpace(next)) {
      scan.at++;
      faces.begin();
      faceNormals.begin();
      while (scan.peek() !== -1) {
        const vertex = scan.integer();
        if (Number.isNaN(vertex)) throw scan.fault('a face has something other than indices');
        faces.corner(indexOf(vertex, positions.length));
        let normal = NO_VERTEX;
        if (bytes[scan.at] === SLASH) {
          scan.at++;
          scan.integer();
          if (bytes[scan.at] === SLASH) {
            scan.at++;
            normal = indexOf(scan.integer(), normals.length);
          }
        }
        if (normals.length > 0) faceNormals.corner(normal);
        if (bytes[scan.at] !== undefined && !isSpace(bytes[scan.at]!)) throw scan.fault('a face has something other than indices');
      }
    }
  }
  const mesh = { positions: positions.finish(), indices: faces.indices.finish() };
  // Faces before the first normal have none.
  if (normals.length === 0 || faceNormals.indices.length !== mesh.indices.length) return mesh;
  return { ...mesh, normals: vertexNormals(mesh, normals.finish(), faceNormals.indices.finish()) };
}

const isSpace = (c: number): boolean => c === 32 || (c >= 9 && c <= 13) || c === 92;

/** Means of the normals that the corners give. */
function vertexNormals({ positions, indices }: Mesh, normals: Float64Array, corners: Uint32Array): Float32Array {
  const sums = new Float32Array(positions.length);
  for (let i = 0; i < indices.length; i++) {
    const [vertex, normal] = [3 * indices[i]!, 3 * corners[i]!];
    if (vertex >= positions.length || normal >= normals.length) continue;
    for (let axis = 0; axis < 3; axis++) sums[vertex + axis]! += normals[normal + axis]!;
  }
  return unitNormals(sums);
}

