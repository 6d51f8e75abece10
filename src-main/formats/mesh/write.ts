/**
 * Writes meshes, with normals where there are any and the format has them at vertices (STL has them at facets).
 *
 * Positions are float64. GLB and STL have float32: a GLB whose mesh lies far from the origin is written around a node at the middle of the mesh, so
 * that 24 bits are spent on the mesh and not on its place; PLY turns to float64 then. OBJ has decimals down to 1e-9 of the diagonal. STL has no
 * way to keep a far place: its vertices are rounded to float32 as they are.
 */
import { Document, Logger, WebIO } from '@gltf-transform/core';
import { boundsOf, diagonalOf, triangleCount, vertexCount, type Mesh } from '#core/signal/mesh';

export const MESH_EXTENSIONS = ['glb', 'obj', 'ply', 'stl'] as const;
export type MeshExtension = (typeof MESH_EXTENSIONS)[number];

/** Coordinates beyond so many diagonals lose more than 2 of their 24 bits to the place. */
const FAR = 4;

/** Bytes of a file. Coordinates must be finite and indices in range, as cleanMesh leaves them. */
export async function writeMesh(mesh: Mesh, extension: MeshExtension): Promise<Uint8Array> {
  switch (extension) {
    case 'glb':
      return writeGlb(mesh);
    case 'obj':
      return writeObj(mesh);
    case 'ply':
      return writePly(mesh);
    case 'stl':
      return writeStl(mesh);
  }
}

/** Middle of a mesh that lies far from the origin, else null. */
function farMiddle(mesh: Mesh): [number, number, number] | null {
  const bounds = boundsOf(mesh);
  if (!bounds) return null;
  const reach = Math.max(...bounds.least.map(Math.abs), ...bounds.most.map(Math.abs));
  if (reach <= FAR * diagonalOf(mesh)) return null;
  return bounds.least.map((value, axis) => value / 2 + bounds.most[axis]! / 2) as [number, number, number];
}

async function writeGlb(mesh: Mesh): Promise<Uint8Array> {
  const document = new Document().setLogger(new Logger(Logger.Verbosity.SILENT));
  document.getRoot().getAsset().generator = 'INR Studio';
  const buffer = document.createBuffer();
  const middle = farMiddle(mesh) ?? [0, 0, 0];
  const positions = Float32Array.from(mesh.positions, (value, i) => value - middle[i % 3]!);
  const primitive = document
    .createPrimitive()
    .setAttribute('POSITION', document.createAccessor().setType('VEC3').setBuffer(buffer).setArray(positions))
    .setIndices(document.createAccessor().setType('SCALAR').setBuffer(buffer).setArray(new Uint32Array(mesh.indices)));
  if (mesh.normals) primitive.setAttribute('NORMAL', document.createAccessor().setType('VEC3').setBuffer(buffer).setArray(new Float32Array(mesh.normals)));
  const node = document.createNode('mesh').setMesh(document.createMesh('mesh').addPrimitive(primitive)).setTranslation(middle);
  document.getRoot().setDefaultScene(document.createScene().addChild(node));
  return new WebIO().writeBinary(document);
}

function writeObj(mesh: Mesh): Uint8Array {
  const { positions, indices, normals } = mesh;
  const diagonal = diagonalOf(mesh);
  const decimals = Math.max(0, Math.min(100, diagonal > 0 ? 9 - Math.ceil(Math.log10(diagonal)) : 9));
  const pieces: Uint8Array[] = [];
  const encoder = new TextEncoder();
  /** A line for each three values from `at` on, in pieces that strings can hold. */
  const lines = (count: number, line: (at: number) => string): void => {
    for (let from = 0; from < count; from += 65_536) {
      let text = '';
      for (let i = from; i < Math.min(count, from + 65_536); i++) text += line(3 * i);
      pieces.push(encoder.encode(text));
    }
  };
  const short = (value: number, places: number): string => {
    const text = value.toFixed(places);
    return text.includes('.') && !text.includes('e') ? text.replace(/\.?0+$/, '') : text;
  };
  pieces.push(encoder.encode('# INR Studio\n'));
  lines(vertexCount(mesh), (at) => `v ${short(positions[at]!, decimals)} ${short(positions[at + 1]!, decimals)} ${short(positions[at + 2]!, decimals)}\n`);
  if (normals) lines(vertexCount(mesh), (at) => `vn ${short(normals[at]!, 6)} ${short(normals[at + 1]!, 6)} ${short(normals[at + 2]!, 6)}\n`);
  const corner = (index: number): string => (normals ? `${index + 1}//${index + 1}` : `${index + 1}`);
  lines(triangleCount(mesh), (at) => `f ${corner(indices[at]!)} ${corner(indices[at + 1]!)} ${corner(indices[at + 2]!)}\n`);
  return joined(pieces);
}

function writePly(mesh: Mesh): Uint8Array {
  const { positions, indices, normals } = mesh;
  const far = farMiddle(mesh) !== null;
  const vertices = vertexCount(mesh);
  const triangles = triangleCount(mesh);
  const properties = [...['x', 'y', 'z'].map((axis) => `property ${far ? 'double' : 'float'} ${axis}`), ...(normals ? ['nx', 'ny', 'nz'].map((axis) => `property float ${axis}`) : [])];
  const header = ['ply', 'format binary_little_endian 1.0', 'comment INR Studio', `element vertex ${vertices}`, ...properties, `element face ${triangles}`, 'property list uchar uint vertex_indices', 'end_header', ''].join('\n');
  const body = new Uint8Array(vertices * ((far ? 24 : 12) + (normals ? 12 : 0)) + triangles * 13);
  const view = new DataView(body.buffer);
  let at = 0;
  for (let i = 0; i < positions.length; i += 3) {
    for (let axis = 0; axis < 3; axis++, at += far ? 8 : 4) {
      if (far) view.setFloat64(at, positions[i + axis]!, true);
      else view.setFloat32(at, positions[i + axis]!, true);
    }
    if (normals) for (let axis = 0; axis < 3; axis++, at += 4) view.setFloat32(at, normals[i + axis]!, true);
  }
  for (let i = 0; i < indices.length; i += 3, at += 13) {
    view.setUint8(at, 3);
    for (let corner = 0; corner < 3; corner++) view.setUint32(at + 1 + 4 * corner, indices[i + corner]!, true);
  }
  return joined([new TextEncoder().encode(header), body]);
}

function writeStl(mesh: Mesh): Uint8Array {
  const { positions, indices } = mesh;
  const bytes = new Uint8Array(84 + 50 * triangleCount(mesh));
  // Not "solid": that starts text.
  new TextEncoder().encodeInto('INR Studio, binary STL', bytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(80, triangleCount(mesh), true);
  const corners = new Float64Array(9);
  for (let i = 0, at = 84; i < indices.length; i += 3, at += 50) {
    for (let j = 0; j < 9; j++) corners[j] = positions[3 * indices[i + Math.floor(j / 3)]! + (j % 3)]!;
    const [ux, uy, uz] = [corners[3]! - corners[0]!, corners[4]! - corners[1]!, corners[5]! - corners[2]!];
    const [vx, vy, vz] = [corners[6]! - corners[0]!, corners[7]! - corners[1]!, corners[8]! - corners[2]!];
    const normal = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
    const length = Math.hypot(...normal);
    for (let axis = 0; axis < 3; axis++) view.setFloat32(at + 4 * axis, length > 0 ? normal[axis]! / length : 0, true);
    for (let j = 0; j < 9; j++) view.setFloat32(at + 12 + 4 * j, corners[j]!, true);
  }
  return bytes;
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
