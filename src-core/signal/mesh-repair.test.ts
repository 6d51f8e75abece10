import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asStudioError } from '../errors';
import type { Mesh } from './mesh';
import { cleanMesh } from './mesh-repair';
import { topologyOf } from './mesh-topology';
import { VertexWelder } from './weld';

const TETRAHEDRON = { positions: Float64Array.of(0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1), indices: Uint32Array.of(0, 2, 1, 0, 1, 3, 1, 2, 3, 0, 3, 2) };

const with_ = (mesh: Mesh, positions: readonly number[], indices: readonly number[]): Mesh => ({ positions: Float64Array.of(...mesh.positions, ...positions), indices: Uint32Array.of(...mesh.indices, ...indices) });

/** Corners of the triangles as text: what a mesh is, whatever its vertices are called. */
const soup = ({ positions, indices }: Mesh): string[] => Array.from({ length: indices.length / 3 }, (_, t) => [0, 1, 2].map((corner) => [0, 1, 2].map((axis) => positions[3 * indices[3 * t + corner]! + axis]! + 0).join(',')).join(' '));

const fault = (mesh: Mesh): string => {
  try {
    cleanMesh(mesh);
    return 'none';
  } catch (error) {
    return `${asStudioError(error).code}: ${asStudioError(error).message}`;
  }
};

describe('a clean mesh', () => {
  it('comes back as it is', () => {
    const { mesh, report } = cleanMesh(TETRAHEDRON);
    expect(mesh).toEqual(TETRAHEDRON);
    expect(report).toEqual({
      vertices: 4,
      triangles: 4,
      outOfRange: 0,
      nonFiniteVertices: 0,
      nonFiniteTriangles: 0,
      merged: 0,
      degenerate: 0,
      duplicate: 0,
      unused: 0,
      boundaryEdges: 0,
      nonManifoldEdges: 0,
      components: 1,
      watertight: true,
      oriented: true,
    });
  });

  it('given as a soup becomes whole again, with the mean of its normals', () => {
    const positions = Float64Array.from([...TETRAHEDRON.indices].flatMap((vertex) => [...TETRAHEDRON.positions.subarray(3 * vertex, 3 * vertex + 3)]));
    positions[3] = -0;
    const normals = Float32Array.from([...TETRAHEDRON.indices].flatMap((_, corner) => (corner < 6 ? [1, 0, 0] : [0, 0, -1])));
    const { mesh, report } = cleanMesh({ positions, indices: Uint32Array.from({ length: 12 }, (_, i) => i), normals });
    expect(report).toMatchObject({ merged: 8, watertight: true, oriented: true, components: 1 });
    expect(soup(mesh)).toEqual(soup(TETRAHEDRON));
    expect(mesh.positions.length).toBe(12);
    // Vertex 0 lies in triangles 0, 1 and 3.
    const length = Math.sqrt(5);
    [2 / length, 0, -1 / length].forEach((value, axis) => expect(mesh.normals![axis]).toBeCloseTo(value, 6));
    expect(mesh.normals!.length).toBe(12);
  });
});

