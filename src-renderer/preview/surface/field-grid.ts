/**
 * A distance grid as a texture: half floats of distance / truncation. Around zero, where the surface lies, they are finer than the 16-bit
 * codes that they stand for; and unlike 16-bit integers they are filtered by WebGL2 and by WebGPU alike.
 */
import type { Box, Vector } from './orbit';
import type { DistanceGrid } from './surface-view';

/** Half float bits of a number in [-1, 1], rounded to nearest. */
export function signedHalf(value: number): number {
  const size = Math.abs(value);
  const sign = value < 0 ? 0x8000 : 0;
  if (size < 2 ** -14) return sign + Math.round(size * 2 ** 24);
  const exponent = Math.floor(Math.log2(size));
  return sign + ((exponent + 15) << 10) + Math.round((size / 2 ** exponent - 1) * 1024);
}

let table: Uint16Array | null = null;

/** Half float bits of every code. */
function halves(): Uint16Array {
  table ??= Uint16Array.from({ length: 65536 }, (_, code) => signedHalf((2 * code) / 65535 - 1));
  return table;
}

/** Writes the texels of a grid; `texels` has as many as the grid has codes. */
export function writeTexels(codes: Uint16Array, texels: Uint16Array): void {
  const bits = halves();
  for (let i = 0; i < codes.length; i++) texels[i] = bits[codes[i]!]!;
}

/** The cells that hold the surface or the inside, with a cell around them, as a box in the cube; null where there is neither. */
export function occupiedBox({ size, codes }: DistanceGrid): Box | null {
  const least = [size, size, size];
  const most = [-1, -1, -1];
  let i = 0;
  for (let z = 0; z < size; z++) {
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++, i++) {
        if (codes[i]! > 32767) continue;
        if (x < least[0]!) least[0] = x;
        if (x > most[0]!) most[0] = x;
        if (y < least[1]!) least[1] = y;
        if (y > most[1]!) most[1] = y;
        least[2] = Math.min(least[2]!, z);
        most[2] = z;
      }
    }
  }
  if (most[0]! < 0) return null;
  const edge = (cell: number): number => Math.min(1, Math.max(-1, (2 * cell) / size - 1));
  return { least: least.map((cell) => edge(cell - 1)) as unknown as Vector, most: most.map((cell) => edge(cell + 2)) as unknown as Vector };
}

/** Distance at a point of the cube in domain units, interpolated linearly; cells at the border go on outwards. */
export function gridDistance({ size, codes, truncation }: DistanceGrid, point: Vector): number {
  const place = (value: number): readonly [number, number, number] => {
    const cell = Math.min(size - 1, Math.max(0, ((value + 1) * size) / 2 - 0.5));
    const low = Math.min(size - 1, Math.floor(cell));
    return [low, Math.min(size - 1, low + 1), cell - low];
  };
  const [x, y, z] = [place(point[0]), place(point[1]), place(point[2])];
  const row = (j: number, k: number): number => {
    const start = size * (j + size * k);
    return codes[start + x[0]]! * (1 - x[2]) + codes[start + x[1]]! * x[2];
  };
  const layer = (k: number): number => row(y[0], k) * (1 - y[2]) + row(y[1], k) * y[2];
  return truncation * ((2 * (layer(z[0]) * (1 - z[2]) + layer(z[1]) * z[2])) / 65535 - 1);
}
