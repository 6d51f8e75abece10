/**
 * Draco, the compression of meshes that others use: what networks are compared with. Positions are quantized to `qp` bits along the longest side of the
 * box around the mesh and coded with its triangles by Edgebreaker, at compression level 10 (the slowest and smallest: speed 0).
 *
 * Decoding gives the same surface with vertices in another order. Positions pass through float32: give meshes near the origin.
 */
import draco3d, { type EncoderModule } from 'draco3dgltf';
import { StudioError } from '#core/errors';
import { triangleCount, vertexCount, type Mesh } from '#core/signal/mesh';
import { checkDraco } from '../formats/mesh/draco-header';

/** Bits of a position; more than float32 has are of no use. */
export const DRACO_BITS = [1, 24] as const;

/** A Draco bitstream, the same for the same mesh. Throws StudioError 'failed' 'draco.encode', RangeError for bits out of range. */
export async function encodeDraco(mesh: Mesh, qp: number): Promise<Uint8Array> {
  return encodeWith(await draco3d.createEncoderModule(), mesh, qp);
}

function encodeWith(draco: EncoderModule, mesh: Mesh, qp: number): Uint8Array {
  if (!(Number.isInteger(qp) && qp >= DRACO_BITS[0] && qp <= DRACO_BITS[1])) throw new RangeError(`Draco takes ${DRACO_BITS.join(' to ')} bits a position, not ${qp}.`);
  const failed = (cause?: unknown) => new StudioError('failed', 'draco.encode', 'Draco cannot compress this mesh. It may be too large for its memory, or have coordinates that are no numbers.', { cause });
  if (!mesh.positions.every(Number.isFinite)) throw failed();
  // Its objects live in a memory of its own, which nobody cleans up.
  const own: object[] = [];
  const create = <Kind extends object>(Class: new () => Kind): Kind => {
    const object = new Class();
    own.push(object);
    return object;
  };
  try {
    const builder = create(draco.MeshBuilder);
    const geometry = create(draco.Mesh);
    builder.AddFacesToMesh(geometry, triangleCount(mesh), mesh.indices);
    builder.AddFloatAttributeToMesh(geometry, draco.POSITION, vertexCount(mesh), 3, Float32Array.from(mesh.positions));
    const encoder = create(draco.Encoder);
    encoder.SetSpeedOptions(0, 0);
    encoder.SetAttributeQuantization(draco.POSITION, qp);
    encoder.SetEncodingMethod(draco.MESH_EDGEBREAKER_ENCODING);
    const written = create(draco.DracoInt8Array);
    const length = encoder.EncodeMeshToDracoBuffer(geometry, written);
    if (length <= 0) throw failed();
    return Uint8Array.from({ length }, (_, i) => written.GetValue(i));
  } catch (error) {
    throw error instanceof StudioError ? error : failed(error);
  } finally {
    own.forEach((object) => draco.destroy(object));
  }
}

/** The mesh of a bitstream. Throws StudioError 'input' 'input.damaged'. */
export async function decodeDraco(bytes: Uint8Array, name = 'The mesh'): Promise<Mesh> {
  checkDraco(bytes, name);
  // A decoder for each: after a fault it is not to be trusted, and its memory never shrinks.
  const draco = await draco3d.createDecoderModule();
  const damaged = (cause?: unknown) => new StudioError('input', 'input.damaged', `${name}: Draco cannot decode it. The data is damaged: compress the mesh again.`, { cause });
  try {
    const buffer = new draco.DecoderBuffer();
    buffer.Init(bytes, bytes.length);
    const decoder = new draco.Decoder();
    const geometry = new draco.Mesh();
    if (!decoder.DecodeBufferToMesh(buffer, geometry).ok()) throw damaged();
    const attribute = decoder.GetAttribute(geometry, decoder.GetAttributeId(geometry, draco.POSITION));
    if (attribute.num_components() !== 3) throw damaged();
    const numbers = 3 * geometry.num_points();
    const corners = 3 * geometry.num_faces();
    const values = draco._malloc(4 * numbers);
    const indices = draco._malloc(4 * corners);
    if (values === 0 || indices === 0) throw damaged();
    decoder.GetAttributeDataArrayForAllPoints(geometry, attribute, draco.DT_FLOAT32, 4 * numbers, values);
    decoder.GetTrianglesUInt32Array(geometry, 4 * corners, indices);
    // Views are made after the last allocation, which may replace the memory below them.
    return { positions: Float64Array.from(new Float32Array(draco.HEAPF32.buffer, values, numbers)), indices: new Uint32Array(draco.HEAPU32.buffer, indices, corners).slice() };
  } catch (error) {
    throw error instanceof StudioError ? error : damaged(error);
  }
}

/**
 * The most bits with which a mesh takes at most `limit` bytes, and those bytes; null where it takes more even with the fewest. Bytes rise with
 * bits, so the bits are halved in.
 */
export async function dracoBelow(mesh: Mesh, limit: number): Promise<{ qp: number; bytes: Uint8Array } | null> {
  const draco = await draco3d.createEncoderModule();
  let best: { qp: number; bytes: Uint8Array } | null = null;
  let [low, high] = [DRACO_BITS[0] as number, DRACO_BITS[1] as number];
  while (low <= high) {
    const qp = Math.floor((low + high) / 2);
    const bytes = encodeWith(draco, mesh, qp);
    if (bytes.length <= limit) {
      best = { qp, bytes };
      low = qp + 1;
    } else high = qp - 1;
  }
  return best;
}
