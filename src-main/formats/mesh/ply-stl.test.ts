import { describe, expect, it } from 'vitest';
import { readMesh, sniffMesh } from './index';
import { bytesOf, CUBE, soup, text } from './test-meshes';

const refusal = (code: string, message: RegExp) => ({ kind: 'input', code: `input.${code}`, message: expect.stringMatching(message) as string });

type Scalar = 'char' | 'uchar' | 'short' | 'ushort' | 'int' | 'uint' | 'float' | 'double';
const PUT: Record<Scalar, readonly [number, (view: DataView, value: number, little: boolean) => void]> = {
  char: [1, (view, value) => view.setInt8(0, value)],
  uchar: [1, (view, value) => view.setUint8(0, value)],
  short: [2, (view, value, little) => view.setInt16(0, value, little)],
  ushort: [2, (view, value, little) => view.setUint16(0, value, little)],
  int: [4, (view, value, little) => view.setInt32(0, value, little)],
  uint: [4, (view, value, little) => view.setUint32(0, value, little)],
  float: [4, (view, value, little) => view.setFloat32(0, value, little)],
  double: [8, (view, value, little) => view.setFloat64(0, value, little)],
};

/** A PLY of rows of typed values, in any of the three ways. */
function ply(format: string, header: readonly string[], rows: readonly (readonly (readonly [Scalar, number])[])[]): Uint8Array {
  const head = text('ply', `format ${format} 1.0`, ...header, 'end_header', '');
  if (format === 'ascii') return bytesOf(head, text(...rows.map((row) => row.map(([, value]) => String(value)).join(' '))));
  const values = rows.flat().map(([type, value]) => {
    const [size, put] = PUT[type];
    const bytes = new Uint8Array(size);
    put(new DataView(bytes.buffer), value, format === 'binary_little_endian');
    return bytes;
  });
  return bytesOf(head, ...values);
}

const vertexRows = (types: readonly Scalar[]) => Array.from({ length: 8 }, (_, i) => [...CUBE.positions.subarray(3 * i, 3 * i + 3)].map((value, axis) => [types[axis]!, value] as const));
const VERTEX = ['element vertex 8', 'property float x', 'property float y', 'property float z'];
const FACE = ['element face 12', 'property list uchar int vertex_indices'];
const faceRows = (count: Scalar, index: Scalar) => Array.from({ length: 12 }, (_, t) => [[count, 3] as const, ...[...CUBE.indices.subarray(3 * t, 3 * t + 3)].map((value) => [index, value] as const)]);

