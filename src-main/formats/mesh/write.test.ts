import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diagonalOf, type Mesh } from '#core/signal/mesh';
import { MESH_EXTENSIONS, readMesh, sniffMesh, writeMesh } from './index';
import { CUBE, soup } from './test-meshes';

const roundTrip = async (mesh: Mesh, extension: (typeof MESH_EXTENSIONS)[number]): Promise<Mesh> => (await readMesh(await writeMesh(mesh, extension), `a.${extension}`)).mesh;
const placed = (scale: number, offset: readonly number[]): Mesh => ({ ...CUBE, positions: CUBE.positions.map((value, i) => value * scale + offset[i % 3]!) });
/** Largest difference of coordinates that come in the same order, in diagonals. */
const difference = (a: Mesh, b: Mesh): number => a.positions.reduce((most, value, i) => Math.max(most, Math.abs(value - b.positions[i]!)), 0) / diagonalOf(a);

describe.each(MESH_EXTENSIONS)('a written .%s', (extension) => {
  it('is known by its content and reads back as the same mesh', async () => {
    const bytes = await writeMesh(CUBE, extension);
    expect(sniffMesh(bytes, 'a')).toBe(extension.toUpperCase());
    const mesh = await roundTrip(CUBE, extension);
    expect(soup(mesh)).toEqual(soup(CUBE));
    if (extension !== 'stl') expect(mesh).toEqual(CUBE);
    expect(await writeMesh(CUBE, extension)).toEqual(bytes);
  });

  it('keeps any positions to float32, and their order', async () => {
    const coordinate = fc.float({ noNaN: true, noDefaultInfinity: true, min: Math.fround(-1e6), max: Math.fround(1e6) });
    await fc.assert(
      fc.asyncProperty(fc.array(coordinate, { minLength: 9, maxLength: 60 }), async (values) => {
        const vertices = Math.floor(values.length / 3);
        const mesh = { positions: Float64Array.from(values.slice(0, 3 * vertices)), indices: Uint32Array.from({ length: 3 * (vertices - 2) }, (_, i) => Math.floor(i / 3) + (i % 3)) };
        const back = await roundTrip(mesh, extension);
        if (extension === 'stl') {
          expect(soup(back)).toEqual(soup(mesh));
          return;
        }
        expect(back.indices).toEqual(mesh.indices);
        if (diagonalOf(mesh) > 0) expect(difference(mesh, back)).toBeLessThan(3e-7);
      }),
      { numRuns: 50 },
    );
  });

  it('keeps normals at vertices where it can', async () => {
    const length = Math.sqrt(3);
    const mesh = { ...CUBE, normals: Float32Array.from(CUBE.positions, (value) => (2 * value - 1) / length) };
    const { normals } = await roundTrip(mesh, extension);
    if (extension === 'stl') expect(normals).toBeUndefined();
    else mesh.normals.forEach((value, i) => expect(normals![i]).toBeCloseTo(value, 5));
  });

  it('loses little of a mesh that lies far away or is very small or large', async () => {
    if (extension === 'stl') return;
    for (const [scale, offset] of [[1, [500_000.25, 4_000_000.125, -300]], [1e-12, [0, 0, 0]], [1e-6, [1, 2, 3]], [1e15, [0, 0, 0]], [3, [0, 100, 0]]] as const) {
      const mesh = placed(scale, offset);
      // The offset alone costs float64 2^-53 of it.
      const lost = (2 ** -52 * Math.max(...offset.map(Math.abs))) / diagonalOf(mesh);
      expect(difference(mesh, await roundTrip(mesh, extension)), `${scale}`).toBeLessThan(1.5e-7 + 2 * lost);
    }
  });
});

it('a written STL has facet normals and does not start like text', async () => {
  const bytes = await writeMesh(CUBE, 'stl');
  const view = new DataView(bytes.buffer);
  // The first triangle of the cube lies in z = 0, facing down.
  expect([0, 4, 8].map((at) => view.getFloat32(84 + at, true) + 0)).toEqual([0, 0, -1]);
  expect(new TextDecoder().decode(bytes.subarray(0, 5))).not.toBe('solid');
});
