import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Mesh } from '../signal/mesh';
import { areaOf, intersectionOverUnion, sampleBox, sampleSurface, solidOverlap, surfaceDistance, unionOf, type NearestMany, type Occupancy } from './mesh';

/** An axis-aligned rectangle [0, w] x [0, h] at height z, facing up, of two triangles. */
const sheet = (w: number, h: number, z: number): Mesh => ({
  positions: Float64Array.of(0, 0, z, w, 0, z, w, h, z, 0, h, z),
  indices: Uint32Array.of(0, 1, 2, 0, 2, 3),
});

/** Nearest points on that rectangle. */
const nearestOnSheet =
  (w: number, h: number, z: number): NearestMany =>
  (points) => {
    const count = points.length / 3;
    const distances = new Float32Array(count);
    const normals = new Float32Array(3 * count);
    for (let i = 0; i < count; i++) {
      const [x, y] = [points[3 * i]!, points[3 * i + 1]!];
      distances[i] = Math.hypot(x - Math.min(w, Math.max(0, x)), y - Math.min(h, Math.max(0, y)), points[3 * i + 2]! - z);
      normals[3 * i + 2] = 1;
    }
    return Promise.resolve({ distances, normals });
  };

const boxOccupancy =
  (size: readonly number[]): Occupancy =>
  (points) =>
    Promise.resolve(Uint8Array.from({ length: points.length / 3 }, (_, i) => Number(size.every((extent, axis) => points[3 * i + axis]! <= extent && points[3 * i + axis]! >= 0))));