describe.each(['ascii', 'binary_little_endian', 'binary_big_endian'])('PLY %s', (format) => {
  it('is read', async () => {
    const bytes = ply(format, ['comment end_header is not here', 'obj_info x', ...VERTEX, ...FACE], [...vertexRows(['float', 'float', 'float']), ...faceRows('uchar', 'int')]);
    expect(sniffMesh(bytes, 'a')).toBe('PLY');
    const read = await readMesh(bytes, 'a.ply');
    expect(read.mesh).toEqual(CUBE);
    expect(read.format).toMatch(/^PLY \((text|binary, (little|big)-endian)\)$/);
  });

  it('is read with properties in any order and of any type, among others that are passed over', async () => {
    const header = [
      'element camera 1',
      'property double view_px',
      'element face 12',
      'property uchar red',
      'property list ushort float texcoord',
      'property list int ushort vertex_index',
      'property short flags',
      'element vertex 8',
      'property double z',
      'property list uchar uchar extra',
      'property char x',
      'property float nz',
      'property float ny',
      'property float nx',
      'property ushort y',
      'element edge 2',
      'property int vertex1',
    ];
    const faces = faceRows('int', 'ushort').map((row) => [['uchar', 200] as const, ['ushort', 2] as const, ['float', 0.5] as const, ['float', 0.25] as const, ...row, ['short', -1] as const]);
    const vertices = vertexRows(['char', 'ushort', 'double']).map(([x, y, z], i) => [z!, ['uchar', i % 2] as const, ...(i % 2 ? [['uchar', 9] as const] : []), x!, ['float', 2] as const, ['float', 0] as const, ['float', 0] as const, y!]);
    const { mesh } = await readMesh(ply(format, header, [[['double', 1]], ...faces, ...vertices, [['int', 1]], [['int', 2]]]), 'a.ply');
    expect(mesh).toEqual({ ...CUBE, normals: Float32Array.from({ length: 24 }, (_, i) => (i % 3 === 2 ? 1 : 0)) });
  });

  it('has polygons and strips', async () => {
    const square: [Scalar, number][] = [['uchar', 4], ['int', 0], ['int', 2], ['int', 3], ['int', 1]];
    const strip: [Scalar, number][] = [['int', 8], ...[4, 5, 6, 7, -1, 0, 2, 1].map((value): [Scalar, number] => ['int', value])];
    const header = [...VERTEX, 'element face 1', FACE[1]!, 'element tristrips 1', 'property list int int vertex_indices'];
    const { mesh } = await readMesh(ply(format, header, [...vertexRows(['float', 'float', 'float']), square, strip]), 'a.ply');
    expect([...mesh.indices]).toEqual([0, 2, 3, 0, 3, 1, 4, 5, 6, 5, 7, 6, 0, 2, 1]);
  });

  it('is refused when it is cut off or promises too much', async () => {
    const rows = [...vertexRows(['float', 'float', 'float']), ...faceRows('uchar', 'int')];
    const whole = ply(format, [...VERTEX, ...FACE], rows);
    const start = ply(format, [...VERTEX, ...FACE], []).length;
    for (let length = 0; length < whole.length - 1; length += length < start ? 1 : 7) {
      const code = length < 4 ? 'input.(empty|unknown)' : 'input.truncated';
      await expect(readMesh(whole.slice(0, length), 'a.ply'), `${length}`).rejects.toMatchObject({ code: expect.stringMatching(code) as string });
    }
    await expect(readMesh(ply(format, ['element vertex 999999999999', ...VERTEX.slice(1), ...FACE], rows), 'a.ply')).rejects.toMatchObject(refusal('truncated', /999999999999 of "vertex"/));
    const long = [...rows.slice(0, 8), [['uint', 4_000_000_000] as const, ['int', 1] as const]];
    await expect(readMesh(ply(format, [...VERTEX, 'element face 1', 'property list uint int vertex_indices'], long), 'a.ply')).rejects.toMatchObject(refusal('truncated', /list of 4000000000/));
    const negative = [...rows.slice(0, 8), [['char', -1] as const, ['int', 1] as const]];
    await expect(readMesh(ply(format, [...VERTEX, 'element face 1', 'property list char int vertex_indices'], negative), 'a.ply')).rejects.toMatchObject(refusal('damaged', /a list has -1 values/));
    await expect(readMesh(ply(format, [...VERTEX, 'element nothing 999999999999999'], rows), 'a.ply')).rejects.toMatchObject(refusal('empty', /point cloud.*8 vertices/));
  });
});

describe('the header of a PLY', () => {
  it.each([
    ['unsupported', 'version 2.0', ['format ascii 2.0', ...VERTEX]],
    ['damaged', 'no known format', ['format utf8 1.0', ...VERTEX]],
    ['damaged', 'names no format', VERTEX],
    ['damaged', 'wrong number of elements.*vertex many', ['format ascii 1.0', 'element vertex many']],
    ['damaged', 'unknown type.*half', ['format ascii 1.0', 'element vertex 1', 'property half x']],
    ['damaged', 'unknown type', ['format ascii 1.0', 'element vertex 1', 'property toString x']],
    ['damaged', 'before any element', ['format ascii 1.0', 'property float x']],
    ['damaged', 'no x, y and z', ['format ascii 1.0', 'element vertex 1', 'property float x', 'property float y']],
    ['damaged', 'no element "vertex"', ['format ascii 1.0', 'element face 0', FACE[1]!]],
  ])('is %s when it has %s', async (code, message, lines) => {
    await expect(readMesh(text('ply', ...lines, 'end_header', '1 1 1', ''), 'a.ply')).rejects.toMatchObject(refusal(code, new RegExp(message)));
  });
});

