import { describe, expect, it } from 'vitest';
import { gridDistance, occupiedBox, signedHalf } from './field-grid';
import { crossBox, pickField, pickMesh } from './pick';
import { sphereGrid, sphereMesh } from './test-shapes';

const MIDDLE = [0.11, -0.07, 0.2] as const;
const ray = { origin: [3, 0.05, 0.1], direction: [-1, 0, 0] } as const;
/** Where the ray meets the sphere of radius 0.6. */
const entry = MIDDLE[0] + Math.sqrt(0.36 - (0.05 - MIDDLE[1]) ** 2 - (0.1 - MIDDLE[2]) ** 2);

describe('picking', () => {
  it('finds the nearest triangle, with weights that give its point', () => {
    const mesh = sphereMesh(0.6, 40, MIDDLE);
    const hit = pickMesh(mesh, ray)!;
    expect(hit.point[0]).toBeCloseTo(entry, 2);
    const [a, b, c] = [0, 1, 2].map((corner) => mesh.indices[3 * hit.triangle + corner]!) as [number, number, number];
    const [v, w] = hit.weights;
    for (let axis = 0; axis < 3; axis++) {
      const point = (1 - v - w) * mesh.positions[3 * a + axis]! + v * mesh.positions[3 * b + axis]! + w * mesh.positions[3 * c + axis]!;
      expect(point).toBeCloseTo(hit.point[axis]!, 6);
    }
    expect(pickMesh(mesh, { ...ray, direction: [1, 0, 0] })).toBeNull();
    expect(pickMesh(mesh, { origin: [3, 0.9, 0], direction: [-1, 0, 0] })).toBeNull();
  });

  it('finds the zero level of a grid', () => {
    const grid = sphereGrid(0.6, 48, 0.15, MIDDLE);
    expect(pickField(grid, ray)!.point[0]).toBeCloseTo(entry, 2);
    expect(pickField(grid, { origin: [3, 0.95, 0], direction: [-1, 0, 0] })).toBeNull();
    expect(pickField(grid, { origin: [0, 0, 5], direction: [0, 1, 0] })).toBeNull();
  });

  it('crosses boxes, from inside and along an edge too', () => {
    const box = { least: [-1, -1, -1], most: [1, 2, 1] } as const;
    expect(crossBox({ origin: [-3, 0, 0], direction: [1, 0, 0] }, box)).toEqual([2, 4]);
    expect(crossBox({ origin: [0, 0, 0], direction: [0, 1, 0] }, box)).toEqual([0, 2]);
    expect(crossBox({ origin: [0, 3, 0], direction: [0, 1, 0] }, box)).toBeNull();
    expect(crossBox({ origin: [-1, -3, 0], direction: [0, 1, 0] }, box)).toEqual([2, 5]);
  });
});

describe('distance grids', () => {
  it('are read between the cells as the distance that they hold', () => {
    const grid = sphereGrid(0.6, 48, 0.15, MIDDLE);
    for (const point of [[0.71, -0.05, 0.22], [0.1, -0.69, 0.18], [0.4, 0.3, 0.6]] as const) {
      const distance = Math.hypot(point[0] - MIDDLE[0], point[1] - MIDDLE[1], point[2] - MIDDLE[2]) - 0.6;
      expect(gridDistance(grid, point)).toBeCloseTo(Math.max(-0.15, Math.min(0.15, distance)), 2);
    }
    expect(gridDistance(grid, MIDDLE)).toBeCloseTo(-0.15, 6);
    // Beyond the border the last cells go on.
    expect(gridDistance(grid, [7, 0, 0])).toBeCloseTo(0.15, 6);
  });

  it('tell the box of what they hold', () => {
    const { least, most } = occupiedBox(sphereGrid(0.4, 40, 0.2, MIDDLE))!;
    for (let axis = 0; axis < 3; axis++) {
      expect(least[axis]).toBeLessThan(MIDDLE[axis]! - 0.4);
      expect(least[axis]).toBeGreaterThan(MIDDLE[axis]! - 0.4 - 0.11);
      expect(most[axis]).toBeGreaterThan(MIDDLE[axis]! + 0.4);
      expect(most[axis]).toBeLessThan(MIDDLE[axis]! + 0.4 + 0.11);
    }
    expect(occupiedBox({ size: 3, codes: new Uint16Array(27).fill(40000), truncation: 1 })).toBeNull();
  });

  it('become half floats with the sign and eleven bits', () => {
    const read = (bits: number): number => {
      const exponent = (bits >> 10) & 31;
      const size = exponent === 0 ? (bits & 1023) * 2 ** -24 : (1 + (bits & 1023) / 1024) * 2 ** (exponent - 15);
      return bits & 0x8000 ? -size : size;
    };
    for (const value of [-1, 1, 0.3337, -0.0123, 1 / 65535, -1e-5, 0.99999]) expect(Math.abs(read(signedHalf(value)) - value)).toBeLessThanOrEqual(Math.max(Math.abs(value) * 2 ** -11, 2 ** -25));
  });
});
