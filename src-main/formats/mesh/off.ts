/**
 * OFF of Geomview, as text: "[ST][C][N]OFF", numbers of vertices, faces and edges, a line a vertex (x y z, then normal where the word has an N), a
 * line a face (its number of corners, then their indices). Colours and texture coordinates end lines and are passed over; polygons become
 * fans. The 4- and n-dimensional and the binary kinds are refused.
 */
import type { Mesh } from '#core/signal/mesh';
import { truncated, unsupported } from './faults';
import { Polygons, unitNormals, vertexIndex } from './growing';
import { TextScanner } from './text';

/** The word that OFF files start with. */
export const OFF_WORD = /^(ST)?(C)?(N)?(4)?(n)?OFF$/;

/** Throws StudioError 'input.damaged', 'input.truncated', 'input.unsupported'. */
export function readOff(bytes: Uint8Array, name: string): Mesh {
  const scan = new TextScanner(bytes, name, 'OFF', { comment: 0x23 });
  if (!scan.skipLines()) throw truncated(name, 'OFF', 'it is empty');
  const start = scan.at;
  const word = OFF_WORD.exec(scan.word());
  // The word may be missing.
  if (!word) scan.at = start;
  if (word?.[4] || word?.[5]) throw unsupported(name, 'its vertices do not have three dimensions', 'Export it as a three-dimensional OFF.');
  const back = scan.at;
  if (scan.word() === 'BINARY') throw unsupported(name, 'it is a binary OFF', 'Export it as text OFF, PLY or OBJ.');
  scan.at = back;

  const vertices = count(scan, 'the number of vertices');
  const faces = count(scan, 'the number of faces');
  scan.nextLine();
  // "0 0 0" and "3" with their line ends are the shortest.
  if (vertices * 6 + faces * 2 - 2 > bytes.length - scan.at) throw truncated(name, 'OFF', `it promises ${vertices} vertices and ${faces} faces, which it is too short for`);
  const positions = new Float64Array(3 * vertices);
  const normals = word?.[3] ? new Float32Array(3 * vertices) : undefined;
  for (let i = 0; i < 3 * vertices; i += 3) {
    for (let axis = 0; axis < 3; axis++) positions[i + axis] = scan.numberBeyond(`vertex ${i / 3 + 1} of ${vertices}`);
    if (normals) for (let axis = 0; axis < 3; axis++) normals[i + axis] = scan.numberBeyond(`normal ${i / 3 + 1} of ${vertices}`);
    scan.nextLine();
  }
  const polygons = new Polygons();
  for (let face = 0; face < faces; face++) {
    const what = `face ${face + 1} of ${faces}`;
    const corners = scan.numberBeyond(what);
    if (!(Number.isInteger(corners) && corners >= 0)) throw scan.fault(`a face has ${corners} corners`);
    polygons.begin();
    for (let corner = 0; corner < corners; corner++) polygons.corner(vertexIndex(scan.numberBeyond(what)));
    scan.nextLine();
  }
  const mesh = { positions, indices: polygons.indices.finish() };
  return normals ? { ...mesh, normals: unitNormals(normals) } : mesh;
}

function count(scan: TextScanner, what: string): number {
  const value = scan.numberBeyond(what);
  if (!(Number.isInteger(value) && value >= 0)) throw scan.fault(`${value} is not ${what}`);
  return value;
}
