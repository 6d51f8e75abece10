import { Document, Logger, WebIO } from '@gltf-transform/core';
import { EXTMeshoptCompression, KHRDracoMeshCompression } from '@gltf-transform/extensions';
import draco3d from 'draco3dgltf';
import { MeshoptEncoder } from 'meshoptimizer/encoder';
import { describe, expect, it } from 'vitest';
import { cleanMesh } from '#core/signal/mesh-repair';
import { readMesh } from './index';
import { bytesOf, CUBE, cubeData, cubeJson, glb, soup, text } from './test-meshes';

const refusal = (code: string, message: RegExp) => ({ kind: 'input', code: `input.${code}`, message: expect.stringMatching(message) as string });
const read = (json: unknown, data = cubeData) => readMesh(glb(json, data), 'a.glb');
/** The cube with its corners moved. */
const moved = (move: (x: number, y: number, z: number) => readonly number[]) => ({
  ...CUBE,
  positions: Float64Array.from([...Array(8).keys()].flatMap((i) => [...move(CUBE.positions[3 * i]!, CUBE.positions[3 * i + 1]!, CUBE.positions[3 * i + 2]!)])),
});
const [cubePrimitive] = cubeJson.meshes[0]!.primitives;

describe('glTF', () => {
  it('is read as one file, with data in the JSON, and with data beside it', async () => {
    const one = await read(cubeJson);
    expect(one).toEqual({ mesh: CUBE, format: 'GLB', notes: [] });
    const base64 = Buffer.from(cubeData).toString('base64');
    for (const [uri, asked] of [[`data:application/octet-stream;base64,${base64}`, []], ['cube%20one.bin', ['cube one.bin']], ['data/cube.bin', ['data/cube.bin']]] as const) {
      const names: string[] = [];
      const companion = (name: string) => (names.push(name), Promise.resolve(cubeData));
      const bytes = text(JSON.stringify({ ...cubeJson, buffers: [{ byteLength: 168, uri }] }));
      expect(await readMesh(bytes, 'a.gltf', { companion })).toEqual({ mesh: CUBE, format: 'glTF', notes: [] });
      expect(names).toEqual(asked);
    }
  });

  it('asks for no files outside of its folder, and says which one is missing', async () => {
    const with_ = (uri: string) => text(JSON.stringify({ ...cubeJson, buffers: [{ byteLength: 168, uri }] }));
    const companion = () => Promise.resolve(cubeData);
    for (const uri of ['../a.bin', 'a/../../b.bin', '/etc/a.bin', 'file:///a.bin', 'https://example.com/a.bin', '%2e%2e/a.bin', '..%5Ca.bin', 'C:\\a.bin']) {
      await expect(readMesh(with_(uri), 'a.gltf', { companion }), uri).rejects.toMatchObject(refusal('companion', /outside of its folder.*glb/));
    }
    await expect(readMesh(with_('a.bin'), 'a.gltf')).rejects.toMatchObject(refusal('companion', /"a\.bin"/));
    await expect(readMesh(with_('a.bin'), 'a.gltf', { companion: () => Promise.reject(new Error('gone')) })).rejects.toMatchObject(refusal('companion', /"a\.bin" is missing/));
    await expect(readMesh(with_('a.bin'), 'a.gltf', { companion: () => Promise.resolve(cubeData.slice(1)) })).rejects.toMatchObject(refusal('truncated', /167 bytes of 168/));
  });

  it('puts meshes where nodes say, any number of times, and turns triangles that are mirrored', async () => {
    const half = Math.SQRT1_2;
    const json = {
      ...cubeJson,
      scene: 1,
      scenes: [{ nodes: [0] }, { nodes: [1, 4] }],
      nodes: [
        { mesh: 0 },
        { translation: [1e6, 0, 0], children: [2, 3] },
        // A quarter turn around z, then twice as large.
        { mesh: 0, rotation: [0, 0, half, half], scale: [2, 2, 2] },
        { mesh: 0, matrix: [-1, 0, 0, 0, 0, 1, 0, 0, 0.5, 0, 1, 0, 0, 0, 0.25, 1] },
        { mesh: 0 },
      ],
    };
    const { mesh } = await read(json);
    // Without the offset of the first two, which would hide small differences.
    const near = { positions: round(mesh.positions.map((value, i) => (i < 48 && i % 3 === 0 ? value - 1e6 : value))), indices: mesh.indices };
    const turned = moved((x, y, z) => [-2 * y, 2 * x, 2 * z]);
    const mirrored = moved((x, y, z) => [-x + 0.5 * z, y, z + 0.25]);
    const otherWay = CUBE.indices.map((_, i) => CUBE.indices[i - (i % 3) + [0, 2, 1][i % 3]!]!);
    expect(soup(near)).toEqual([...soup(turned), ...soup({ ...mirrored, indices: otherWay }), ...soup(CUBE)].sort());
    expect(cleanMesh(mesh).report).toMatchObject({ components: 3, watertight: true, oriented: true });
  });

  it('turns normals by the inverse transposed', async () => {
    const normals = Float32Array.from({ length: 24 }, (_, i) => (i % 3 === 2 ? 0 : Math.SQRT1_2));
    const json = structuredClone(cubeJson) as typeof cubeJson & { nodes: unknown };
    Object.assign(json.meshes[0]!.primitives[0]!.attributes, { NORMAL: 2 });
    json.accessors.push({ bufferView: 2, componentType: 5126, count: 8, type: 'VEC3' });
    json.bufferViews.push({ buffer: 0, byteOffset: 168, byteLength: 96 });
    json.buffers[0]!.byteLength = 264;
    // A plane with the normal (1, 1) has (1 / 3, 1 / -4) after its axes grew by 3 and -4.
    json.nodes = [{ mesh: 0, scale: [3, -4, 2] }];
    const { mesh } = await read(json, bytesOf(cubeData, normals));
    [0.8, -0.6, 0].forEach((value, axis) => expect(mesh.normals![axis]).toBeCloseTo(value, 6));
  });

  it('has strips, fans, lists without indices, and lines that are passed over with a note', async () => {
    const json = {
      ...cubeJson,
      meshes: [
        {
          primitives: [
            { attributes: { POSITION: 0 }, mode: 5 },
            { attributes: { POSITION: 0 }, indices: 2, mode: 6 },
            { attributes: { POSITION: 0 }, mode: 4 },
            { attributes: { POSITION: 0 }, mode: 1 },
            { attributes: {}, mode: 0 },
          ],
        },
      ],
      accessors: [...cubeJson.accessors, { bufferView: 1, componentType: 5123, count: 4, type: 'SCALAR' }],
    };
    const { mesh, notes } = await read(json);
    expect([...mesh.indices]).toEqual([0, 1, 2, 1, 3, 2, 2, 3, 4, 3, 5, 4, 4, 5, 6, 5, 7, 6, 0, 2, 3, 0, 3, 0, 0, 1, 2, 3, 4, 5]);
    expect(mesh.positions).toEqual(CUBE.positions);
    expect(notes).toEqual(['2 parts of points or lines passed over']);
  });

  it('has interleaved, quantized and sparse accessors', async () => {
    // 16-bit shares of the largest integer, 8 bytes apart.
    const quantized = new Int16Array(32);
    for (let i = 0; i < 8; i++) for (let axis = 0; axis < 3; axis++) quantized[4 * i + axis] = CUBE.positions[3 * i + axis]! ? 32767 : -32768;
    const data = bytesOf(quantized, Uint16Array.from(CUBE.indices), Uint16Array.of(7), new Uint8Array(2), Int16Array.of(0, 16384, 32767));
    const json = {
      ...cubeJson,
      extensionsUsed: ['KHR_mesh_quantization'],
      extensionsRequired: ['KHR_mesh_quantization'],
      accessors: [
        { bufferView: 0, componentType: 5122, normalized: true, count: 8, type: 'VEC3', sparse: { count: 1, indices: { bufferView: 2, componentType: 5123 }, values: { bufferView: 3 } } },
        cubeJson.accessors[1],
      ],
      bufferViews: [
        { buffer: 0, byteLength: 64, byteStride: 8 },
        { buffer: 0, byteOffset: 64, byteLength: 72 },
        { buffer: 0, byteOffset: 136, byteLength: 2 },
        { buffer: 0, byteOffset: 140, byteLength: 6 },
      ],
      buffers: [{ byteLength: 146 }],
    };
    const { mesh } = await read(json, data);
    const expected = CUBE.positions.map((value) => 2 * value - 1);
    expected.set([0, 16384 / 32767, 1], 21);
    expect(mesh).toEqual({ positions: expected, indices: CUBE.indices });
  });

  it('is not troubled by faults of what no triangle needs', async () => {
    const json = {
      ...cubeJson,
      materials: 'red',
      images: [{ uri: 'gone.png' }, {}],
      animations: [{ channels: [{ sampler: 99 }] }],
      extensionsUsed: ['KHR_materials_clearcoat'],
      extensionsRequired: ['KHR_materials_clearcoat'],
      meshes: [{ primitives: [{ ...cubePrimitive, attributes: { POSITION: 0, TEXCOORD_0: 77 }, material: 5 }] }],
      accessors: [...cubeJson.accessors, { bufferView: 55, componentType: 5126, count: 1e9, type: 'MAT4' }],
      bufferViews: [...cubeJson.bufferViews, { buffer: 1, byteLength: 1e9 }],
      buffers: [...cubeJson.buffers, { byteLength: 1e9, uri: 'gone.bin' }],
    };
    expect((await read(json)).mesh).toEqual(CUBE);
  });
});

