import { describe, expect, it } from 'vitest';
import { domainOf, distanceOfCode, type SurfaceSignal } from '#core/signal/surface';
import { boundsOf } from '#core/signal/mesh';
import { SURFACE_DEFAULTS, type SurfacePlan } from '#core/fit/config';
import { pointOf, torus, torusDistance, type Shape } from './test-shapes';
import { drawPoints, surfaceTraining } from './training';

/** A torus of some size somewhere in the world. */
const CENTER = [40, -7, 3] as const;
const SCALE = 12;
const ring = torus(0.7, 0.2, 120, 60);
const signal = surfaceOf({ ...ring, positions: ring.positions.map((value, i) => CENTER[i % 3]! + SCALE * value) });

function surfaceOf(mesh: Shape): SurfaceSignal {
  const metadata = { domain: domainOf(boundsOf(mesh)!), mode: 'signed', thickness: 0, truncation: 0.5, vertices: mesh.positions.length / 3, triangles: mesh.indices.length / 3 } as const;
  return { kind: 'surface', mesh, metadata, watertight: true };
}

const plan: SurfacePlan = { ...SURFACE_DEFAULTS, points: 20_000 };

describe('the training set of a surface', () => {
  it('has distances to the surface at its points', async () => {
    const { data, metadata } = await surfaceTraining(signal, plan, 7);
    expect(metadata).toEqual({ ...signal.metadata, truncation: plan.truncation });
    expect(data).toMatchObject({ size: [20_000], channels: 1, type: 'uint16' });
    expect(data.coordinates!.length).toBe(60_000);
    const unit = SCALE / metadata.domain.halfExtent;
    for (let i = 0; i < 20_000; i++) {
      const truth = torusDistance(0.7 * unit, 0.2 * unit, pointOf(data.coordinates!, i));
      const expected = Math.max(-plan.truncation, Math.min(plan.truncation, truth));
      expect(Math.abs(distanceOfCode(data.samples[i]!, plan.truncation) - expected)).toBeLessThan(0.002);
    }
  });

  it('has as many points near the surface as the plan says, with its spread', async () => {
    const { data, metadata } = await surfaceTraining(signal, plan, 8);
    const unit = SCALE / metadata.domain.halfExtent;
    const distances = Array.from({ length: plan.points }, (_, i) => torusDistance(0.7 * unit, 0.2 * unit, pointOf(data.coordinates!, i)));
    // Three spreads hold all but 0.3 % of a normal distribution; of the cube 2 pi^2 R r x 2 distance / 8.
    const within = distances.filter((distance) => Math.abs(distance) < 3 * plan.spread).length / plan.points;
    const filled = (4 * Math.PI ** 2 * 0.7 * 0.2 * unit ** 2 * 6 * plan.spread) / 2 / 8;
    expect(within).toBeGreaterThan(plan.near + (1 - plan.near) * filled - 0.012);
    expect(within).toBeLessThan(plan.near + (1 - plan.near) * filled + 0.012);
    const close = distances.filter((distance) => Math.abs(distance) < plan.spread / 4).length / plan.points;
    // Within a quarter of the spread: 68.3 % of the closer half, 19.7 % of the other.
    expect(Math.abs(close - plan.near * (0.5 * 0.683 + 0.5 * 0.197) - (1 - plan.near) * (filled / 12))).toBeLessThan(0.012);
  });

  it('spreads its points by area', () => {
    // Two far squares, one sixteen times as large, in triangles of very different numbers.
    const positions = Float64Array.of(-0.8, -0.8, 0, 0, -0.8, 0, 0, 0, 0, -0.8, 0, 0, 0.5, 0.5, 0, 0.7, 0.5, 0, 0.7, 0.7, 0, 0.5, 0.7, 0);
    const indices = Uint32Array.of(0, 1, 2, 0, 2, 3, 4, 5, 6, 4, 6, 7);
    const points = drawPoints({ positions, indices }, { points: 17_000, near: 1, spread: 1e-5 }, 3);
    let small = 0;
    let low = 0;
    for (let i = 0; i < 17_000; i++) {
      const [x, y] = pointOf(points, i);
      if (x > 0.4) small++;
      else if (x < -0.4 && y < -0.4) low++;
    }
    expect(Math.abs(small - 1000)).toBeLessThanOrEqual(2);
    expect(Math.abs(low - 4000)).toBeLessThan(200);
  });

  it('fills the cube and stays in it, in no order', () => {
    const points = drawPoints(ring, { points: 30_000, near: 0.5, spread: 1 }, 5);
    expect(Math.max(...[...points].map(Math.abs))).toBeLessThanOrEqual(1);
    const uniformAlone = drawPoints(ring, { points: 30_000, near: 0, spread: 1 }, 5);
    const octants = new Array<number>(8).fill(0);
    for (let i = 0; i < 30_000; i++) octants[pointOf(uniformAlone, i).reduce((octant, value, axis) => octant + (value > 0 ? 1 << axis : 0), 0)]!++;
    for (const count of octants) expect(Math.abs(count - 3750)).toBeLessThan(250);
    // A first half that is like the second: neither is the near points.
    const near = drawPoints(ring, { points: 30_000, near: 0.5, spread: 0.01 }, 5);
    const nearIn = (first: number): number => Array.from({ length: 15_000 }, (_, i) => Math.abs(torusDistance(0.7, 0.2, pointOf(near, first + i)))).filter((distance) => distance < 0.04).length;
    expect(Math.abs(nearIn(0) - nearIn(15_000))).toBeLessThan(500);
  });

  it('repeats to the bit, and differs with the seed', async () => {
    const first = await surfaceTraining(signal, { ...plan, points: 5000 }, 1);
    expect(await surfaceTraining(signal, { ...plan, points: 5000 }, 1)).toEqual(first);
    expect((await surfaceTraining(signal, { ...plan, points: 5000 }, 2)).data.samples).not.toEqual(first.data.samples);
  });

  it('tells its progress and stops when asked', async () => {
    const fractions: number[] = [];
    await surfaceTraining(signal, plan, 1, { onProgress: (fraction) => fractions.push(fraction) });
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    expect(fractions.at(-1)).toBe(1);
    const abort = new AbortController();
    await expect(surfaceTraining(signal, plan, 1, { signal: abort.signal, onProgress: () => abort.abort() })).rejects.toMatchObject({ kind: 'cancelled' });
  });

  it('needs a surface', () => {
    const flat = { positions: new Float64Array(9), indices: Uint32Array.of(0, 1, 2) };
    expect(() => drawPoints(flat, { points: 10, near: 0.5, spread: 0.1 }, 1)).toThrow(expect.objectContaining({ code: 'input.empty' }));
    expect(drawPoints(flat, { points: 10, near: 0, spread: 0.1 }, 1)).toHaveLength(30);
  });
});
