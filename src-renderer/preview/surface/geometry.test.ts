import { describe, expect, it } from 'vitest';
import { clusteredMesh, enclosedVolume, meshEdges, vertexCurvature, vertexNormals } from './geometry';
import { groundShadow, GROUND_CELLS } from './ground';
import { boxAround } from './orbit';
import { sphereMesh } from './test-shapes';

describe('what drawing needs of a mesh', () => {
  it('has normals that point outwards and the curvature of a sphere, both ways round', () => {
    for (const radius of [0.35, 0.8]) {
      const mesh = sphereMesh(radius, 24, [0.1, 0.05, -0.1]);
      const normals = vertexNormals(mesh);
      const middle = [0.1, 0.05, -0.1];
      for (let i = 0; i < normals.length; i++) expect(normals[i]).toBeCloseTo((mesh.positions[i]! - middle[i % 3]!) / radius, 1);
      // Of first order: the triangles around the poles are no regular ones.
      const range = (bends: Float32Array): readonly number[] => [Math.min(...bends) * radius, Math.max(...bends) * radius];
      const outward = range(vertexCurvature(mesh, normals));
      expect(outward[0]).toBeGreaterThan(0.9);
      expect(outward[1]).toBeLessThan(1.2);
      const turned = { ...mesh, indices: mesh.indices.slice().reverse() };
      const inward = range(vertexCurvature(turned, vertexNormals(turned)));
      expect(inward[0]).toBeGreaterThan(-1.2);
      expect(inward[1]).toBeLessThan(-0.9);
    }
  });

  it('has the volume of a ball, negative where its faces look inwards', () => {
    const mesh = sphereMesh(0.6, 40, [0.2, -0.3, 0.1]);
    const ball = (4 / 3) * Math.PI * 0.6 ** 3;
    // The facets lie inside of the ball.
    expect(enclosedVolume(mesh)).toBeGreaterThan(0.97 * ball);
    expect(enclosedVolume(mesh)).toBeLessThan(ball);
    expect(enclosedVolume({ ...mesh, indices: mesh.indices.slice().reverse() })).toBeCloseTo(-enclosedVolume(mesh), 6);
  });

  it('gives a normal of length one to vertices that no triangle uses', () => {
    expect([...vertexNormals({ positions: new Float32Array(6), indices: Uint32Array.of(0, 0, 1) })]).toEqual([0, 0, 1, 0, 0, 1]);
  });

  it('counts every edge once: V - E + F = 2 on a sphere, and the edges of an open fan', () => {
    const { positions, indices } = sphereMesh(1, 9);
    expect(positions.length / 3 - meshEdges(indices, positions.length / 3).length / 2 + indices.length / 3).toBe(2);
    const fan = meshEdges(Uint32Array.of(0, 1, 2, 2, 1, 3, 1, 2, 4), 5);
    const pairs = Array.from({ length: fan.length / 2 }, (_, i) => `${fan[2 * i]}-${fan[2 * i + 1]}`);
    expect(pairs).toEqual(['0-1', '0-2', '1-2', '1-3', '1-4', '2-3', '2-4']);
  });

  it('clusters a mesh into fewer triangles in the same place, none of them collapsed', () => {
    const mesh = sphereMesh(0.7, 80);
    const draft = clusteredMesh(mesh, 20);
    expect(draft.indices.length).toBeLessThan(mesh.indices.length / 4);
    expect(draft.indices.length / 3).toBeGreaterThan(500);
    expect(Math.max(...draft.indices)).toBeLessThan(draft.positions.length / 3);
    for (let i = 0; i < draft.indices.length; i += 3) expect(new Set(draft.indices.subarray(i, i + 3)).size).toBe(3);
    for (let i = 0; i < draft.positions.length; i += 3) expect(Math.hypot(draft.positions[i]!, draft.positions[i + 1]!, draft.positions[i + 2]!)).toBeCloseTo(0.7, 1);
  });
});

describe('the shadow on the ground', () => {
  it('lies under the surface and is gone at the edge, whichever axis is up', () => {
    const mesh = sphereMesh(0.3, 60, [0.2, -0.1, 0.4]);
    const box = boxAround(mesh.positions)!;
    for (const up of ['y', 'z'] as const) {
      const { cells, middle, half, level } = groundShadow(mesh, box, up);
      expect(level).toBeCloseTo(up === 'y' ? -0.4 : 0.1, 5);
      expect(middle[1]).toBeCloseTo(up === 'y' ? 0.4 : -0.1, 5);
      expect(half).toBeGreaterThan(0.3);
      expect(cells[(GROUND_CELLS * (GROUND_CELLS + 1)) / 2]).toBeGreaterThan(150);
      expect(cells[0]).toBe(0);
    }
  });
});
