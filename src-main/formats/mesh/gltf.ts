/**
 * glTF 2.0: all triangles (lists, strips and fans) of the scene become one mesh in the scene's coordinates. gltf-transform decodes accessors,
 * Draco and meshopt; the hierarchy of nodes is multiplied out here in float64, so that large offsets keep what float32 positions have. Skins and morph
 * targets stay at rest.
 *
 * A node that mirrors (negative determinant) turns its triangles, as the specification asks, so that they go on facing outside.
 */
import { Logger, WebIO, type Accessor, type Document, type GLTF, type Primitive } from '@gltf-transform/core';
import { EXTMeshoptCompression, KHRDracoMeshCompression, KHRMeshQuantization } from '@gltf-transform/extensions';
import draco3d from 'draco3dgltf';
import { MeshoptDecoder } from 'meshoptimizer/decoder';
import { StudioError } from '#core/errors';
import type { Mesh } from '#core/signal/mesh';
import { checkDraco } from './draco-header';
import { damaged, unsupported } from './faults';
import { checkExtents, drawsTriangles, geometryOnly, neededBuffers } from './gltf-checks';
import { bufferData, isGlb, openGltf, type Companion, type Gltf } from './gltf-container';
import { cofactors, determinant, placedMeshes, type Matrix } from './gltf-nodes';
import { growingIndices, NO_VERTEX, stripTriangles, unitNormals } from './growing';

/** Most vertices or triangles of a scene; nodes may show one mesh any number of times. */
const MOST_ELEMENTS = 2 ** 26;
const MOST_PARTS = 2 ** 20;

const EXTENSIONS = [EXTMeshoptCompression, KHRDracoMeshCompression, KHRMeshQuantization];
const READ = EXTENSIONS.map(({ EXTENSION_NAME }) => EXTENSION_NAME as string);
/** Extensions about how surfaces look, which triangles do without. */
const LOOKS = /^(KHR_materials_|KHR_texture_|KHR_lights_|KHR_xmp|KHR_animation_|EXT_texture_|EXT_lights_|MSFT_texture_|KHR_node_visibility)/;

/** Throws StudioError 'input': damaged, truncated, unsupported, companion, size. */
export async function readGltf(bytes: Uint8Array, name: string, companion?: Companion): Promise<{ mesh: Mesh; kind: string; notes: string[] }> {
  const { json: whole, binary } = openGltf(bytes, name);
  const foreign = whole.extensionsRequired.filter((extension) => !READ.includes(extension) && !LOOKS.test(extension));
  if (foreign.length > 0) throw unsupported(name, `it needs the extension ${foreign[0]!.slice(0, 60)}, which is not known`, 'Export it without.');

  const json = geometryOnly(whole, name);
  const data: Uint8Array[] = json.buffers.map(() => new Uint8Array(0));
  for (const buffer of neededBuffers(json)) data[buffer] = await bufferData({ json, binary }, buffer, name, companion);
  const lengths = data.map(({ length }) => length);
  checkExtents(json, lengths, name);
  const draco = json.meshes.flatMap(({ primitives }) => primitives.flatMap(({ extensions }) => extensions?.KHR_draco_mesh_compression ?? []));
  for (const { bufferView } of draco) {
    const { buffer, byteOffset, byteLength } = json.bufferViews[bufferView]!;
    checkDraco(data[buffer]!.subarray(byteOffset, byteOffset + byteLength), name);
  }
  const placed = placedMeshes(json, name);
  const document = await decode(json, data, draco.length > 0, name);
  for (const accessor of document.getRoot().listAccessors()) {
    if (!Number.isInteger(accessor.getCount())) throw damaged(name, 'glTF', 'its vertices do not come in threes');
  }
  const mesh = merge(document, placed, name);

  const meshopt = json.bufferViews.some(({ extensions }) => extensions?.EXT_meshopt_compression);
  const kinds = [draco.length > 0 ? 'Draco' : '', meshopt ? 'meshopt' : ''].filter((kind) => kind !== '');
  return { mesh, kind: `${isGlb(bytes) ? 'GLB' : 'glTF'}${kinds.length > 0 ? `, ${kinds.join(' and ')}` : ''}`, notes: notesOf(whole) };
}

function notesOf(json: Gltf): string[] {
  const primitives = json.meshes.flatMap((mesh) => mesh.primitives);
  const lines = primitives.filter((primitive) => !drawsTriangles(primitive)).length;
  const notes: string[] = [];
  if (lines > 0) notes.push(`${lines} ${lines === 1 ? 'part' : 'parts'} of points or lines passed over`);
  if (json.nodes.some(({ skin }) => skin !== undefined) || primitives.some(({ targets }) => targets)) notes.push('skins and morph targets at rest');
  if (json.extensionsUsed.includes('EXT_mesh_gpu_instancing')) notes.push('instances shown once each');
  return notes;
}