describe('faults', () => {
  it('are dropped one by one, and counted', () => {
    const bad = with_(TETRAHEDRON, [NaN, 0, 0, 5, 5, 5, 0, 0, Infinity], [0, 1, 99, 0, 4, 1, 4, 5, 6, 0, 0, 1, 2, 0, 1, 1, 2, 0, 0xffffffff, 1, 2]);
    const { mesh, report } = cleanMesh(bad);
    expect(mesh).toEqual(TETRAHEDRON);
    expect(report).toMatchObject({ vertices: 7, triangles: 11, outOfRange: 2, nonFiniteVertices: 2, nonFiniteTriangles: 2, degenerate: 1, duplicate: 2, unused: 1, watertight: true });
  });

  it('of triangles without area do not tear the edges that they join', () => {
    // A square whose lower edge has a vertex in the middle on one side only, closed by a flat triangle there.
    const mesh: Mesh = { positions: Float64Array.of(0, 0, 0, 2, 0, 0, 1, 0, 0, 1, 1, 0, 1, -1, 0), indices: Uint32Array.of(0, 1, 3, 0, 4, 2, 2, 4, 1, 0, 2, 1) };
    const { mesh: clean, report } = cleanMesh(mesh);
    expect(report).toMatchObject({ degenerate: 1, boundaryEdges: 4, oriented: true, components: 1 });
    expect(clean.indices.length).toBe(9);
  });

  it('that leave nothing are errors that say so', () => {
    const { positions } = TETRAHEDRON;
    expect(fault({ positions, indices: new Uint32Array(0) })).toMatch(/^input\.empty.*a point cloud: no triangles/);
    expect(fault({ positions: new Float64Array(0), indices: new Uint32Array(0) })).toMatch(/^input\.empty/);
    expect(fault({ positions, indices: Uint32Array.of(4, 5, 6) })).toMatch(/^input\.damaged.*names a vertex that is not there/);
    expect(fault({ positions, indices: Uint32Array.of(1, 1, 2) })).toMatch(/^input\.empty.*no triangle is left/);
    expect(fault({ positions: positions.map(() => NaN), indices: Uint32Array.of(0, 1, 2) })).toMatch(/^input\.empty/);
    expect(fault({ positions: positions.map((value) => value * 1e30), indices: TETRAHEDRON.indices })).toMatch(/^input\.range.*1\.00e\+30.*Scale/);
    expect(fault({ positions: positions.map((value) => value * 1e-20), indices: TETRAHEDRON.indices })).toMatch(/^input\.range.*Scale it up/);
    expect(fault({ positions: positions.subarray(1), indices: TETRAHEDRON.indices })).toMatch(/^input\.damaged/);
  });

  it('of stray vertices that no triangle uses are no error', () => {
    expect(cleanMesh(with_(TETRAHEDRON, [1e30, 0, 0], [])).report.unused).toBe(1);
  });
});

