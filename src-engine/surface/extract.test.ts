import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { uniform } from '#core/fit/random';
import type { Mesh } from '#core/signal/mesh';
import { meshFromField, toWorldMesh, type FieldSampler } from './extract';
import { pointOf, torusDistance, type Vector } from './test-shapes';

/** A sampler of a function of one point; counts what it is asked. */
function sampled(field: (point: Vector) => number): { sampler: FieldSampler; asked: () => number } {
  let asked = 0;
  const sampler: FieldSampler = async (points) => {
    asked += points.length / 3;
    return Float32Array.from({ length: points.length / 3 }, (_, i) => field(pointOf(points, i)));
  };
  return { sampler, asked: () => asked };
}

/** Fails unless every edge has two triangles of opposite directions and every vertex one ring of them. Returns V - E + F. */
function requireManifold({ positions, indices }: Mesh): number {
  const vertices = positions.length / 3;
  const following = new Map<number, number>();
  let [repeated, open, pinched] = [0, 0, 0];
  for (let at = 0; at < indices.length; at += 3) {
    for (let corner = 0; corner < 3; corner++) {
      const [a, b, c] = [0, 1, 2].map((i) => indices[at + ((corner + i) % 3)]!) as [number, number, number];
      if (following.has(a * vertices + b)) repeated++;
      following.set(a * vertices + b, c);
    }
  }
  const around = new Uint32Array(vertices);
  const start = new Map<number, number>();
  for (const key of following.keys()) {
    const [a, b] = [Math.floor(key / vertices), key % vertices];
    if (!following.has(b * vertices + a)) open++;
    around[a]!++;
    start.set(a, b);
  }
  expect({ repeated, open }).toEqual({ repeated: 0, open: 0 });
  for (let vertex = 0; vertex < vertices; vertex++) {
    const first = start.get(vertex)!;
    let [length, at] = [0, first];
    do {
      at = following.get(vertex * vertices + at)!;
      length++;
    } while (at !== first);
    if (length !== around[vertex]) pinched++;
  }
  expect(pinched).toBe(0);
  return vertices - following.size / 2 + indices.length / 3;
}

/** Six times the volume that the triangles enclose, over six. */
function volume({ positions, indices }: Mesh): number {
  let sum = 0;
  for (let at = 0; at < indices.length; at += 3) {
    const [[ax, ay, az], [bx, by, bz], [cx, cy, cz]] = [0, 1, 2].map((i) => pointOf(positions, indices[at + i]!)) as [Vector, Vector, Vector];
    sum += ax * (by * cz - bz * cy) + ay * (bz * cx - bx * cz) + az * (bx * cy - by * cx);
  }
  return sum / 6;
}

const ball = (radius: number, [cx, cy, cz]: Vector) => ([x, y, z]: Vector): number => Math.hypot(x - cx, y - cy, z - cz) - radius;
const ring = (point: Vector): number => torusDistance(0.6, 0.22, point);