/** All meshes as gltf-transform decodes them; nodes stay here. */
async function decode(json: Gltf, data: readonly Uint8Array[], draco: boolean, name: string): Promise<Document> {
  const io = new WebIO().setLogger(new Logger(Logger.Verbosity.SILENT)).registerExtensions(EXTENSIONS);
  await MeshoptDecoder.ready;
  // A decoder for each file: its memory never shrinks, and after a fault it is not to be trusted.
  io.registerDependencies({ 'meshopt.decoder': MeshoptDecoder, ...(draco ? { 'draco3d.decoder': await draco3d.createDecoderModule() } : {}) });
  const uri = (i: number): string => `__${i}`;
  const { meshes, accessors, bufferViews } = json;
  const extensionsUsed = READ.filter((extension) => (extension === 'KHR_draco_mesh_compression' ? draco : true));
  const buffers = json.buffers.map(({ byteLength }, i) => ({ byteLength, uri: uri(i) }));
  const resources = Object.fromEntries(data.map((bytes, i) => [uri(i), bytes as Uint8Array<ArrayBuffer>]));
  try {
    return await io.readJSON({ json: { asset: { version: '2.0' }, meshes, accessors, bufferViews, buffers, extensionsUsed } as unknown as GLTF.IGLTF, resources });
  } catch (cause) {
    throw damaged(name, 'glTF', 'its data cannot be decoded', cause);
  }
}

function merge(document: Document, placed: readonly { mesh: number; matrix: Matrix }[], name: string): Mesh {
  const meshes = document.getRoot().listMeshes();
  const parts = placed.reduce((sum, { mesh }) => sum + meshes[mesh]!.listPrimitives().length, 0);
  if (parts > MOST_PARTS) throw new StudioError('input', 'input.size', `${name}: with all that its nodes show it has ${parts} parts; the limit is ${MOST_PARTS}. Join them first.`);
  const instances = placed.flatMap(({ mesh, matrix }) => meshes[mesh]!.listPrimitives().map((primitive) => ({ primitive, matrix })));
  const verticesOf = (primitive: Primitive): number => primitive.getAttribute('POSITION')?.getCount() ?? 0;
  const cornersOf = (primitive: Primitive): number => (primitive.getIndices()?.getCount() ?? verticesOf(primitive)) * (primitive.getMode() === 4 ? 1 : 3);
  // Primitives of one node may share their vertices.
  const blocks = new Map<Matrix, Map<Accessor, number>>();
  let vertices = 0;
  let corners = 0;
  for (const { primitive, matrix } of instances) {
    const own = blocks.get(matrix) ?? new Map<Accessor, number>();
    blocks.set(matrix, own);
    const positions = primitive.getAttribute('POSITION');
    corners += cornersOf(primitive);
    if (!positions || own.has(positions)) continue;
    own.set(positions, vertices);
    vertices += positions.getCount();
  }
  if (vertices > MOST_ELEMENTS || corners > 3 * MOST_ELEMENTS) {
    throw new StudioError('input', 'input.size', `${name}: with all that its nodes show it has ${vertices} vertices and ${Math.floor(corners / 3)} triangles; the limit is ${MOST_ELEMENTS}. Simplify it first.`);
  }
  const positions = new Float64Array(3 * vertices);
  const shaded = instances.every(({ primitive }) => primitive.getAttribute('NORMAL')?.getCount() === verticesOf(primitive));
  const normals = shaded ? new Float32Array(3 * vertices) : undefined;
  const indices = growingIndices();
  for (const { primitive, matrix } of instances) {
    const source = primitive.getAttribute('POSITION');
    if (!source) continue;
    const base = blocks.get(matrix)!.get(source)!;
    transform(source, matrix, positions, base);
    const shading = primitive.getAttribute('NORMAL');
    if (normals && shading) transform(shading, cofactors(matrix), normals, base);
    pushTriangles(primitive, base, determinant(matrix) < 0, (index) => indices.push(index));
  }
  const mesh = { positions, indices: indices.finish() };
  return normals ? { ...mesh, normals: unitNormals(normals) } : mesh;
}

/** matrix x (x, y, z, 1) of an accessor's elements into `to`, from vertex `base` on. */
function transform(source: Accessor, m: Matrix, to: Float64Array | Float32Array, base: number): void {
  const values = source.getArray();
  if (!values) return;
  // Quantized positions may be shares of the largest integer, of which signed types have one less than they could.
  const largest = source.getNormalized() && !(values instanceof Float32Array) ? 2 ** (8 * values.BYTES_PER_ELEMENT - (values instanceof Int8Array || values instanceof Int16Array ? 1 : 0)) - 1 : 0;
  const at = (i: number): number => (largest ? Math.max(-1, values[i]! / largest) : values[i]!);
  for (let i = 0; i + 2 < values.length; i += 3) {
    const [x, y, z] = [at(i), at(i + 1), at(i + 2)];
    for (let axis = 0; axis < 3; axis++) to[3 * base + i + axis] = m[axis]! * x + m[axis + 4]! * y + m[axis + 8]! * z + m[axis + 12]!;
  }
}

function pushTriangles(primitive: Primitive, base: number, mirrored: boolean, push: (index: number) => void): void {
  const vertices = primitive.getAttribute('POSITION')!.getCount();
  const given = primitive.getIndices()?.getArray();
  const count = given?.length ?? vertices;
  const at = (i: number): number => {
    const vertex = given ? given[i]! : i;
    return vertex < vertices ? base + vertex : NO_VERTEX;
  };
  const triangle = (a: number, b: number, c: number): void => {
    push(a);
    push(mirrored ? c : b);
    push(mirrored ? b : c);
  };
  if (primitive.getMode() === 4) for (let i = 0; i + 2 < count; i += 3) triangle(at(i), at(i + 1), at(i + 2));
  else if (primitive.getMode() === 6) for (let i = 2; i < count; i++) triangle(at(0), at(i - 1), at(i));
  else {
    const corners: number[] = [];
    const strip = Uint32Array.from({ length: count }, (_, i) => at(i));
    stripTriangles(strip, (index) => {
      if (corners.push(index) === 3) triangle(...(corners.splice(0) as [number, number, number]));
    });
  }
}