function stl(header: string, triangles = 12): Uint8Array {
  const bytes = new Uint8Array(84 + 50 * triangles);
  new TextEncoder().encodeInto(header, bytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(80, triangles, true);
  for (let i = 0; i < 3 * triangles; i++) {
    for (let axis = 0; axis < 3; axis++) view.setFloat32(84 + 50 * Math.floor(i / 3) + 12 + 12 * (i % 3) + 4 * axis, CUBE.positions[3 * CUBE.indices[i]! + axis]!, true);
  }
  return bytes;
}

const facet = (t: number, corner = 'vertex'): string[] => ['facet normal 0 0 1', ' outer loop', ...[0, 1, 2].map((c) => `  ${corner} ${CUBE.positions.subarray(3 * CUBE.indices[3 * t + c]!, 3 * CUBE.indices[3 * t + c]! + 3).join(' ')}`), ' endloop', 'endfacet'];
const textStl = (...end: string[]): string[] => ['solid a facet of vertex things', ...Array.from({ length: 12 }, (_, t) => facet(t)).flat(), ...end];

describe('STL', () => {
  it('of binary is binary, also when it starts with "solid"', async () => {
    for (const header of ['made by hand', 'solid cube', 'solid cube\nfacet normal 0 0 0\n']) {
      expect(sniffMesh(stl(header), 'a')).toBe('STL');
      const { mesh, format } = await readMesh(stl(header), 'a.stl');
      expect(format).toBe('STL (binary)');
      expect(mesh.positions.length).toBe(24);
      expect(soup(mesh)).toEqual(soup(CUBE));
    }
  });

  it('of text is read, with corners at one place as one vertex', async () => {
    for (const lines of [textStl('endsolid a facet'), textStl('endsolid').map((line) => line.toUpperCase()), [textStl().slice(0, 1).join(), textStl().slice(1).join(' '), 'endsolid']]) {
      expect(sniffMesh(text(...lines), 'a')).toBe('STL');
      const { mesh, format, notes } = await readMesh(text(...lines), 'a.stl');
      expect([format, notes]).toEqual(['STL (text)', []]);
      expect(mesh.positions.length).toBe(24);
      expect(soup(mesh)).toEqual(soup(CUBE));
    }
  });

  it('is refused when it is cut off, and noted when it is longer or ends without a word', async () => {
    await expect(readMesh(stl('').slice(0, -1), 'a.stl')).rejects.toMatchObject(refusal('truncated', /12 triangles and has 11/));
    await expect(readMesh(stl('solid x').slice(0, 40), 'a.stl')).rejects.toMatchObject(refusal('truncated', /40 bytes are too few/));
    await expect(readMesh(stl('', 0), 'a.stl')).rejects.toMatchObject(refusal('empty', /no triangles/));
    expect((await readMesh(bytesOf(stl(''), new Uint8Array(3)), 'a.stl')).notes).toEqual(['3 bytes after the last triangle were passed over']);
    await expect(readMesh(text(...textStl().slice(0, -3)), 'a.stl')).rejects.toMatchObject(refusal('truncated', /inside of a facet/));
    expect((await readMesh(text(...textStl()), 'a.stl')).notes).toEqual(['the line "endsolid" is missing: the end may be cut off']);
    await expect(readMesh(text('solid a', ...facet(0), 'facet', ...facet(1)), 'a.stl')).rejects.toMatchObject(refusal('damaged', /line 10: a facet starts inside/));
    await expect(readMesh(text('solid a', 'facet', 'vertex 0 zero 0'), 'a.stl')).rejects.toMatchObject(refusal('damaged', /line 3: "zero" is no number/));
  });
});
