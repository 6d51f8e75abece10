/** Meshes of all formats, found by content: reading here, writing in write.ts. */
import { asStudioError, StudioError } from '#core/errors';
import { triangleCount, vertexCount, type Mesh } from '#core/signal/mesh';
import { isGlb, type Companion } from './gltf-container';
import { readGltf } from './gltf';
import { readObj } from './obj';
import { OFF_WORD, readOff } from './off';
import { readPly } from './ply';
import { isBinaryStl, isTextStl, readStl } from './stl';
import { latin } from './text';

export { MESH_EXTENSIONS, writeMesh, type MeshExtension } from './write';

export type MeshFormat = 'OBJ' | 'PLY' | 'STL' | 'OFF' | 'GLB' | 'glTF';

const FORMAT_OF_EXTENSION: Readonly<Record<string, MeshFormat>> = { obj: 'OBJ', ply: 'PLY', stl: 'STL', off: 'OFF', glb: 'GLB', gltf: 'glTF' };
/** How lines of an OBJ may start. */
const OBJ_LINE = /^(v|vt|vn|vp|f|o|g|s|l|p|mtllib|usemtl)\s+\S/;

/** The format of a mesh file by its content, and by its name where the content does not tell; null where it is none. */
export function sniffMesh(bytes: Uint8Array, name: string): MeshFormat | null {
  const promised = FORMAT_OF_EXTENSION[/\.([a-z]+)$/i.exec(name)?.[1]?.toLowerCase() ?? ''] ?? null;
  if (isGlb(bytes)) return 'GLB';
  const start = latin(bytes.subarray(0, 4096)).replace(/^\u00ef\u00bb\u00bf/, '');
  if (/^ply[\r\n]/.test(start)) return 'PLY';
  if (isTextStl(bytes) || isBinaryStl(bytes)) return 'STL';
  if (/^\s*\{/.test(start)) return promised === 'glTF' || /"(asset|meshes|accessors|bufferViews)"\s*:/.test(start) ? 'glTF' : null;
  // Of formats without a mark the first line that is no comment tells, and only in text.
  const text = !start.includes('\0');
  const line = text ? (start.split(/[\r\n]+/).find((each) => /^\s*[^#\s]/.test(each)) ?? '').trim() : '';
  if (OFF_WORD.test(line.split(/\s/)[0]!)) return 'OFF';
  if (OBJ_LINE.test(line)) return 'OBJ';
  // A binary STL that is cut off, an OFF without its word, an OBJ of comments, and what is damaged: the reader says what is wrong.
  return promised === 'STL' || (text && (promised === 'OFF' || promised === 'OBJ')) ? promised : null;
}

export interface ReadMesh {
  /** As the file has it: triangles may be degenerate, indices out of range, coordinates no numbers. cleanMesh is next. */
  readonly mesh: Mesh;
  /** The format in words: 'PLY (binary, little-endian)'. */
  readonly format: string;
  /** What was done on the way in, in words. */
  readonly notes: string[];
}

/**
 * Reads a mesh with at least one triangle. `name` is for messages and hints; `companion` gives files beside it by their names. Throws StudioError
 * 'input': input.unknown, input.empty, input.damaged, input.truncated, input.unsupported, input.companion, input.size.
 */
export async function readMesh(bytes: Uint8Array, name: string, options: { readonly companion?: Companion } = {}): Promise<ReadMesh> {
  if (bytes.length === 0) throw new StudioError('input', 'input.empty', `${name}: the file is empty.`);
  const format = sniffMesh(bytes, name);
  if (!format) throw new StudioError('input', 'input.unknown', `${name}: this is no mesh that can be read. OBJ, PLY, STL, OFF, GLB and glTF can.`);
  const read = await readFormat(format, bytes, name, options.companion).catch((error: unknown) => Promise.reject(memoryFault(error, name)));
  const vertices = vertexCount(read.mesh);
  if (triangleCount(read.mesh) === 0) {
    const what = vertices > 0 ? `a point cloud: no triangles, ${vertices} vertices. Reconstruct a surface from it first` : 'it holds no triangles. Export the mesh again';
    throw new StudioError('input', 'input.empty', `${name}: ${what}.`);
  }
  return read;
}

async function readFormat(format: MeshFormat, bytes: Uint8Array, name: string, companion?: Companion): Promise<ReadMesh> {
  switch (format) {
    case 'OBJ':
      return { mesh: readObj(bytes, name), format, notes: [] };
    case 'OFF':
      return { mesh: readOff(bytes, name), format, notes: [] };
    case 'PLY': {
      const { mesh, kind } = readPly(bytes, name);
      return { mesh, format: `PLY (${kind})`, notes: [] };
    }
    case 'STL': {
      const { mesh, kind, notes } = readStl(bytes, name);
      return { mesh, format: `STL (${kind})`, notes };
    }
    case 'GLB':
    case 'glTF': {
      const { mesh, kind, notes } = await readGltf(bytes, name, companion);
      return { mesh, format: kind, notes };
    }
  }
}

/** Arrays that this machine has no memory for. */
function memoryFault(error: unknown, name: string): StudioError {
  if (error instanceof RangeError) return new StudioError('input', 'input.size', `${name}: there is not enough memory for this mesh. Simplify it first.`, { cause: error });
  return asStudioError(error);
}
