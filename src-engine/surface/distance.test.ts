import { describe, expect, it } from 'vitest';
import { MeshDistance, SIGNED } from './distance';
import { box, boxDistance, fan, pointOf, pointsInCube, soup, sphere, together, torus, torusDistance, type Shape, type Vector } from './test-shapes';

const COUNT = 400;
const points = pointsInCube(COUNT, 1);

function check(shape: Shape, truth: (point: Vector) => number, tolerance: number): void {
  const distances = MeshDistance.build(shape).distances(points);
  for (let i = 0; i < COUNT; i++) {
    const expected = truth(pointOf(points, i));
    expect(Math.abs(distances[i]! - expected)).toBeLessThan(tolerance);
    if (Math.abs(expected) > tolerance) expect(Math.sign(distances[i]!)).toBe(Math.sign(expected));
  }
}

/** How far a polygon of so many sides stays inside its circle. */
const sagitta = (radius: number, sides: number): number => radius * (1 - Math.cos(Math.PI / sides));

describe('distances to a mesh', () => {
  it('are those of a box, a torus and two overlapping spheres, with their signs', () => {
    const half: Vector = [0.3, 0.5, 0.8];
    check(box(half), (point) => boxDistance(half, point), 1e-6);
    check(torus(0.6, 0.25, 160, 80), (point) => torusDistance(0.6, 0.25, point), sagitta(0.85, 160) + sagitta(0.25, 80) + 1e-6);
    const ball = (center: Vector) => (point: Vector) => Math.hypot(...point.map((value, axis) => value - center[axis]!)) - 0.5;
    const [left, right] = [ball([-0.2, 0, 0]), ball([0.2, 0, 0])];
    const spheres = together(sphere(0.5, 60, [-0.2, 0, 0]), sphere(0.5, 60, [0.2, 0, 0]));
    // Triangles inside of the union count for the unsigned distance.
    check(spheres, (point) => Math.sign(Math.min(left(point), right(point))) * Math.min(Math.abs(left(point)), Math.abs(right(point))), 3 * sagitta(0.5, 60));
  });

  it('take meshes that are doubled or inside out for the same solid', () => {
    const half: Vector = [0.5, 0.4, 0.6];
    const cube = box(half);
    const flipped = { ...cube, indices: cube.indices.slice().reverse() };
    for (const shape of [together(cube, cube), flipped]) check(shape, (point) => boxDistance(half, point), 1e-6);
  });

  it('close an open hemisphere with a smooth lid', () => {
    const bowl = MeshDistance.build(sphere(0.8, 60, [0, 0, 0], true));
    // On the axis w = (1 + cos of half the lid's angle) / 2 inside; the lid bulges out to where that is 1/2, at the plane z = 0.
    const [deep, above, below, farBelow] = bowl.distances(Float32Array.of(0, 0, 0.4, 0, 0, 0.9, 0, 0, 0.05, 0, 0, -0.05));
    expect([deep, above, below, farBelow].map((distance) => Math.sign(distance!))).toEqual([-1, 1, -1, 1]);
    expect(Math.abs(deep!)).toBeCloseTo(0.4, 2);
    expect(Math.abs(above!)).toBeCloseTo(0.1, 2);
  });

  it('of a sheet with a thickness are unsigned ones less half of it', () => {
    const blades = fan(5);
    const sheet = MeshDistance.build(blades, { mode: 'thickness', thickness: 0.06 });
    const { distances: unsigned } = sheet.nearest(points);
    const distances = sheet.distances(points);
    for (let i = 0; i < COUNT; i++) expect(distances[i]).toBeCloseTo(unsigned[i]! - 0.03, 6);
    expect(sheet.distances(Float32Array.of(0.2, 0, 0))[0]).toBeCloseTo(-0.03, 6);
    const cut = sheet.distances(points, 0.05);
    for (let i = 0; i < COUNT; i++) expect(cut[i]).toBeCloseTo(Math.min(0.05, distances[i]!), 6);
  });

  it('are cut off at the truncation and the same below it', () => {
    const distance = MeshDistance.build(soup(500, 2));
    const whole = distance.distances(points);
    const cut = distance.distances(points, 0.07);
    expect(whole.filter((value) => Math.abs(value) > 0.07).length).toBeGreaterThan(20);
    expect(whole.filter((value) => Math.abs(value) < 0.07).length).toBeGreaterThan(20);
    for (let i = 0; i < COUNT; i++) expect(cut[i]).toBe(Math.fround(Math.max(-0.07, Math.min(0.07, whole[i]!))));
  });

  it('come with the normal of the closest triangle', () => {
    const { distances, normals } = MeshDistance.build(box([0.5, 0.5, 0.5])).nearest(Float32Array.of(0.9, 0.1, 0.2, 0.1, -0.45, 0.2));
    expect([...distances].map((value) => value.toFixed(6))).toEqual(['0.400000', '0.050000']);
    expect([...normals].map((value) => Math.round(value * 1e6) / 1e6 + 0)).toEqual([1, 0, 0, 0, -1, 0]);
  });

  it('are the same bits again, in any order, and from an image of both trees', () => {
    for (const shared of [false, true]) {
      const distance = MeshDistance.build(soup(700, 4), SIGNED, shared);
      const expected = distance.distances(points, 0.2);
      expect(MeshDistance.fromImage(structuredClone(distance.image())).distances(points, 0.2)).toEqual(expected);
      const reversed = new Float32Array(points.length);
      for (let i = 0; i < COUNT; i++) reversed.set(pointOf(points, COUNT - 1 - i), 3 * i);
      expect(MeshDistance.build(soup(700, 4)).distances(reversed, 0.2).reverse()).toEqual(expected);
    }
  });

  it('need triangles with finite corners', () => {
    expect(() => MeshDistance.build({ positions: new Float64Array(9), indices: new Uint32Array(0) })).toThrow(expect.objectContaining({ code: 'input.empty' }));
    expect(() => MeshDistance.build({ positions: Float64Array.of(0, 0, 0, 1, 0, 0, 0, 1e300, 0), indices: Uint32Array.of(0, 1, 2) })).toThrow(expect.objectContaining({ code: 'input.range' }));
  });
});
