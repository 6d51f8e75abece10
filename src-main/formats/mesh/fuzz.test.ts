/** Whatever the bytes, a reader gives a mesh or says in words why not; never anything else, and never more than the bytes can pay for. */
import { Document, Logger, WebIO } from '@gltf-transform/core';
import { EXTMeshoptCompression, KHRDracoMeshCompression } from '@gltf-transform/extensions';
import draco3d from 'draco3dgltf';
import fc from 'fast-check';
import { MeshoptEncoder } from 'meshoptimizer/encoder';
import { beforeAll, describe, expect, it } from 'vitest';
import { StudioError } from '#core/errors';
import { cleanMesh } from '#core/signal/mesh-repair';
import { readMesh, writeMesh } from './index';
import { CUBE, cubeData, cubeJson, glb, text } from './test-meshes';

const NORMALS = Float32Array.from({ length: 24 }, (_, i) => Number(i % 3 === 0));
const files = new Map<string, Uint8Array>();

beforeAll(async () => {
  for (const extension of ['glb', 'obj', 'ply', 'stl'] as const) files.set(`written.${extension}`, await writeMesh({ ...CUBE, normals: NORMALS }, extension));
  const lines = [...CUBE.positions].map(String);
  const vertices = Array.from({ length: 8 }, (_, i) => lines.slice(3 * i, 3 * i + 3).join(' '));
  const faces = Array.from({ length: 12 }, (_, t) => `3 ${CUBE.indices.subarray(3 * t, 3 * t + 3).join(' ')}`);
  files.set('cube.off', text('NOFF', '8 12 0', ...vertices.map((line) => `${line} 0 0 1`), ...faces));
  files.set('text.ply', text('ply', 'format ascii 1.0', 'element vertex 8', 'property float x', 'property float y', 'property double z', 'element face 12', 'property list uchar int vertex_indices', 'end_header', ...vertices, ...faces, ''));
  files.set('big.ply', new Uint8Array(Buffer.concat([text('ply', 'format binary_big_endian 1.0', 'element vertex 3', 'property char x', 'property char y', 'property char z', 'element face 1', 'property list uchar uchar vertex_indices', 'end_header', ''), Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 1, 0, 3, 0, 1, 2)])));
  files.set('text.stl', text('solid a', 'facet normal 0 0 1', 'outer loop', 'vertex 0 0 0', 'vertex 1 0 0', 'vertex 0 1e0 0', 'endloop', 'endfacet', 'endsolid a'));
  files.set('corners.obj', text('v 0 0 0', 'v 1 0 0', 'v 0 1 0', 'vn 0 0 1', 'f 1/1/1 2/2/-1 \\', '3//1', 'f -1 -2 -3'));
  files.set('nodes.glb', glb({ ...cubeJson, scenes: [{ nodes: [0] }], nodes: [{ children: [1, 2] }, { mesh: 0, scale: [1, 2, 3] }, { mesh: 0, rotation: [0, 0, 0, 1] }] }, cubeData));
  files.set('data.gltf', text(JSON.stringify({ ...cubeJson, buffers: [{ byteLength: 168, uri: `data:;base64,${Buffer.from(cubeData).toString('base64')}` }] })));
  files.set('beside.gltf', text(JSON.stringify({ ...cubeJson, buffers: [{ byteLength: 168, uri: 'cube.bin' }] })));
  await MeshoptEncoder.ready;
  for (const extension of [KHRDracoMeshCompression, EXTMeshoptCompression]) {
    const document = new Document().setLogger(new Logger(Logger.Verbosity.SILENT));
    const buffer = document.createBuffer();
    const primitive = document
      .createPrimitive()
      .setAttribute('POSITION', document.createAccessor().setType('VEC3').setBuffer(buffer).setArray(Float32Array.from(CUBE.positions)))
      .setAttribute('NORMAL', document.createAccessor().setType('VEC3').setBuffer(buffer).setArray(NORMALS.slice()))
      .setIndices(document.createAccessor().setType('SCALAR').setBuffer(buffer).setArray(Uint16Array.from(CUBE.indices)));
    document.createScene().addChild(document.createNode().setMesh(document.createMesh().addPrimitive(primitive)));
    if (extension === KHRDracoMeshCompression) document.createExtension(KHRDracoMeshCompression).setRequired(true);
    else document.createExtension(EXTMeshoptCompression).setRequired(true);
    const io = new WebIO().registerExtensions([extension]).registerDependencies({ 'draco3d.encoder': await draco3d.createEncoderModule(), 'meshopt.encoder': MeshoptEncoder });
    files.set(`${extension.EXTENSION_NAME}.glb`, await io.writeBinary(document));
  }
});

