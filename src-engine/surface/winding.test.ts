import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { box, fan, pointOf, pointsInCube, soup, sphere, together, torus, type Shape, type Vector } from './test-shapes';
import { buildWindingTree, solidAngle, windingNumber } from './winding';

/** The sum over all triangles, without clusters. */
function bruteForce({ positions, indices }: Shape, point: Vector): number {
  const corners = Float64Array.from({ length: 3 * indices.length }, (_, i) => positions[3 * indices[Math.floor(i / 3)]! + (i % 3)]!);
  let total = 0;
  for (let at = 0; at < corners.length; at += 9) total += solidAngle(corners, at, ...point);
  return total / (4 * Math.PI);
}

describe('winding numbers', () => {
  it('sees an eighth of the sphere in the corner of a cube', () => {
    // From the centre each of the six faces is a sixth of the sphere; from a corner the three far faces are an eighth together.
    const { positions, indices } = box([1, 1, 1]);
    const corners = Float64Array.from({ length: 18 }, (_, i) => positions[3 * indices[6 + Math.floor(i / 3)]! + (i % 3)]!);
    expect(solidAngle(corners, 0, 0, 0, 0) + solidAngle(corners, 9, 0, 0, 0)).toBeCloseTo((4 * Math.PI) / 6, 12);
    expect(solidAngle(corners, 0, -1, -1, -1) + solidAngle(corners, 9, -1, -1, -1)).toBeCloseTo((4 * Math.PI) / 24, 12);
  });

  it.each<[string, Shape]>([
    ['a torus', torus(0.6, 0.25, 60, 40)],
    ['an open hemisphere', sphere(0.8, 30, [0, 0, 0], true)],
    ['two overlapping spheres', together(sphere(0.5, 24, [-0.2, 0, 0]), sphere(0.5, 24, [0.2, 0.1, 0]))],
    ['a cube twice', together(box([0.5, 0.6, 0.7]), box([0.5, 0.6, 0.7]))],
    ['a fan of seven blades', fan(7)],
    ['a soup of triangles', soup(3000, 5)],
  ])('of %s are those of the sum over all triangles', (_, shape) => {
    const tree = buildWindingTree(shape.positions, shape.indices);
    const points = pointsInCube(150, 3);
    // A soup's clusters hold large triangles in all directions, so its sum is large: the error is measured against that.
    const scale = Math.max(1, Math.sqrt(shape.indices.length / 3) / 20);
    for (let i = 0; i < 150; i++) expect(Math.abs(windingNumber(tree, ...pointOf(points, i)) - bruteForce(shape, pointOf(points, i)))).toBeLessThan(0.02 * scale);
  });

  it('approach it with the third power of the distance beside the solid angle', () => {
    const shape = soup(40, 9);
    const tree = buildWindingTree(shape.positions, shape.indices);
    const errorAt = (distance: number): number => {
      let worst = 0;
      for (let i = 0; i < 50; i++) {
        const [x, y, z] = pointOf(pointsInCube(50, 17), i);
        const factor = distance / Math.hypot(x, y, z);
        const point: Vector = [x * factor, y * factor, z * factor];
        worst = Math.max(worst, Math.abs(windingNumber(tree, ...point) - bruteForce(shape, point)));
      }
      return worst;
    };
    // Angles fall with the square of the distance, the first term left out with its fifth power.
    const ratio = errorAt(8) / errorAt(16);
    expect(Math.log2(ratio)).toBeGreaterThan(4.6);
    expect(Math.log2(ratio)).toBeLessThan(5.4);
  });

  it('are whole outside and inside of any closed mesh, however it is cut into triangles', () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 40 }), fc.integer({ min: 3, max: 30 }), fc.nat(), (us, vs, seed) => {
        const { positions, indices } = torus(0.6, 0.2, us, vs);
        const tree = buildWindingTree(positions, indices);
        const points = pointsInCube(30, seed);
        for (let i = 0; i < 30; i++) {
          const number = windingNumber(tree, ...pointOf(points, i));
          expect(Math.abs(number - Math.round(number))).toBeLessThan(0.05);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('of no triangles are nothing', () => {
    expect(windingNumber(buildWindingTree([], new Uint32Array(0)), 0, 0, 0)).toBe(0);
  });
});