/** To 1e-6: rotations by a quarter turn are no exact matrices. */
const round = (values: Float64Array): Float64Array => values.map((value) => Math.round(value * 1e6) / 1e6 + 0);

describe('compressed glTF', () => {
  async function compressed(kind: 'draco' | 'meshopt'): Promise<Uint8Array> {
    const document = new Document().setLogger(new Logger(Logger.Verbosity.SILENT));
    const buffer = document.createBuffer();
    const accessor = (type: 'VEC3' | 'SCALAR', array: Float32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>) => document.createAccessor().setType(type).setBuffer(buffer).setArray(array);
    const primitive = document.createPrimitive().setAttribute('POSITION', accessor('VEC3', Float32Array.from(CUBE.positions))).setIndices(accessor('SCALAR', Uint16Array.from(CUBE.indices)));
    document.createScene().addChild(document.createNode().setMesh(document.createMesh().addPrimitive(primitive)).setTranslation([5, 0, 0]));
    await MeshoptEncoder.ready;
    const io = new WebIO()
      .setLogger(new Logger(Logger.Verbosity.SILENT))
      .registerExtensions([KHRDracoMeshCompression, EXTMeshoptCompression])
      .registerDependencies({ 'draco3d.encoder': await draco3d.createEncoderModule(), 'meshopt.encoder': MeshoptEncoder });
    if (kind === 'draco') document.createExtension(KHRDracoMeshCompression).setRequired(true);
    else document.createExtension(EXTMeshoptCompression).setRequired(true);
    return io.writeBinary(document);
  }

  it.each(['draco', 'meshopt'] as const)('by %s is read', async (kind) => {
    const bytes = await compressed(kind);
    const { mesh, format } = await readMesh(bytes, 'a.glb');
    expect(format).toBe(`GLB, ${kind === 'draco' ? 'Draco' : 'meshopt'}`);
    expect(soup({ ...mesh, positions: mesh.positions.map((value) => Math.round(value * 1000) / 1000) })).toEqual(soup(moved((x, y, z) => [x + 5, y, z])));
  });

  it('by Draco is refused when its bitstream promises more than it can hold', async () => {
    const bytes = await compressed('draco');
    const at = Buffer.from(bytes).indexOf('DRACO');
    // The number of vertices, after the 11 bytes of the header and the kind of traversal.
    expect(bytes[at + 12]).toBe(8);
    bytes.set([0xff, 0xff, 0xff, 0xff, 0x04], at + 12);
    await expect(readMesh(bytes, 'a.glb')).rejects.toMatchObject(refusal('damaged', /Draco|promises/));
  });
});