const NAMES = ['written.glb', 'written.obj', 'written.ply', 'written.stl', 'cube.off', 'text.ply', 'big.ply', 'text.stl', 'corners.obj', 'nodes.glb', 'data.gltf', 'beside.gltf', 'EXT_meshopt_compression.glb', 'KHR_draco_mesh_compression.glb'];

/** 'read', or the code of the refusal; anything else fails. */
async function outcome(bytes: Uint8Array, name: string): Promise<string> {
  const companion = () => Promise.resolve(cubeData);
  try {
    const { mesh } = await readMesh(bytes, name, { companion });
    expect(mesh.positions.length % 3).toBe(0);
    expect(mesh.indices.length % 3).toBe(0);
    expect(mesh.indices.length).toBeGreaterThan(0);
    // A thousand times the file is what compression may give at most.
    expect(mesh.positions.length + mesh.indices.length).toBeLessThan(3000 * bytes.length + 1000);
    cleanMesh(mesh, name);
    return 'read';
  } catch (error) {
    if (!(error instanceof StudioError)) throw error;
    expect(error.code).toMatch(/^input\.(damaged|truncated|unsupported|companion|size|empty|unknown|range)$/);
    expect(error.message).toMatch(/^\S.*[.:] .*\.$/s);
    expect(error.message.length).toBeLessThan(400);
    return error.code;
  }
}

describe.each(NAMES)('%s', (name) => {
  it('is read', async () => {
    expect(await outcome(files.get(name)!, name)).toBe('read');
  });

  it('cut off anywhere is read or refused', async () => {
    const bytes = files.get(name)!;
    const step = name.startsWith('KHR') ? 9 : Math.ceil(bytes.length / 300);
    for (let length = 0; length < bytes.length; length += step) await outcome(bytes.slice(0, length), name);
  });

  it('with bytes changed, left out, doubled or put in is read or refused', async () => {
    const bytes = files.get(name)!;
    const place = fc.nat(bytes.length - 1);
    const change = fc.oneof(
      fc.record({ kind: fc.constant('set' as const), at: place, value: fc.oneof(fc.constantFrom(0, 255, 127, 128, 0x2d, 0x39), fc.nat(255)) }),
      fc.record({ kind: fc.constant('cut' as const), at: place, length: fc.nat(20) }),
      fc.record({ kind: fc.constant('repeat' as const), at: place, length: fc.nat(40) }),
      fc.record({ kind: fc.constant('insert' as const), at: place, content: fc.constantFrom('9', '-1', '99999999999', 'e9', ' ', '\n', '\0', '[', 'nan', '0.') }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        let changed = Buffer.from(bytes);
        for (const each of changes) {
          const [before, after] = [changed.subarray(0, each.at), changed.subarray(each.at)];
          if (each.kind === 'set') changed[Math.min(each.at, changed.length - 1)] = each.value;
          else if (each.kind === 'cut') changed = Buffer.concat([before, after.subarray(each.length)]);
          else if (each.kind === 'repeat') changed = Buffer.concat([before, after.subarray(0, each.length), after]);
          else changed = Buffer.concat([before, Buffer.from(each.content), after]);
        }
        await outcome(new Uint8Array(changed), name);
      }),
      { numRuns: name.startsWith('KHR') ? 60 : 300 },
    );
  });
});

it('random bytes behind any start are read or refused', async () => {
  const starts = ['', 'ply\nformat binary_little_endian 1.0\nelement vertex 9\nproperty float x\nproperty float y\nproperty float z\nelement face 9\nproperty list uchar int vertex_indices\nend_header\n', 'solid a\nfacet ', 'OFF\n', 'v 0 0 0\nf ', '{"asset":{"version":"2.0"},', 'glTF\u0002\0\0\0'];
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 400 }), fc.constantFrom('a.obj', 'a.stl', 'a.off', 'a.glb', 'a'), async (start, bytes, name) => {
      await outcome(new Uint8Array(Buffer.concat([Buffer.from(start), bytes])), name);
    }),
    { numRuns: 500 },
  );
});

it.each(['KHR_draco_mesh_compression.glb', 'EXT_meshopt_compression.glb'])('%s with its compressed data changed, its JSON whole, is read or refused', async (name) => {
  const bytes = files.get(name)!;
  // 12 bytes, the JSON behind its 8, then the data behind theirs.
  const data = 28 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(12, true);
  const codes = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.integer({ min: data, max: bytes.length - 1 }), fc.oneof(fc.constantFrom(0, 255, 127, 128), fc.nat(255))), { minLength: 1, maxLength: 5 }), async (changes) => {
      const changed = bytes.slice();
      for (const [at, value] of changes) changed[at] = value;
      codes.add(await outcome(changed, name));
    }),
    { numRuns: 150 },
  );
  expect(codes).toContain('read');
  expect(codes).toContain('input.damaged');
});
