/** Meshes and glTF files that tests are made of. */
import type { Mesh } from '#core/signal/mesh';

/** Corners and twelve triangles of the unit cube, facing out. */
export const CUBE: Mesh = {
  positions: Float64Array.from({ length: 24 }, (_, i) => (Math.floor(i / 3) >> (i % 3)) & 1),
  indices: Uint32Array.of(0, 2, 3, 0, 3, 1, 4, 5, 7, 4, 7, 6, 0, 1, 5, 0, 5, 4, 2, 6, 7, 2, 7, 3, 0, 4, 6, 0, 6, 2, 1, 3, 7, 1, 7, 5),
};

/** The cube's triangles as places, each turned so that its least corner comes first, in rising order: what a mesh is, whatever its vertices are called. */
export function soup({ positions, indices }: Mesh): string[] {
  const corner = (i: number): string => [0, 1, 2].map((axis) => String(Math.fround(positions[3 * indices[i]! + axis]! + 0))).join(' ');
  return Array.from({ length: indices.length / 3 }, (_, t) => {
    const corners = [corner(3 * t), corner(3 * t + 1), corner(3 * t + 2)];
    const first = corners.indexOf([...corners].sort()[0]!);
    return [...corners.slice(first), ...corners.slice(0, first)].join(', ');
  }).sort();
}

export const text = (...lines: string[]): Uint8Array => new TextEncoder().encode(lines.join('\n'));

/** A .glb of this JSON and data. */
export function glb(json: unknown, data: Uint8Array = new Uint8Array(0)): Uint8Array {
  const pad = (bytes: Uint8Array, value: number): Uint8Array => Uint8Array.from({ length: Math.ceil(bytes.length / 4) * 4 }, (_, i) => bytes[i] ?? value);
  const chunks = [
    { type: 0x4e4f534a, bytes: pad(text(JSON.stringify(json)), 0x20) },
    { type: 0x004e4942, bytes: pad(data, 0) },
  ];
  const words = (...values: number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);
  const body = chunks.flatMap(({ type, bytes }) => [...words(bytes.length, type), ...bytes]);
  return Uint8Array.of(...words(0x46546c67, 2, 12 + body.length), ...body);
}

export const bytesOf = (...arrays: (Float32Array | Uint32Array | Uint16Array | Uint8Array | Int16Array)[]): Uint8Array => Uint8Array.from(arrays.flatMap((array) => [...new Uint8Array(array.buffer, array.byteOffset, array.byteLength)]));

/** JSON of the cube: float32 positions at 0, 16-bit indices at 96. */
export const cubeJson = {
  asset: { version: '2.0' },
  meshes: [{ primitives: [{ attributes: { POSITION: 0 }, indices: 1 }] }],
  accessors: [
    { bufferView: 0, componentType: 5126, count: 8, type: 'VEC3' },
    { bufferView: 1, componentType: 5123, count: 36, type: 'SCALAR' },
  ],
  bufferViews: [
    { buffer: 0, byteOffset: 0, byteLength: 96 },
    { buffer: 0, byteOffset: 96, byteLength: 72 },
  ],
  buffers: [{ byteLength: 168 }],
};
export const cubeData = bytesOf(Float32Array.from(CUBE.positions), Uint16Array.from(CUBE.indices));
