/** Shapes with known answers, for the tests of this room. */
import type { DistanceGrid, SurfaceMesh } from './surface-view';
import { codeOfDistance } from '#core/signal/surface';

/** A sphere of latitudes and longitudes with one vertex at each pole. */
export function sphereMesh(radius: number, rings: number, middle: readonly [number, number, number] = [0, 0, 0]): SurfaceMesh {
  const segments = 2 * rings;
  const positions: number[] = [];
  const at = (latitude: number, longitude: number): void => {
    positions.push(middle[0] + radius * Math.sin(latitude) * Math.cos(longitude), middle[1] + radius * Math.cos(latitude), middle[2] - radius * Math.sin(latitude) * Math.sin(longitude));
  };
  at(0, 0);
  for (let ring = 1; ring < rings; ring++) for (let segment = 0; segment < segments; segment++) at((Math.PI * ring) / rings, (2 * Math.PI * segment) / segments);
  at(Math.PI, 0);
  const last = positions.length / 3 - 1;
  const vertex = (ring: number, segment: number): number => 1 + (ring - 1) * segments + (segment % segments);
  const indices: number[] = [];
  for (let segment = 0; segment < segments; segment++) {
    indices.push(0, vertex(1, segment), vertex(1, segment + 1));
    for (let ring = 1; ring < rings - 1; ring++) {
      indices.push(vertex(ring, segment), vertex(ring + 1, segment), vertex(ring + 1, segment + 1));
      indices.push(vertex(ring, segment), vertex(ring + 1, segment + 1), vertex(ring, segment + 1));
    }
    indices.push(vertex(rings - 1, segment), last, vertex(rings - 1, segment + 1));
  }
  return { positions: Float32Array.from(positions), indices: Uint32Array.from(indices) };
}

/** The distance to a sphere on a grid. */
export function sphereGrid(radius: number, size: number, truncation: number, middle: readonly [number, number, number] = [0, 0, 0]): DistanceGrid {
  const codes = new Uint16Array(size ** 3);
  const place = (cell: number): number => (2 * cell + 1 - size) / size;
  let i = 0;
  for (let z = 0; z < size; z++) for (let y = 0; y < size; y++) for (let x = 0; x < size; x++) codes[i++] = codeOfDistance(Math.hypot(place(x) - middle[0], place(y) - middle[1], place(z) - middle[2]) - radius, truncation);
  return { size, codes, truncation };
}
