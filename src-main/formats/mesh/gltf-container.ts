/**
 * The two shapes of glTF 2.0: .glb (12 bytes, then chunks of JSON and of binary data) and .gltf (JSON, with its data beside it or in data: URIs).
 * Only what a mesh is made of is kept of the JSON, checked by schema; everything else (materials, textures, cameras, animations) is passed over
 * and cannot be at fault.
 */
import * as v from 'valibot';
import { StudioError } from '#core/errors';
import { damaged, truncated, unsupported } from './faults';

const index = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffffffff));
const real = v.pipe(v.number(), v.finite());
const vector = (length: number) => v.pipe(v.array(real), v.length(length));
const offset = v.optional(index, 0);

const accessor = v.object({
  bufferView: v.optional(index),
  byteOffset: offset,
  componentType: v.picklist([5120, 5121, 5122, 5123, 5125, 5126]),
  normalized: v.optional(v.boolean(), false),
  count: index,
  type: v.picklist(['SCALAR', 'VEC2', 'VEC3', 'VEC4', 'MAT2', 'MAT3', 'MAT4']),
  sparse: v.optional(
    v.object({
      count: index,
      indices: v.object({ bufferView: index, byteOffset: offset, componentType: v.picklist([5121, 5123, 5125]) }),
      values: v.object({ bufferView: index, byteOffset: offset }),
    }),
  ),
});

const bufferView = v.object({
  buffer: index,
  byteOffset: offset,
  byteLength: index,
  byteStride: v.optional(index),
  extensions: v.optional(
    v.object({
      EXT_meshopt_compression: v.optional(
        v.object({
          buffer: index,
          byteOffset: offset,
          byteLength: index,
          byteStride: v.pipe(index, v.minValue(1), v.maxValue(256)),
          count: index,
          mode: v.picklist(['ATTRIBUTES', 'TRIANGLES', 'INDICES']),
          filter: v.optional(v.picklist(['NONE', 'OCTAHEDRAL', 'QUATERNION', 'EXPONENTIAL'])),
        }),
      ),
    }),
  ),
});

const primitive = v.object({
  attributes: v.object({ POSITION: v.optional(index), NORMAL: v.optional(index) }),
  indices: v.optional(index),
  mode: v.optional(index, 4),
  targets: v.optional(v.array(v.unknown())),
  extensions: v.optional(v.object({ KHR_draco_mesh_compression: v.optional(v.object({ bufferView: index, attributes: v.object({ POSITION: v.optional(index), NORMAL: v.optional(index) }) })) })),
});

const node = v.object({
  children: v.optional(v.array(index), []),
  mesh: v.optional(index),
  skin: v.optional(index),
  matrix: v.optional(vector(16)),
  translation: v.optional(vector(3)),
  rotation: v.optional(vector(4)),
  scale: v.optional(vector(3)),
});

const rootSchema = v.object({
  asset: v.object({ version: v.string() }),
  extensionsUsed: v.optional(v.array(v.string()), []),
  extensionsRequired: v.optional(v.array(v.string()), []),
  scene: v.optional(index),
  scenes: v.optional(v.array(v.object({ nodes: v.optional(v.array(index), []) })), []),
  nodes: v.optional(v.array(node), []),
  meshes: v.optional(v.array(v.object({ primitives: v.array(primitive) })), []),
  accessors: v.optional(v.array(accessor), []),
  bufferViews: v.optional(v.array(bufferView), []),
  buffers: v.optional(v.array(v.object({ byteLength: index, uri: v.optional(v.string()) })), []),
});

export type Gltf = v.InferOutput<typeof rootSchema>;
export type GltfAccessor = Gltf['accessors'][number];
export type GltfView = Gltf['bufferViews'][number];
export type GltfPrimitive = Gltf['meshes'][number]['primitives'][number];
export type GltfNode = Gltf['nodes'][number];

const GLB = 0x46546c67;
const JSON_CHUNK = 0x4e4f534a;
const BINARY_CHUNK = 0x004e4942;

export function isGlb(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) === GLB;
}

