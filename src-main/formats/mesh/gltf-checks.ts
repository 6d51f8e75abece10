/**
 * What a glTF file says of its data is held against the data before anything is decoded or allocated: every view lies in its buffer, every accessor in
 * its view, and what is compressed does not promise more than compression can give. What no triangle needs is blanked out.
 */
import { MOST_PER_BYTE } from './draco-header';
import { damaged, truncated } from './faults';
import type { Gltf, GltfAccessor, GltfPrimitive, GltfView } from './gltf-container';

const COMPONENT_BYTES: Readonly<Record<number, number>> = { 5120: 1, 5121: 1, 5122: 2, 5123: 2, 5125: 4, 5126: 4 };
const TRIANGLE_MODES = [4, 5, 6];
/** Stands for an accessor that no triangle needs. */
const UNSEEN = { componentType: 5121, type: 'SCALAR', count: 0, byteOffset: 0, normalized: false } as const satisfies GltfAccessor;

export function drawsTriangles({ attributes, mode }: GltfPrimitive): boolean {
  return attributes.POSITION !== undefined && TRIANGLE_MODES.includes(mode);
}

/** Numbers of the buffers that triangles need. */
export function neededBuffers(json: Gltf): number[] {
  return [...new Set(json.bufferViews.flatMap((view) => (view.byteLength > 0 ? [view.extensions?.EXT_meshopt_compression?.buffer ?? view.buffer] : [])))];
}

/** The JSON without primitives that are no triangles and without what only they need. Throws StudioError where a number points nowhere. */
export function geometryOnly(json: Gltf, name: string): Gltf {
  const at = <Item>(list: readonly Item[], index: number, what: string): Item => {
    const item = list[index];
    if (item === undefined) throw damaged(name, 'glTF', `it names ${what} ${index}, of which there are ${list.length}`);
    return item;
  };
  const accessors = new Set<number>();
  const views = new Set<number>();
  const compressed = new Set<number>();
  const meshes = json.meshes.map(({ primitives }) => ({
    primitives: primitives.filter(drawsTriangles).map(({ attributes, indices, mode, extensions }) => {
      const used = [attributes.POSITION!, ...[attributes.NORMAL, indices].filter((each) => each !== undefined)];
      const draco = extensions?.KHR_draco_mesh_compression;
      for (const each of used) at(json.accessors, each, 'accessor');
      // Draco may hold some of the attributes and leave others to views.
      const decoded = draco ? [attributes.POSITION, draco.attributes.NORMAL === undefined ? undefined : attributes.NORMAL, indices] : [];
      for (const each of used) (decoded.includes(each) ? compressed : accessors).add(each);
      if (draco) views.add(draco.bufferView);
      const kept = { attributes, indices, mode };
      return draco ? { ...kept, extensions } : kept;
    }),
  }));
  for (const each of accessors) {
    const { bufferView, sparse } = json.accessors[each]!;
    for (const view of [bufferView, sparse?.indices.bufferView, sparse?.values.bufferView]) if (view !== undefined) views.add(view);
  }
  for (const view of views) {
    const { buffer, extensions } = at(json.bufferViews, view, 'buffer view');
    at(json.buffers, extensions?.EXT_meshopt_compression?.buffer ?? buffer, 'buffer');
  }
  return {
    ...json,
    meshes,
    // Compressed ones get their data from the decoder, whatever fallback there is.
    accessors: json.accessors.map((accessor, i) => (accessors.has(i) ? accessor : compressed.has(i) ? { ...accessor, bufferView: undefined, sparse: undefined } : UNSEEN)),
    bufferViews: json.bufferViews.map((view, i): GltfView => (views.has(i) ? view : { buffer: 0, byteOffset: 0, byteLength: 0 })),
  };
}

/** Checks all that geometryOnly kept against buffers of these lengths (0 of those that are not needed). Throws StudioError. */
export function checkExtents(json: Gltf, lengths: readonly number[], name: string): void {
  const decoded = json.bufferViews.map((view, i) => {
    const meshopt = view.extensions?.EXT_meshopt_compression;
    const { buffer, byteOffset, byteLength } = meshopt ?? view;
    if (byteOffset + byteLength > (lengths[buffer] ?? 0) && byteLength > 0) throw truncated(name, 'glTF', `view ${i} ends after its buffer`);
    if (!meshopt) return byteLength;
    const length = meshopt.count * meshopt.byteStride;
    if (length > view.byteLength) throw damaged(name, 'glTF', `view ${i} is too short for what is compressed in it`);
    if (length > MOST_PER_BYTE * byteLength) throw damaged(name, 'glTF', `view ${i} promises ${length} bytes from ${byteLength}`);
    return length;
  });
  const total = lengths.reduce((sum, length) => sum + length, 0);
  json.accessors.forEach((accessor, i) => checkAccessor(accessor, i, json.bufferViews, decoded, total, name));
  for (const { primitives } of json.meshes) {
    for (const { attributes, indices, extensions } of primitives) {
      const faulty = (what: string) => damaged(name, 'glTF', `a primitive's ${what} are of another type`);
      if (json.accessors[attributes.POSITION!]!.type !== 'VEC3') throw faulty('positions');
      if (attributes.NORMAL !== undefined && json.accessors[attributes.NORMAL]!.type !== 'VEC3') throw faulty('normals');
      const list = indices === undefined ? null : json.accessors[indices]!;
      if (list && (list.type !== 'SCALAR' || ![5121, 5123, 5125].includes(list.componentType))) throw faulty('indices');
      const draco = extensions?.KHR_draco_mesh_compression;
      if (!draco) continue;
      if (draco.attributes.POSITION === undefined) throw faulty('compressed positions');
      const most = MOST_PER_BYTE * json.bufferViews[draco.bufferView]!.byteLength;
      const promised = Math.max(json.accessors[attributes.POSITION!]!.count, list?.count ?? 0);
      if (promised > most) throw damaged(name, 'glTF', `a primitive promises ${promised} elements from ${most / MOST_PER_BYTE} bytes of Draco`);
    }
  }
}

function checkAccessor(accessor: GltfAccessor, i: number, views: readonly GltfView[], decoded: readonly number[], total: number, name: string): void {
  const { bufferView, byteOffset, count, componentType, type, sparse } = accessor;
  const component = COMPONENT_BYTES[componentType]!;
  const elements = { SCALAR: 1, VEC2: 2, VEC3: 3, VEC4: 4, MAT2: 4, MAT3: 9, MAT4: 16 }[type];
  const within = (view: number, offset: number, items: number, bytes: number, stride: number): void => {
    if (stride < bytes) throw damaged(name, 'glTF', `the elements of view ${view} lie over each other`);
    if (items > 0 && offset + (items - 1) * stride + bytes > decoded[view]!) throw truncated(name, 'glTF', `accessor ${i} ends after its view`);
  };
  if (bufferView !== undefined) within(bufferView, byteOffset, count, component * elements, views[bufferView]!.byteStride ?? component * elements);
  if (!sparse) return;
  if (sparse.count > count) throw damaged(name, 'glTF', `accessor ${i} replaces more elements than it has`);
  // Without a view all others are zeros, which take no bytes of the file.
  if (bufferView === undefined && count > total) throw damaged(name, 'glTF', `accessor ${i} promises ${count} elements, more than there are bytes`);
  const places = COMPONENT_BYTES[sparse.indices.componentType]!;
  within(sparse.indices.bufferView, sparse.indices.byteOffset, sparse.count, places, places);
  within(sparse.values.bufferView, sparse.values.byteOffset, sparse.count, component * elements, component * elements);
}