describe('a glTF that lies', () => {
  const edited = (edit: (json: typeof cubeJson & Record<string, unknown>) => void) => {
    const json = structuredClone(cubeJson) as typeof cubeJson & Record<string, unknown>;
    edit(json);
    return read(json);
  };

  it.each<[string, string, RegExp, Parameters<typeof edited>[0]]>([
    ['damaged', 'an accessor that is not there', /accessor 9, of which there are 2/, (json) => (json.meshes[0]!.primitives[0]!.indices = 9)],
    ['damaged', 'a view that is not there', /buffer view 7/, (json) => (json.accessors[0]!.bufferView = 7)],
    ['damaged', 'a buffer that is not there', /buffer 3/, (json) => (json.bufferViews[0]!.buffer = 3)],
    ['truncated', 'a view beyond its buffer', /view 1 ends after its buffer/, (json) => (json.bufferViews[1]!.byteLength = 73)],
    ['truncated', 'an accessor beyond its view', /accessor 0 ends after its view/, (json) => (json.accessors[0]!.count = 4e9)],
    ['truncated', 'more data than there is', /168 bytes of 999/, (json) => (json.buffers[0]!.byteLength = 999)],
    ['damaged', 'positions of two dimensions', /positions are of another type/, (json) => (json.accessors[0]!.type = 'VEC2')],
    ['damaged', 'fractional indices', /indices are of another type/, (json) => Object.assign(json.accessors[1]!, { componentType: 5126, count: 18 })],
    ['damaged', 'negative counts', /accessors\.0\.count/, (json) => (json.accessors[0]!.count = -1)],
    ['damaged', 'counts of text', /accessors\.0\.count/, (json) => Object.assign(json.accessors[0]!, { count: '8' })],
    ['damaged', 'elements over each other', /lie over each other/, (json) => Object.assign(json.bufferViews[0]!, { byteStride: 4 })],
    ['damaged', 'zeros without end', /promises 4000000000 elements/, (json) => Object.assign(json.accessors[0]!, { bufferView: undefined, count: 4e9, sparse: { count: 1, indices: { bufferView: 1, componentType: 5123 }, values: { bufferView: 0 } } })],
    ['damaged', 'a ring of nodes', /node 0 is in the scene twice/, (json) => Object.assign(json, { scenes: [{ nodes: [0] }], nodes: [{ children: [1] }, { children: [0] }] })],
    ['damaged', 'a scene that is not there', /scene 4/, (json) => Object.assign(json, { scene: 4, scenes: [{ nodes: [0] }], nodes: [{ mesh: 0 }] })],
    ['damaged', 'a mesh that is not there', /mesh 4/, (json) => Object.assign(json, { nodes: [{ mesh: 4 }] })],
    ['damaged', 'a node that is not there', /node 4/, (json) => Object.assign(json, { nodes: [{ children: [4] }] })],
    ['unsupported', 'an extension that is not known', /KHR_gaussian_splatting/, (json) => Object.assign(json, { extensionsRequired: ['KHR_gaussian_splatting'] })],
    ['unsupported', 'another version', /version 1\.0/, (json) => (json.asset.version = '1.0')],
    ['empty', 'no mesh', /no triangles/, (json) => Object.assign(json, { nodes: [{ translation: [1, 2, 3] }] })],
    ['damaged', 'a view that grows too much', /promises 65536 bytes from 8/, (json) => Object.assign(json.bufferViews[0]!, { byteLength: 65536, extensions: { EXT_meshopt_compression: { buffer: 0, byteLength: 8, byteStride: 16, count: 4096, mode: 'ATTRIBUTES' } } })],
    ['damaged', 'data that is not compressed', /cannot be decoded/, (json) => Object.assign(json.bufferViews[0]!, { extensions: { EXT_meshopt_compression: { buffer: 0, byteLength: 96, byteStride: 12, count: 8, mode: 'ATTRIBUTES' } } })],
  ])('is %s with %s', async (code, _, message, edit) => {
    await expect(edited(edit)).rejects.toMatchObject(refusal(code, message));
  });

  it('is refused when nodes show more than the limits', async () => {
    const nodes = Array.from({ length: 3000 }, () => ({ mesh: 0 }));
    const meshes = [{ primitives: Array.from({ length: 400 }, () => ({ attributes: { POSITION: 0 } })) }];
    await expect(read({ ...cubeJson, nodes, meshes })).rejects.toMatchObject(refusal('size', /1200000 parts/));
  });

  it('is refused when its container is cut off or of another version', async () => {
    const whole = glb(cubeJson, cubeData);
    for (const length of [4, 19, 20, 100, whole.length - 4]) await expect(readMesh(whole.slice(0, length), 'a.glb')).rejects.toMatchObject({ code: expect.stringMatching(/truncated|damaged/) as string });
    await expect(readMesh(Uint8Array.from(whole).fill(1, 4, 5), 'a.glb')).rejects.toMatchObject(refusal('unsupported', /version 1 of GLB/));
    await expect(readMesh(text('{"asset": '), 'a.gltf')).rejects.toMatchObject(refusal('damaged', /JSON/));
    await expect(readMesh(text(`{"asset": ${'['.repeat(100_000)}`), 'a.gltf')).rejects.toMatchObject(refusal('damaged', /JSON/));
  });
});
