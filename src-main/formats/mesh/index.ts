/** Meshes of all formats, found by content: reading here, writing in write.ts. */
import { asStudioError, StudioError } from '#core/errors';
import { triangleCount, vertexCount, type Mesh } from '#core/signal/mesh';
import type { Companion } from './gltf-container';
import { readGltf } from './gltf';
import { readObj } from './obj';
import { readOff } from './off';
import { readPly } from './ply';
import { sniffMesh, type MeshFormat } from './sniff';
import { readStl } from './stl';

export { sniffMesh, type MeshFormat } from './sniff';
export { MESH_EXTENSIONS, writeMesh, type MeshExtension } from './write';

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
