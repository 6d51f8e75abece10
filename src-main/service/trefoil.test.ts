import { describe, expect, it } from 'vitest';
import { triangleCount } from '#core/signal/mesh';
import { readMesh } from '../formats/mesh';
import { readSample } from './samples';
import { surfaceOf } from './surface-ingest';
import { trefoilDistance, trefoilPicture } from './trefoil';

describe('the sample surface', () => {
  it('is one closed rope on the formula, of about 20 000 triangles', async () => {
    const { name, bytes } = await readSample('', 'trefoil');
    const { mesh } = await readMesh(bytes, name);
    const { signal, notes } = surfaceOf(mesh, name);
    expect([signal.watertight, notes]).toEqual([true, []]);
    expect(triangleCount(mesh)).toBeGreaterThan(14_000);
    expect(triangleCount(mesh)).toBeLessThan(26_000);
    // A closed rope has the Euler characteristic of a torus.
    const edges = new Set<string>();
    for (let i = 0; i < mesh.indices.length; i++) {
      const [a, b] = [mesh.indices[i]!, mesh.indices[i % 3 === 2 ? i - 2 : i + 1]!];
      edges.add(a < b ? `${a} ${b}` : `${b} ${a}`);
    }
    expect(mesh.positions.length / 3 - edges.size + triangleCount(mesh)).toBe(0);
    for (let i = 0; i < mesh.positions.length; i += 300) expect(Math.abs(trefoilDistance(mesh.positions[i]!, mesh.positions[i + 1]!, mesh.positions[i + 2]!))).toBeLessThan(2e-3);
    expect(Math.max(...mesh.positions.map(Math.abs))).toBeLessThan(1);
  });

  it('has a picture that it fills', async () => {
    const { data } = await trefoilPicture(32);
    const covered = data.filter((value, i) => i % 4 === 3 && value > 0).length;
    expect(covered).toBeGreaterThan(300);
    expect(covered).toBeLessThan(900);
  });
});
