import { describe, expect, it } from 'vitest';
import { meshPicture } from './mesh-picture';

/** A box around a middle, facing outwards. */
function box(reach: readonly [number, number, number], middle = [0, 0, 0]): { positions: Float64Array; indices: Uint32Array } {
  const positions = Float64Array.from({ length: 24 }, (_, i) => middle[i % 3]! + reach[i % 3]! * ((Math.floor(i / 3) >> (i % 3)) & 1 ? 1 : -1));
  const quads = [0, 2, 3, 1, 4, 5, 7, 6, 0, 1, 5, 4, 2, 6, 7, 3, 0, 4, 6, 2, 1, 3, 7, 5];
  const indices = Uint32Array.from([0, 4, 8, 12, 16, 20].flatMap((at) => [quads[at]!, quads[at + 1]!, quads[at + 2]!, quads[at]!, quads[at + 2]!, quads[at + 3]!]));
  return { positions, indices };
}
const alphaAt = (picture: ReturnType<typeof meshPicture>, x: number, y: number): number => picture.data[4 * (y * picture.width + x) + 3]!;
const greyAt = (picture: ReturnType<typeof meshPicture>, x: number, y: number): number => picture.data[4 * (y * picture.width + x)]!;

describe('a small picture of a mesh', () => {
  it('fills the square up to its margin, wherever the mesh lies and however large it is', () => {
    const near = box([1, 1, 1]);
    const far = box([3e5, 3e5, 3e5], [1e7, -4e7, 2e6]);
    const [one, other] = [near, far].map(({ positions, indices }) => meshPicture(positions, indices, 40));
    expect(alphaAt(one!, 20, 20)).toBe(255);
    expect([alphaAt(one!, 0, 0), alphaAt(one!, 39, 0), alphaAt(one!, 20, 0), alphaAt(one!, 0, 20)]).toEqual([0, 0, 0, 0]);
    const columns = Array.from({ length: 40 }, (_, x) => Array.from({ length: 40 }, (_, y) => alphaAt(one!, x, y)).some((alpha) => alpha > 0));
    expect(columns.filter(Boolean).length).toBeGreaterThan(33);
    // Rounding may move an edge by a quarter of a pixel.
    const differing = one!.data.filter((value, i) => Math.abs(value - other!.data[i]!) > 64).length;
    expect(differing).toBeLessThan(30);
  });

  it('shows what is near before what is far, and the top lighter than the side that turns away', () => {
    // Corners of their own for each triangle: edges stay sharp.
    const shared = box([1, 1, 1]);
    const positions = Float64Array.from({ length: 3 * shared.indices.length }, (_, i) => shared.positions[3 * shared.indices[Math.floor(i / 3)]! + (i % 3)]!);
    const indices = shared.indices.map((_, i) => i);
    const picture = meshPicture(positions, indices, 60);
    const reversed = meshPicture(positions, indices.toReversed(), 60);
    // The order and the orientation of the triangles do not matter.
    expect(reversed.data).toEqual(picture.data);
    const [top, right] = [greyAt(picture, 30, 12), greyAt(picture, 48, 36)];
    expect(top).toBeGreaterThan(right + 20);
  });

  it('is clear where the mesh is seen edge on or has no size', () => {
    const point = Float64Array.of(1, 2, 3, 1, 2, 3, 1, 2, 3);
    expect(meshPicture(point, Uint32Array.of(0, 1, 2), 8).data.every((value) => value === 0)).toBe(true);
  });
});
