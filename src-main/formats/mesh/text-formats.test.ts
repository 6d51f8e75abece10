import { describe, expect, it } from 'vitest';
import { cleanMesh } from '#core/signal/mesh-repair';
import type { Mesh } from '#core/signal/mesh';
import { readMesh, sniffMesh } from './index';
import { CUBE, glb, text } from './test-meshes';

const meshOf = async (bytes: Uint8Array, name: string): Promise<Mesh> => (await readMesh(bytes, name)).mesh;
const refusal = (code: string, message: RegExp) => ({ kind: 'input', code: `input.${code}`, message: expect.stringMatching(message) as string });

const vertexLines = (prefix: string): string[] => Array.from({ length: 8 }, (_, i) => `${prefix}${CUBE.positions.subarray(3 * i, 3 * i + 3).join(' ')}`);
/** The cube as six squares, each with its corners around it. */
const SQUARES = [
  [0, 2, 3, 1],
  [4, 5, 7, 6],
  [0, 1, 5, 4],
  [2, 6, 7, 3],
  [0, 4, 6, 2],
  [1, 3, 7, 5],
];

describe('OBJ', () => {
  it('has polygons, all ways to name corners, and much that is passed over', async () => {
    const faces = SQUARES.map((corners, i) => `f ${corners.map((corner) => [`${corner + 1}`, `${corner - 8}`, `${corner + 1}/1`, `${corner + 1}//`, `${corner + 1}/1/`, `${corner - 8}/-1`][i]).join(' \t')}`);
    const lines = ['# made by hand', 'mtllib cube.mtl', 'o cube', ...vertexLines('v  '), 'vt 0 0', 'vp 1', 'g one two', 's 1', 'usemtl red', ...faces, 'l 1 2', 'p 3'];
    for (const end of ['\n', '\r\n', '\r']) {
      const bytes = new TextEncoder().encode(lines.join(end));
      expect(sniffMesh(bytes, 'cube')).toBe('OBJ');
      const mesh = await meshOf(bytes, 'cube.obj');
      expect(mesh).toEqual({ positions: CUBE.positions, indices: CUBE.indices });
    }
  });

  it('counts negative indices back from where the face stands', async () => {
    const mesh = await meshOf(text('v 0 0 0', 'v 1 0 0', 'v 0 1 0', 'f -3 -2 -1', 'v 5 5 5', 'f -3 -1 -2'), 'a.obj');
    expect([...mesh.indices]).toEqual([0, 1, 2, 1, 3, 2]);
  });

  it('has weights and colours behind vertices, corners that are joined over lines, and numbers of any kind', async () => {
    const mesh = await meshOf(text('v 1e-3 -.5 +2. 1 0 0', 'v 0.1 0.08156099999999999 3 1', 'v 1 2 \\', ' nan', 'f 1 \\', '2 3'), 'a.obj');
    expect([...mesh.positions]).toEqual([0.001, -0.5, 2, 0.1, 0.08156099999999999, 3, 1, 2, NaN]);
    expect([...mesh.indices]).toEqual([0, 1, 2]);
  });

  it('gives a vertex the mean of its normals, and none where faces have none', async () => {
    const start = ['v 0 0 0', 'v 1 0 0', 'v 0 1 0', 'v 0 0 1', 'vn 0 0 2', 'vn 0 3 0'];
    const { normals } = await meshOf(text(...start, 'f 1//1 2//1 3//1', 'f 1//2 4//2 2//-1'), 'a.obj');
    // Vertex 1 has (0, 0, 2) and (0, 3, 0).
    const expected = [0, 3 / Math.sqrt(13), 2 / Math.sqrt(13), 0, 3 / Math.sqrt(13), 2 / Math.sqrt(13), 0, 0, 1, 0, 1, 0];
    expected.forEach((value, i) => expect(normals![i]).toBeCloseTo(value, 6));
    expect((await meshOf(text(...start, 'f 1 2 3'), 'a.obj')).normals!.every((value) => value === 0)).toBe(true);
  });

  it('leaves wrong indices to be dropped by cleaning', async () => {
    const mesh = await meshOf(text('v 0 0 0', 'v 1 0 0', 'v 0 1 0', 'f 1 2 3', 'f 0 1 2', 'f 1 2 9', 'f -9 1 2', 'f 1 2 99999999999999999999'), 'a.obj');
    expect(cleanMesh(mesh).report).toMatchObject({ triangles: 5, outOfRange: 4 });
  });

  it('says what is wrong, and where', async () => {
    await expect(readMesh(text('v 0 0 0', 'v 1 0', 'f 1 1 1'), 'a.obj')).rejects.toMatchObject(refusal('damaged', /^a\.obj: line 2: a number is missing.*again/));
    await expect(readMesh(text('v 0 0 0', 'f 1 one 1'), 'a.obj')).rejects.toMatchObject(refusal('damaged', /line 2.*other than indices/));
    await expect(readMesh(text('v 0 0 0', 'f 1;2;3'), 'a.obj')).rejects.toMatchObject(refusal('damaged', /line 2.*other than indices/));
    await expect(readMesh(text('v 0 0 0', 'v 1 1 1'), 'a.obj')).rejects.toMatchObject(refusal('empty', /a point cloud: no triangles, 2 vertices/));
    await expect(readMesh(text('# nothing'), 'a.obj')).rejects.toMatchObject(refusal('empty', /no triangles/));
  });
});

describe('OFF', () => {
  const faces = SQUARES.map((corners) => `4 ${corners.join(' ')} 255 0 0`);

  it('has polygons, comments, colours, and its numbers where it likes', async () => {
    for (const head of [['OFF', '8 6 0'], ['OFF 8 6 12'], ['# made by hand', '', 'OFF # here', '8 6', '0'], ['COFF', '8 6 0']]) {
      const bytes = text(...head, ...vertexLines('').map((line) => (head[0] === 'COFF' ? `${line} 0.5 0.5 0.5 1` : line)), '', ...faces);
      if (head.length !== 5) expect(sniffMesh(bytes, 'cube')).toBe('OFF');
      expect(await meshOf(bytes, 'cube.off')).toEqual(CUBE);
    }
    expect(await meshOf(text('8 6 0', ...vertexLines(''), ...faces), 'cube.off')).toEqual(CUBE);
  });

  it('may have normals', async () => {
    const { normals } = await meshOf(text('STCNOFF', '3 1 0', '0 0 0 0 0 2 1 1 1 1', '1 0 0 0 3 4 0 0', '0 1 0 nan 0 0', '3 0 1 2'), 'a.off');
    [0, 0, 1, 0, 0.6, 0.8, 0, 0, 0].forEach((value, i) => expect(normals![i]).toBeCloseTo(value, 6));
  });

  it('is refused in words when it is cut off, of another kind or wrong', async () => {
    const whole = ['OFF', '8 6 0', ...vertexLines(''), ...faces];
    await expect(readMesh(text(...whole.slice(0, 12)), 'a.off')).rejects.toMatchObject(refusal('truncated', /face 3 of 6.*cut off/));
    await expect(readMesh(text('OFF', '4000000000 1 0', '0 0 0'), 'a.off')).rejects.toMatchObject(refusal('truncated', /4000000000 vertices/));
    await expect(readMesh(text('OFF', '1 99999999 0', '0 0 0', '3 0 0 0'), 'a.off')).rejects.toMatchObject(refusal('truncated', /99999999 faces/));
    await expect(readMesh(text('OFF', '3 1 0', '0 0 0', '1 0 0', '0 1 0', '-3 0 1 2'), 'a.off')).rejects.toMatchObject(refusal('damaged', /line 6.*-3 corners/));
    await expect(readMesh(text('OFF', '3.5 1 0', '0 0 0'), 'a.off')).rejects.toMatchObject(refusal('damaged', /line 2.*3\.5/));
    await expect(readMesh(text('4OFF', '1 1 0'), 'a.off')).rejects.toMatchObject(refusal('unsupported', /three dimensions/));
    await expect(readMesh(text('OFF BINARY', '1 1 0'), 'a.off')).rejects.toMatchObject(refusal('unsupported', /binary OFF.*text/));
  });
});

describe('a file of no known format', () => {
  it('is refused with the formats that are known', async () => {
    expect(sniffMesh(text('hello'), 'a.txt')).toBeNull();
    expect(sniffMesh(Uint8Array.of(0x89, 0x50, 0x4e, 0x47), 'a.obj')).toBe('OBJ');
    expect(sniffMesh(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0, 0), 'a.obj')).toBeNull();
    await expect(readMesh(text('hello'), 'a.txt')).rejects.toMatchObject(refusal('unknown', /a\.txt.*OBJ, PLY, STL, OFF, GLB and glTF/));
    await expect(readMesh(new Uint8Array(0), 'a.obj')).rejects.toMatchObject(refusal('empty', /file is empty/));
  });

  it('is found by content, whatever it is called', () => {
    expect(sniffMesh(text('ply', 'format ascii 1.0'), 'a.obj')).toBe('PLY');
    expect(sniffMesh(glb({}), 'a.stl')).toBe('GLB');
    expect(sniffMesh(text('{"asset": {"version": "2.0"}}'), 'a')).toBe('glTF');
    expect(sniffMesh(text('{"network": {}}'), 'a.json')).toBeNull();
    expect(sniffMesh(text('{"x": {}}'), 'a.gltf')).toBe('glTF');
    expect(sniffMesh(text('# OBJ', '', 'v 0 0 0'), 'a')).toBe('OBJ');
  });
});
