/** Meshes that tests of the command line fit. */
import type { Mesh } from '#core/signal/mesh';
import { meshFromField } from '#engine/surface/extract';

/** Distance to a torus about the z axis with its middle at (x, 0, 0). */
const ring = (x: number, y: number, z: number, middle: number): number => Math.hypot(Math.hypot(x - middle, y) - 0.36, z) - 0.14;

/** Two rings side by side, smoothly joined: closed, of genus 2. In units of `scale`, moved along x. */
export async function twoRings(scale = 1, shift = 0): Promise<Mesh> {
  const field = (points: Float32Array): Float32Array =>
    Float32Array.from({ length: points.length / 3 }, (_, i) => {
      const [x, y, z] = points.subarray(3 * i, 3 * i + 3) as unknown as [number, number, number];
      const [a, b] = [ring(x, y, z, -0.4), ring(x, y, z, 0.4)];
      const blend = Math.max(0, 0.1 - Math.abs(a - b));
      return Math.min(a, b) - (blend * blend) / 0.4;
    });
  const mesh = await meshFromField((points) => Promise.resolve(field(points)), 32);
  return { ...mesh, positions: mesh.positions.map((value, i) => scale * value + (i % 3 === 0 ? shift : 0)) };
}

/** A wavy square in the xy plane: a sheet with a rim. */
export function sheet(cells = 12): Mesh {
  const side = cells + 1;
  const positions = Float64Array.from({ length: 3 * side * side }, (_, i) => {
    const [x, y] = [(Math.floor(i / 3) % side) / cells, Math.floor(i / 3 / side) / cells];
    return [x, y, 0.1 * Math.sin(5 * x) * Math.cos(4 * y)][i % 3]!;
  });
  const indices = Uint32Array.from({ length: 6 * cells * cells }, (_, i) => {
    const cell = Math.floor(i / 6);
    const at = Math.floor(cell / cells) * side + (cell % cells);
    return at + [0, 1, side + 1, 0, side + 1, side][i % 6]!;
  });
  return { positions, indices };
}