describe('points on a surface', () => {
  it('lie on their triangles with their normals, as many by area as they should, and the same twice', () => {
    const coordinate = fc.integer({ min: -50, max: 50 }).map((value) => value / 16);
    fc.assert(
      fc.property(fc.array(coordinate, { minLength: 9, maxLength: 60 }), fc.nat(), (values, seed) => {
        const triangles = Math.floor(values.length / 9);
        const mesh: Mesh = { positions: Float64Array.from(values.slice(0, 9 * triangles)), indices: Uint32Array.from({ length: 3 * triangles }, (_, i) => i) };
        if (areaOf(mesh) === 0) return;
        const count = 97;
        const { points, normals } = sampleSurface(mesh, count, seed);
        expect(sampleSurface(mesh, count, seed)).toEqual({ points, normals });
        const areas = Array.from({ length: triangles }, (_, t) => areaOf({ ...mesh, indices: mesh.indices.subarray(3 * t, 3 * t + 3) }));
        let [triangle, reached] = [0, 0];
        for (let i = 0; i < count; i++) {
          // Stratified: point i lies at the share [i, i + 1] / count of the area.
          while (reached + areas[triangle]! < (i / count) * areaOf(mesh) * (1 - 1e-12)) reached += areas[triangle++]!;
          const point = points.subarray(3 * i, 3 * i + 3);
          const normal = normals.subarray(3 * i, 3 * i + 3);
          expect(Math.hypot(...normal)).toBeCloseTo(1, 5);
          const onSome = areas.some((area, t) => t >= triangle && area > 0 && outside(mesh, t, point, normal) < 1e-4);
          expect(onSome, `point ${i}`).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('are spread evenly within a triangle', () => {
    const { points } = sampleSurface({ positions: Float64Array.of(0, 0, 0, 1, 0, 0, 0, 1, 0), indices: Uint32Array.of(0, 1, 2) }, 20_000, 5);
    let below = 0;
    for (let i = 0; i < 20_000; i++) if (points[3 * i]! + points[3 * i + 1]! < 0.5) below++;
    expect(below / 20_000).toBeCloseTo(0.25, 1);
    expect(points.filter((_, i) => i % 3 === 0).reduce((sum, x) => sum + x, 0) / 20_000).toBeCloseTo(1 / 3, 2);
  });

  it('pass over triangles without area, also at both ends, and need some area', () => {
    const flat = [0, 0, 0];
    const mesh = { positions: sheet(1, 1, 0).positions, indices: Uint32Array.from([...flat, 0, 1, 2, ...flat, 0, 2, 3, ...flat]) };
    expect(sampleSurface(mesh, 50, 1).normals.every((value, i) => value === (i % 3 === 2 ? 1 : 0))).toBe(true);
    expect(() => sampleSurface({ ...mesh, indices: Uint32Array.from(flat) }, 5, 1)).toThrow(RangeError);
    expect(() => sampleSurface({ ...mesh, indices: new Uint32Array(0) }, 5, 1)).toThrow(RangeError);
  });
});

/** How far a point is from a triangle's plane, normal and inside: 0 when on it. */
function outside({ positions, indices }: Mesh, triangle: number, point: Float32Array, normal: Float32Array): number {
  const corners = [0, 1, 2].map((corner) => Array.from(positions.subarray(3 * indices[3 * triangle + corner]!, 3 * indices[3 * triangle + corner]! + 3)));
  const dot = (a: readonly number[], b: ArrayLike<number>) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
  const minus = (a: ArrayLike<number>, b: ArrayLike<number>) => [0, 1, 2].map((axis) => a[axis]! - b[axis]!);
  const cross = (a: readonly number[], b: readonly number[]) => [a[1]! * b[2]! - a[2]! * b[1]!, a[2]! * b[0]! - a[0]! * b[2]!, a[0]! * b[1]! - a[1]! * b[0]!];
  const whole = cross(minus(corners[1]!, corners[0]!), minus(corners[2]!, corners[0]!));
  const twice = Math.hypot(...whole);
  let worst = Math.max(Math.abs(dot(minus(point, corners[0]!), normal)), ...minus(normal, whole.map((value) => value / twice)).map(Math.abs));
  for (let edge = 0; edge < 3; edge++) {
    const along = minus(corners[(edge + 1) % 3]!, corners[edge]!);
    worst = Math.max(worst, -dot(cross(along, minus(point, corners[edge]!)), whole) / (twice * Math.hypot(...along)));
  }
  return worst;
}

describe('distances of surfaces', () => {
  const measure = (w: number, h: number, z: number, unit?: number) =>
    surfaceDistance({ reference: sheet(3, 4, 0), decoded: sheet(w, h, z), nearestOnReference: nearestOnSheet(3, 4, 0), nearestOnDecoded: nearestOnSheet(w, h, z), samples: 2000, seed: 3, unit });

  it('of two parallel sheets are their distance, in per cent of the diagonal 5 and in world units', async () => {
    const found = await measure(3, 4, 0.04, 10);
    expect(found.diagonal).toBeCloseTo(50, 12);
    expect(found.chamferL1.percent).toBeCloseTo(0.8, 5);
    expect(found.chamferL1.absolute).toBeCloseTo(0.4, 6);
    expect(found.chamferL2.percent).toBeCloseTo((100 * 0.04 ** 2) / 25, 7);
    expect(found.chamferL2.absolute).toBeCloseTo(0.16, 6);
    expect(found.hausdorff.percent).toBeCloseTo(0.8, 5);
    expect(found.normalConsistency).toBe(1);
    expect(found.fScores).toEqual([
      { threshold: 1, precision: 1, recall: 1, score: 1 },
      { threshold: 0.5, precision: 0, recall: 0, score: 0 },
    ]);
  });

  it('tell what is missing from what is too much', async () => {
    // Half of the reference is there: from it, half of the points are up to 2 away; from the decoded half, none.
    const found = await measure(3, 2, 0);
    expect(found.fromDecoded).toMatchObject({ mean: { absolute: 0 }, largest: { absolute: 0 } });
    expect(found.fromReference.mean.absolute).toBeCloseTo(0.5, 2);
    expect(found.fromReference.meanSquare.absolute).toBeCloseTo(2 / 3, 1);
    expect(found.fromReference.largest.absolute).toBeGreaterThan(1.95);
    expect(found.hausdorff).toEqual(found.fromReference.largest);
    expect(found.chamferL1.absolute).toBeCloseTo(found.fromReference.mean.absolute / 2, 12);
    const [coarse] = found.fScores;
    expect(coarse!.precision).toBe(1);
    // 1 % of the diagonal is 0.05 of the missing width 2.
    expect(coarse!.recall).toBeCloseTo(0.5 + 0.05 / 4, 2);
    expect(coarse!.score).toBeCloseTo((2 * coarse!.recall) / (1 + coarse!.recall), 12);
  });

  it('weigh normals by the angle between them, whichever side they face', async () => {
    const tilted: NearestMany = async (points) => {
      const { distances, normals } = await nearestOnSheet(3, 4, 0)(points);
      return { distances, normals: normals.map((_, i) => [0, 0.6, -0.8][i % 3]!) };
    };
    const found = await surfaceDistance({ reference: sheet(3, 4, 0), decoded: sheet(3, 4, 0), nearestOnReference: nearestOnSheet(3, 4, 0), nearestOnDecoded: tilted, samples: 100, seed: 0 });
    expect(found.fromReference.cosine).toBeCloseTo(0.8, 6);
    expect(found.normalConsistency).toBeCloseTo(0.9, 6);
  });
});

describe('overlap of solids', () => {
  it('counts points in both against points in either', () => {
    expect(intersectionOverUnion(Uint8Array.of(1, 1, 0, 0), Uint8Array.of(1, 0, 1, 0))).toBeCloseTo(1 / 3, 12);
    expect(intersectionOverUnion(Uint8Array.of(0, 0), Uint8Array.of(0, 0))).toBeNull();
    expect(() => intersectionOverUnion(new Uint8Array(2), new Uint8Array(3))).toThrow(RangeError);
  });

  it('of nested boxes is the ratio of their volumes', async () => {
    const box = unionOf({ least: [0, 0, 0], most: [1, 2, 1] }, { least: [0, -1, 0], most: [2, 1, 1] });
    expect(box).toEqual({ least: [0, -1, 0], most: [2, 2, 1] });
    const points = sampleBox(box, 1000, 9);
    expect(points).toEqual(sampleBox(box, 1000, 9));
    expect(points.every((value, i) => value >= box.least[i % 3]! && value <= box.most[i % 3]!)).toBe(true);
    const found = await solidOverlap({ box, reference: boxOccupancy([2, 2, 1]), decoded: boxOccupancy([2, 1, 0.5]), samples: 40_000, seed: 2 });
    expect(found).toBeCloseTo(0.25, 1);
  });
});