describe('a mesh from a field', () => {
  it('is a closed manifold for any values at the lattice, also where they change at every point', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 4, max: 11 }), fc.constantFrom(0.02, 0.3, 0.5, 0.9), fc.constantFrom(1, 3), async (seed, n, share, levels) => {
        // Few levels make many equal values and zeros; the values of a lattice point are its own.
        const noise = ([x, y, z]: Vector): number => {
          const cell = [x, y, z].map((value) => Math.round(((value + 1) * n - 1) / 2));
          const value = uniform(seed, cell[0]! + 64 * cell[1]!, cell[2]!) - share;
          return levels === 1 ? value : Math.round(value * levels) / levels;
        };
        requireManifold(await meshFromField(sampled(noise).sampler, n));
      }),
      { numRuns: 60 },
    );
  });

  it('of a torus has its topology, its volume and its outside', async () => {
    for (const n of [40, 96]) {
      const mesh = await meshFromField(sampled(ring).sampler, n);
      expect(requireManifold(mesh)).toBe(0);
      expect(Math.abs(volume(mesh) / (2 * Math.PI ** 2 * 0.6 * 0.22 ** 2) - 1)).toBeLessThan(20 / n ** 2);
    }
  });

  it('has its vertices where the field is zero, after root finding of a few rounds', async () => {
    // Far from a distance: steep, curved, and saturated a little off the surface.
    const bent = (point: Vector): number => Math.tanh(9 * ring(point) + 30 * ring(point) ** 2);
    const off = (mesh: Mesh): number => Math.max(...Array.from({ length: mesh.positions.length / 3 }, (_, i) => Math.abs(ring(pointOf(mesh.positions, i)))));
    const [none, two, four] = [await meshFromField(sampled(bent).sampler, 48, { rounds: 0 }), await meshFromField(sampled(bent).sampler, 48), await meshFromField(sampled(bent).sampler, 48, { rounds: 4 })];
    expect(off(none)).toBeGreaterThan(1e-4);
    expect(off(two)).toBeLessThan(off(none) / 10);
    // What is left: vertices that keep clear of the ends of their edges.
    expect(off(four)).toBeLessThan((1.1 / 1024) * (2 / 48));
  });

  it('comes nearer with the square of the cells without root finding', async () => {
    const worst = async (n: number): Promise<number> => {
      const { positions } = await meshFromField(sampled(ball(0.7, [0.013, -0.007, 0.02])).sampler, n, { rounds: 0 });
      return Math.max(...Array.from({ length: positions.length / 3 }, (_, i) => Math.abs(ball(0.7, [0.013, -0.007, 0.02])(pointOf(positions, i)))));
    };
    const order = Math.log2((await worst(20)) / (await worst(40)));
    expect(order).toBeGreaterThan(1.7);
    expect(order).toBeLessThan(2.3);
  });

  it('has normals of the gradient', async () => {
    const { positions, normals } = await meshFromField(sampled(ring).sampler, 64);
    let worst = 0;
    for (let i = 0; i < positions.length / 3; i++) {
      const [x, y, z] = pointOf(positions, i);
      const radius = Math.hypot(x, y);
      const toward = [(x * (radius - 0.6)) / radius, (y * (radius - 0.6)) / radius, z].map((value) => value / 0.22);
      for (let axis = 0; axis < 3; axis++) worst = Math.max(worst, Math.abs(normals![3 * i + axis]! - toward[axis]!));
    }
    expect(worst).toBeLessThan(0.004);
  });

  it('leaves empty space out and finds the same surface', async () => {
    const n = 170;
    // Crumbs where blocks of eight cells meet, as far from their centres as can be: farther than the field tells.
    const corner = (block: number): number => (16 * block - 1 - n) / n;
    const crumbs = Array.from({ length: 8 }, (_, i): Vector => [corner(2 + ((7 * i) % 18)), corner(2 + 2 * i), corner(18 + (i % 3))]);
    const shapes = ([x, y, z]: Vector): number => {
      let least = Math.min(ring([x, y, z]), ball(0.11, [0.02, 0.01, 0])([x, y, z]), ball(0.05, [-0.9, 0.9, -0.9])([x, y, z]));
      if (z > 0.5) for (const [cx, cy, cz] of crumbs) least = Math.min(least, Math.sqrt((x - cx) ** 2 + (y - cy) ** 2 + (z - cz) ** 2) - 0.02);
      return least;
    };
    const cut = (point: Vector): number => Math.max(-0.05, Math.min(0.05, shapes(point)));
    const counted = sampled(cut);
    const mesh = await meshFromField(counted.sampler, n, { truncation: 0.05, rounds: 0 });
    expect(counted.asked()).toBeLessThan(0.4 * n ** 3);
    expect(requireManifold(mesh)).toBe(0 + 2 + 2 + 2 * 8);
    // Every edge of the lattice whose ends differ has a vertex.
    const inside = new Uint8Array(n ** 3);
    const at = (place: number): number => Math.fround((2 * place + 1 - n) / n);
    for (let i = 0; i < n ** 3; i++) inside[i] = shapes([at(i % n), at(Math.floor(i / n) % n), at(Math.floor(i / n ** 2))]) < 0 ? 1 : 0;
    let crossings = 0;
    for (let i = 0; i < n ** 3; i++) {
      const places = [i % n, Math.floor(i / n) % n, Math.floor(i / n ** 2)];
      for (let axis = 0; axis < 3; axis++) if (places[axis]! < n - 1 && inside[i] !== inside[i + n ** axis]) crossings++;
    }
    expect(mesh.positions.length / 3).toBe(crossings);
  });

  it('follows a surface that its blocks were not asked for', async () => {
    // No distance: a twentieth of it, so that far blocks seem near; then a hundred times it, so that most seem empty.
    for (const factor of [0.05, 100]) {
      const mesh = await meshFromField(sampled((point) => factor * ring(point)).sampler, 100);
      expect(requireManifold(mesh)).toBe(0);
      expect(Math.abs(volume(mesh) / (2 * Math.PI ** 2 * 0.6 * 0.22 ** 2) - 1)).toBeLessThan(20 / 100 ** 2);
    }
  });

  it('is closed where the field is negative at the border', async () => {
    for (const n of [21, 68]) {
      const all = await meshFromField(sampled(() => -1).sampler, n);
      expect(requireManifold(all)).toBe(2);
      expect(volume(all)).toBeGreaterThan(8 * (1 - 1 / n) ** 3 * 0.999);
      expect(volume(all)).toBeLessThan(8);
      const half = await meshFromField(sampled(([x, y, z]) => x + 0.1 * y - 0.2 * z).sampler, n);
      expect(requireManifold(half)).toBe(2);
      // A cap looks out of the cube.
      const cap = Array.from({ length: half.positions.length / 3 }, (_, i) => i).find((i) => half.positions[3 * i]! < -1 + 1.1 / n && Math.abs(half.positions[3 * i + 1]!) < 0.5 && Math.abs(half.positions[3 * i + 2]!) < 0.5)!;
      expect([...half.normals!.subarray(3 * cap, 3 * cap + 3)].map((value) => Math.round(value * 1e6) / 1e6 + 0)).toEqual([-1, 0, 0]);
    }
  });

  it('is empty where there is no surface, and whole where some values are no numbers', async () => {
    expect(await meshFromField(sampled(() => 1).sampler, 80)).toMatchObject({ indices: new Uint32Array(0), positions: new Float64Array(0) });
    const holes = await meshFromField(sampled((point) => (uniform(3, Math.round(point[0] * 1e6), Math.round(point[1] * 1e6)) < 0.01 ? NaN : ring(point))).sampler, 40);
    requireManifold(holes);
    expect(holes.positions.every(Number.isFinite)).toBe(true);
    expect(holes.normals!.every(Number.isFinite)).toBe(true);
  });

  it('tells its progress, stops when asked, refuses what it cannot do', async () => {
    const fractions: number[] = [];
    const mesh = await meshFromField(sampled(ring).sampler, 100, { onProgress: (fraction) => fractions.push(fraction) });
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    expect(fractions.at(-1)).toBe(1);
    expect(toWorldMesh(mesh, { center: [1, 2, 3], halfExtent: 10 }).positions[4]).toBe(2 + 10 * mesh.positions[4]!);
    const abort = new AbortController();
    await expect(meshFromField(sampled(ring).sampler, 100, { signal: abort.signal, onProgress: () => abort.abort() })).rejects.toMatchObject({ kind: 'cancelled' });
    for (const n of [3, 1025, 12.5, NaN]) await expect(meshFromField(sampled(ring).sampler, n)).rejects.toMatchObject({ code: 'surface.resolution' });
  });
});
