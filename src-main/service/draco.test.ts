import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StudioError } from '#core/errors';
import type { Mesh } from '#core/signal/mesh';
import { cleanMesh } from '#core/signal/mesh-repair';
import { decodeDraco, dracoBelow, encodeDraco } from './draco';

/** A closed torus of n x n squares. */
function torus(n: number): Mesh {
  const positions = new Float64Array(3 * n * n);
  const indices: number[] = [];
  for (let y = 0; y < n; y++) {
    for (let x = 0; x < n; x++) {
      const [u, v] = [(2 * Math.PI * x) / n, (2 * Math.PI * y) / n];
      positions.set([(2 + Math.cos(u)) * Math.cos(v), (2 + Math.cos(u)) * Math.sin(v), Math.sin(u)], 3 * (y * n + x));
      const [a, b, c, d] = [y * n + x, y * n + ((x + 1) % n), ((y + 1) % n) * n + x, ((y + 1) % n) * n + ((x + 1) % n)];
      indices.push(a, b, d, a, d, c);
    }
  }
  return { positions, indices: Uint32Array.from(indices) };
}

const TORUS = torus(24);

describe('Draco', () => {
  it('gives the same surface back, to half a step of its grid, with triangles that face the same way', async () => {
    for (const qp of [6, 11]) {
      const bytes = await encodeDraco(TORUS, qp);
      expect(await encodeDraco(TORUS, qp)).toEqual(bytes);
      const mesh = await decodeDraco(bytes);
      expect(mesh.indices.length).toBe(TORUS.indices.length);
      expect(cleanMesh(mesh).report).toMatchObject({ watertight: true, oriented: true, components: 1 });
      // The longest side of the box is 6.
      const step = 6 / (2 ** qp - 1);
      let worst = 0;
      for (let i = 0; i < mesh.positions.length; i += 3) {
        let nearest = Infinity;
        for (let j = 0; j < TORUS.positions.length; j += 3) nearest = Math.min(nearest, Math.max(...[0, 1, 2].map((axis) => Math.abs(mesh.positions[i + axis]! - TORUS.positions[j + axis]!))));
        worst = Math.max(worst, nearest);
      }
      expect(worst).toBeLessThanOrEqual(step / 2 + 1e-6);
      expect(worst).toBeGreaterThan(step / 8);
      const volume = (of: Mesh): number => {
        let sum = 0;
        for (let t = 0; t < of.indices.length; t += 3) {
          const [a, b, c] = [0, 1, 2].map((corner) => of.positions.subarray(3 * of.indices[t + corner]!, 3 * of.indices[t + corner]! + 3));
          sum += a![0]! * (b![1]! * c![2]! - b![2]! * c![1]!) + a![1]! * (b![2]! * c![0]! - b![0]! * c![2]!) + a![2]! * (b![0]! * c![1]! - b![1]! * c![0]!);
        }
        return sum / 6;
      };
      expect(volume(mesh) / volume(TORUS)).toBeCloseTo(1, 1);
    }
  });

  it('is found below given bytes with as many bits as they hold', async () => {
    const [nine, ten] = [await encodeDraco(TORUS, 9), await encodeDraco(TORUS, 10)];
    expect(await dracoBelow(TORUS, nine.length)).toEqual({ qp: 9, bytes: nine });
    expect(await dracoBelow(TORUS, ten.length - 1)).toEqual({ qp: 9, bytes: nine });
    expect(await dracoBelow(TORUS, ten.length)).toEqual({ qp: 10, bytes: ten });
    expect((await dracoBelow(TORUS, 1e9))?.qp).toBe(24);
    expect(await dracoBelow(TORUS, 20)).toBeNull();
  });

  it('refuses bits and meshes that it cannot take', async () => {
    for (const qp of [0, 25, 9.5, NaN]) await expect(encodeDraco(TORUS, qp)).rejects.toThrow(RangeError);
    await expect(encodeDraco({ ...TORUS, positions: TORUS.positions.map((value, i) => (i === 5 ? NaN : value)) }, 8)).rejects.toMatchObject({ code: 'draco.encode' });
    await expect(encodeDraco({ positions: new Float64Array(0), indices: new Uint32Array(0) }, 8)).rejects.toMatchObject({ code: 'draco.encode' });
  });

  it('refuses data that is damaged', async () => {
    const bytes = await encodeDraco(torus(6), 7);
    const outcome = async (data: Uint8Array): Promise<string> => {
      try {
        await decodeDraco(data, 'a.drc');
        return 'read';
      } catch (error) {
        expect(error).toBeInstanceOf(StudioError);
        expect(error).toMatchObject({ code: 'input.damaged', message: expect.stringMatching(/^a\.drc: /) as string });
        return 'refused';
      }
    };
    expect(await outcome(bytes)).toBe('read');
    for (let length = 0; length < bytes.length - 1; length += 11) expect(await outcome(bytes.slice(0, length)), `${length} bytes`).toBe('refused');
    // Faces, after 11 bytes of header, the traversal and a number of vertices of one byte.
    const greedy = Uint8Array.of(...bytes.subarray(0, 13), 0xff, 0xff, 0xff, 0xff, 0x04, ...bytes.subarray(14));
    await expect(decodeDraco(greedy, 'a.drc')).rejects.toMatchObject({ message: expect.stringMatching(/promises 1342177279 elements/) as string });
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(255), async (at, value) => void (await outcome(bytes.map((byte, i) => (i === at ? value : byte))))),
      { numRuns: 60 },
    );
  });
});