describe('topology', () => {
  it('knows rims, fans, parts and turned triangles', () => {
    expect(topologyOf(Uint32Array.of(0, 1, 2), 3)).toEqual({ boundaryEdges: 3, nonManifoldEdges: 0, components: 1, watertight: false, oriented: true });
    expect(topologyOf(Uint32Array.of(0, 1, 2, 1, 0, 3, 0, 1, 4), 5)).toMatchObject({ boundaryEdges: 6, nonManifoldEdges: 1, watertight: false });
    const turned = TETRAHEDRON.indices.slice();
    [turned[1], turned[2]] = [turned[2]!, turned[1]!];
    expect(topologyOf(turned, 4)).toMatchObject({ watertight: true, oriented: false });
    // Two tetrahedra with a common edge enclose two solids.
    const shared = Uint32Array.from([...TETRAHEDRON.indices, ...TETRAHEDRON.indices].map((vertex, i) => (i < 12 || vertex < 2 ? vertex : vertex + 2)));
    expect(topologyOf(shared, 6)).toEqual({ boundaryEdges: 0, nonManifoldEdges: 1, components: 1, watertight: true, oriented: true });
    const apart = Uint32Array.from([...TETRAHEDRON.indices, ...TETRAHEDRON.indices].map((vertex, i) => (i < 12 ? vertex : vertex + 5)));
    expect(topologyOf(apart, 9)).toMatchObject({ components: 2, watertight: true });
  });

  it('agrees with edges counted one by one, around vertices of many neighbours too', () => {
    const triangle = fc.uniqueArray(fc.integer({ min: 0, max: 11 }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(fc.array(triangle, { minLength: 1, maxLength: 80 }), (triangles) => {
        const sides = new Map<string, number[]>();
        for (const corners of triangles) {
          corners.forEach((from, i) => {
            const to = corners[(i + 1) % 3]!;
            const key = `${Math.min(from, to)}-${Math.max(from, to)}`;
            sides.set(key, [...(sides.get(key) ?? []), from < to ? 1 : -1]);
          });
        }
        const counts = [...sides.values()];
        const found = topologyOf(Uint32Array.from(triangles.flat()), 12);
        expect(found.boundaryEdges).toBe(counts.filter((uses) => uses.length === 1).length);
        expect(found.nonManifoldEdges).toBe(counts.filter((uses) => uses.length > 2).length);
        expect(found.watertight).toBe(counts.every((uses) => uses.length % 2 === 0));
        expect(found.oriented).toBe(counts.every((uses) => uses.length % 2 === 1 || uses.reduce((sum, use) => sum + use, 0) === 0));
        const groups: Set<number>[] = [];
        for (const corners of triangles) {
          const touched = groups.filter((group) => corners.some((corner) => group.has(corner)));
          for (const group of touched) groups.splice(groups.indexOf(group), 1);
          groups.push(new Set([...corners, ...touched.flatMap((group) => [...group])]));
        }
        expect(found.components).toBe(groups.length);
      }),
    );
  });
});

describe('any mesh at all', () => {
  it('is cleaned to a mesh that is clean, or refused in words', () => {
    const coordinate = fc.oneof({ weight: 20, arbitrary: fc.integer({ min: -2, max: 2 }) }, fc.constantFrom(NaN, Infinity, -0, 1e30, 1e-300, -Infinity), fc.double());
    const index = fc.oneof({ weight: 8, arbitrary: fc.nat(9) }, fc.constantFrom(10, 0xffffffff));
    let cleaned = 0;
    fc.assert(
      fc.property(fc.array(coordinate, { minLength: 24, maxLength: 30 }), fc.array(index, { maxLength: 45 }), (values, corners) => {
        const mesh = { positions: Float64Array.from(values.slice(0, values.length - (values.length % 3))), indices: Uint32Array.from(corners.slice(0, corners.length - (corners.length % 3))) };
        let clean;
        try {
          clean = cleanMesh(mesh);
        } catch (error) {
          expect(asStudioError(error).code).toMatch(/^input\./);
          return;
        }
        cleaned++;
        const { report } = clean;
        expect(report.outOfRange + report.nonFiniteTriangles + report.degenerate + report.duplicate + clean.mesh.indices.length / 3).toBe(mesh.indices.length / 3);
        expect(report.nonFiniteVertices + report.merged + report.unused + clean.mesh.positions.length / 3).toBe(mesh.positions.length / 3);
        const before = new Set(soup(mesh));
        expect(soup(clean.mesh).every((triangle) => before.has(triangle))).toBe(true);
        const again = cleanMesh(clean.mesh);
        expect(again.mesh).toEqual(clean.mesh);
        expect(again.report).toMatchObject({ outOfRange: 0, nonFiniteVertices: 0, merged: 0, degenerate: 0, duplicate: 0, unused: 0 });
      }),
      { numRuns: 500 },
    );
    expect(cleaned).toBeGreaterThan(50);
  });
});

describe('welding', () => {
  it('gives equal places one index, in the order they came, however many there are', () => {
    const welder = new VertexWelder(1);
    const known = new Map<string, number>();
    for (let i = 0; i < 5000; i++) {
      const place = [(i * 7919) % 13, (i * 104729) % 17, ((i * 31) % 11) / 3] as const;
      const key = place.join();
      if (!known.has(key)) known.set(key, known.size);
      expect(welder.add(...place)).toBe(known.get(key));
    }
    expect(welder.count).toBe(known.size);
    expect([...welder.positions()]).toEqual([...known.keys()].flatMap((key) => key.split(',').map(Number)));
  });

  it('takes NaN as a place of its own and -0 as 0', () => {
    const welder = new VertexWelder();
    expect([welder.add(NaN, 0, 0), welder.add(0, 0, 0), welder.add(NaN, -0, 0), welder.add(-0, -0, 0)]).toEqual([0, 1, 0, 1]);
  });
});
