import { describe, expect, it } from 'vitest';
import { AMBIGUOUS, cellCase, EDGE_CORNER } from './marching-cases';

describe('the cases of a cell', () => {
  const cases = Array.from({ length: 256 * 64 }, (_, key) => ({ signs: key & 255, joined: key >> 8 })).filter(({ signs, joined }) => (joined & ~AMBIGUOUS[signs]!) === 0);

  it('have a vertex on exactly the edges that are crossed', () => {
    for (const { signs, joined } of cases) {
      const used = new Set([...cellCase(signs, joined).triangles].filter((vertex) => vertex < 12));
      for (let edge = 0; edge < 12; edge++) {
        const low = EDGE_CORNER[edge]!;
        expect(used.has(edge)).toBe(((signs >> low) & 1) !== ((signs >> (low | (1 << (edge >> 2)))) & 1));
      }
    }
  });

  it('have no edge twice in one direction, and those without an opposite lie in faces', () => {
    for (const { signs, joined } of cases) {
      const { triangles } = cellCase(signs, joined);
      const edges = new Set<string>();
      for (let at = 0; at < triangles.length; at += 3) {
        for (let i = 0; i < 3; i++) {
          const edge = `${triangles[at + i]},${triangles[at + ((i + 1) % 3)]}`;
          expect(edges.has(edge)).toBe(false);
          edges.add(edge);
        }
      }
      for (const edge of edges) {
        const [a, b] = edge.split(',').map(Number) as [number, number];
        if (Math.max(a, b) >= 12) continue;
        // Crossings in a common face: those that share a coordinate of 0 or 1 along an axis that neither edge runs along.
        const [p, q] = [EDGE_CORNER[a]!, EDGE_CORNER[b]!];
        const common = [0, 1, 2].some((axis) => a >> 2 !== axis && b >> 2 !== axis && ((p >> axis) & 1) === ((q >> axis) & 1));
        expect(edges.has(`${b},${a}`)).toBe(!common);
      }
    }
  });

  it('join or part the inside corners of a face as they are told', () => {
    // Two opposite corners of the face z = 0: two triangles apart, or one sheet.
    expect(AMBIGUOUS[0b1001]).toBe(1 << 4);
    expect(cellCase(0b1001, 0).triangles).toHaveLength(6);
    expect(cellCase(0b1001, 1 << 4).triangles).toHaveLength(12);
  });

  it('look from the inside out', () => {
    // Corner 0 inside: counter-clockwise seen from (1, 1, 1), the crossings on x, y, z follow in this order.
    const axes = [...cellCase(1, 0).triangles].map((edge) => edge >> 2).join('');
    expect('01201').toContain(axes);
  });
});