/** The JSON and, of a .glb, its binary data. Throws StudioError 'input.damaged', 'input.truncated', 'input.unsupported'. */
export function openGltf(bytes: Uint8Array, name: string): { json: Gltf; binary: Uint8Array | null } {
  const { text, binary } = isGlb(bytes) ? openGlb(bytes, name) : { text: bytes, binary: null };
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(text));
  } catch (cause) {
    throw damaged(name, 'glTF', 'its JSON cannot be read', cause);
  }
  const version = (value as { asset?: { version?: unknown } } | null)?.asset?.version;
  if (typeof version === 'string' && !/^2\./.test(version)) throw unsupported(name, `version ${version.slice(0, 20)} of glTF is not known`, 'Export it as glTF 2.0.');
  const parsed = v.safeParse(rootSchema, value);
  if (parsed.success) return { json: parsed.output, binary };
  const issue = parsed.issues[0];
  throw damaged(name, 'glTF', `${v.getDotPath(issue) ?? 'the top'}: ${issue.message}`);
}

function openGlb(bytes: Uint8Array, name: string): { text: Uint8Array; binary: Uint8Array | null } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < 20) throw truncated(name, 'GLB', `${bytes.length} bytes are too few`);
  const version = view.getUint32(4, true);
  if (version !== 2) throw unsupported(name, `version ${version} of GLB is not known`, 'Export it as glTF 2.0.');
  const chunks: { type: number; data: Uint8Array }[] = [];
  const end = Math.min(bytes.length, view.getUint32(8, true));
  for (let at = 12; at + 8 <= end; ) {
    const length = view.getUint32(at, true);
    if (length > bytes.length - at - 8) throw truncated(name, 'GLB', `a part of ${length} bytes is not all there`);
    chunks.push({ type: view.getUint32(at + 4, true), data: bytes.subarray(at + 8, at + 8 + length) });
    at += 8 + length + ((4 - (length % 4)) % 4);
  }
  if (chunks[0]?.type !== JSON_CHUNK) throw damaged(name, 'GLB', 'it does not start with its JSON');
  return { text: chunks[0].data, binary: chunks.find(({ type }) => type === BINARY_CHUNK)?.data ?? null };
}

/** Bytes of a file beside the one that is read. */
export type Companion = (name: string) => Promise<Uint8Array>;

/** Data of buffer `at`. Throws StudioError 'input.companion' where a file beside it is missing or would lie elsewhere. */
export async function bufferData({ json, binary }: { json: Gltf; binary: Uint8Array | null }, at: number, name: string, companion?: Companion): Promise<Uint8Array> {
  const { uri, byteLength } = json.buffers[at]!;
  const data = uri !== undefined ? await resource(uri, name, companion) : at === 0 ? binary : null;
  if (!data) throw damaged(name, 'glTF', `its buffer ${at} has no data`);
  if (data.length < byteLength) throw truncated(name, 'glTF', `its buffer ${at} has ${data.length} bytes of ${byteLength}`);
  return data.subarray(0, byteLength);
}

async function resource(uri: string, name: string, companion?: Companion): Promise<Uint8Array> {
  const data = /^data:([^,]*),/.exec(uri);
  if (data) {
    const content = uri.slice(data[0].length);
    return /;base64$/i.test(data[1]!) ? Buffer.from(content, 'base64') : Buffer.from(percentDecoded(content), 'latin1');
  }
  const file = percentDecoded(uri);
  const fault = (text: string, cause?: unknown) => new StudioError('input', 'input.companion', `${name}: ${text}`, { cause });
  if (/^[a-z][a-z0-9+.-]*:|^[/\\]|\\|(^|\/)\.\.(\/|$)|\0/i.test(file)) throw fault(`it asks for "${file.slice(0, 80)}", which lies outside of its folder. Export it as .glb.`);
  const way = 'Put it beside, or export as .glb, which is one file.';
  if (!companion) throw fault(`it needs the file "${file.slice(0, 80)}". ${way}`);
  return companion(file).catch((cause: unknown) => Promise.reject(fault(`the file "${file.slice(0, 80)}" is missing. ${way}`, cause)));
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
