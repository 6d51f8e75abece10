/** Meshes that were extracted for the window, under tokens, as mesh.read gives them. */
import { triangleCount, vertexCount, type Mesh } from '#core/signal/mesh';
import { chunkOf } from './signals';
import { heldBy, newToken } from './tokens';

/** One after another, little-endian. */
function joined(parts: readonly (Float32Array | Uint32Array)[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), at);
    at += part.byteLength;
  }
  return bytes;
}

export class Meshes {
  readonly #open = new Map<string, Uint8Array>();

  /** `mesh`: in the cube, with normals; `errors`: one a vertex. */
  add(mesh: Mesh, errors: Float32Array | null): { mesh: string; vertices: number; triangles: number; errors: boolean; dataBytes: number } {
    const bytes = joined([Float32Array.from(mesh.positions), mesh.normals ?? new Float32Array(mesh.positions.length), ...(errors ? [errors] : []), mesh.indices]);
    const token = newToken('mesh');
    this.#open.set(token, bytes);
    return { mesh: token, vertices: vertexCount(mesh), triangles: triangleCount(mesh), errors: errors !== null, dataBytes: bytes.length };
  }

  read(token: string, offset: number, length: number): Uint8Array {
    return chunkOf(heldBy(this.#open, token), offset, length);
  }

  close(token: string): void {
    this.#open.delete(token);
  }
}
