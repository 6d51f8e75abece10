/** Meshes that the specs of surfaces share, made here, and a reader of GLB that is not the program's own. */

export interface Shape {
  /** x, y, z of every vertex. */
  readonly positions: number[];
  readonly indices: number[];
}

/** A closed ring of `round` by `across` quads, tilted a little, so that no two axes look alike. */
export function ring(round = 48, across = 24, major = 0.7, minor = 0.28): Shape {
  const positions: number[] = [];
  const indices: number[] = [];
  for (let i = 0; i < round; i++) {
    for (let j = 0; j < across; j++) {
      const [u, v] = [(2 * Math.PI * i) / round, (2 * Math.PI * j) / across];
      const reach = major + minor * Math.cos(v);
      positions.push(10 + reach * Math.cos(u), reach * Math.sin(u) + 0.15 * Math.cos(2 * u), minor * Math.sin(v));
      const [a, b, c, d] = [
        [i, j],
        [i + 1, j],
        [i + 1, j + 1],
        [i, j + 1],
      ].map(([p, q]) => (p % round) * across + (q % across));
      indices.push(a, b, c, a, c, d);
    }
  }
  return { positions, indices };
}

/** An open wavy sheet of n by n quads. */
export function sheet(n = 24): Shape {
  const positions: number[] = [];
  const indices: number[] = [];
  for (let j = 0; j <= n; j++) for (let i = 0; i <= n; i++) positions.push(i / n, j / n, 0.15 * Math.sin((5 * i) / n) * Math.cos((4 * j) / n));
  for (let j = 0; j < n; j++) {
    for (let i = 0; i < n; i++) {
      const a = j * (n + 1) + i;
      indices.push(a, a + 1, a + n + 2, a, a + n + 2, a + n + 1);
    }
  }
  return { positions, indices };
}

/** As OBJ. */
export function obj({ positions, indices }: Shape): Buffer {
  const lines: string[] = [];
  for (let i = 0; i < positions.length; i += 3) lines.push(`v ${positions.slice(i, i + 3).join(' ')}`);
  for (let i = 0; i < indices.length; i += 3) lines.push(`f ${indices.slice(i, i + 3).map((index) => index + 1).join(' ')}`);
  return Buffer.from(`${lines.join('\n')}\n`);
}

interface Accessor {
  readonly count: number;
  readonly bufferView: number;
  readonly byteOffset?: number;
}

/** Positions and number of triangles of the first primitive of a GLB; the translation of its node is added. */
export function readGlb(file: Buffer): { readonly positions: number[]; readonly triangles: number } {
  if (file.toString('latin1', 0, 4) !== 'glTF') throw new Error('This is no GLB.');
  const length = file.readUInt32LE(12);
  const json = JSON.parse(file.toString('utf8', 20, 20 + length)) as {
    accessors: Accessor[];
    bufferViews: { byteOffset?: number; byteStride?: number }[];
    meshes: { primitives: { attributes: { POSITION: number }; indices: number }[] }[];
    nodes: { translation?: number[] }[];
  };
  const data = file.subarray(20 + length + 8);
  const [{ attributes, indices }] = json.meshes[0].primitives;
  const { count, bufferView, byteOffset = 0 } = json.accessors[attributes.POSITION];
  const { byteOffset: start = 0, byteStride = 12 } = json.bufferViews[bufferView];
  const move = json.nodes[0].translation ?? [0, 0, 0];
  const positions = Array.from({ length: 3 * count }, (_, i) => data.readFloatLE(start + byteOffset + byteStride * Math.floor(i / 3) + 4 * (i % 3)) + move[i % 3]);
  return { positions, triangles: json.accessors[indices].count / 3 };
}

/** Least and most of each axis. */
export function bounds(positions: readonly number[]): { readonly least: number[]; readonly most: number[] } {
  const axis = (each: number): number[] => positions.filter((_, i) => i % 3 === each);
  return { least: [0, 1, 2].map((each) => Math.min(...axis(each))), most: [0, 1, 2].map((each) => Math.max(...axis(each))) };
}
