/**
 * A surface made ready for a fit: points with truncated distances to learn from, and the distances on the grid that its file certifies, to
 * measure the decoded samples against.
 */
import type { SurfacePlan } from '#core/fit/config';
import { gridCoordinate } from '#core/signal/coordinates';
import { codeOfDistance, toDomain, withSurfacePlan, type SurfaceSignal } from '#core/signal/surface';
import { openDistancesOn } from '#engine/surface/pool-node';
import { surfaceTraining } from '#engine/surface/training';
import { SURFACE_GRID, type Subject, type SubjectOptions } from './subject';

/** Share of the work that is drawing the points; the rest is the grid. */
const SHARE = 0.8;

function gridPoints(size: readonly number[]): Float32Array {
  const [nx = 1, ny = 1, nz = 1] = size;
  const points = new Float32Array(3 * nx * ny * nz);
  let at = 0;
  for (let z = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      for (let x = 0; x < nx; x++) {
        points[at++] = gridCoordinate(x, nx);
        points[at++] = gridCoordinate(y, ny);
        points[at++] = gridCoordinate(z, nz);
      }
    }
  }
  return points;
}

/** dB of codes over their full scale; null when identical. */
function codeDecibel(reference: Uint16Array, codes: ArrayLike<number>): number | null {
  let sum = 0;
  for (let i = 0; i < reference.length; i++) sum += (codes[i]! - reference[i]!) ** 2;
  return sum === 0 ? null : 20 * Math.log10(65535) - 10 * Math.log10(sum / reference.length);
}

/** Draws and measures. Throws StudioError 'cancelled' after an abort, 'input' for meshes without area. */
export async function surfaceSubject(given: SurfaceSignal, plan: SurfacePlan, seed: number, { signal, onProgress, threads, background = false }: SubjectOptions = {}): Promise<Subject> {
  const surface = withSurfacePlan(given, plan);
  const abort = signal ? { signal } : {};
  const triangles = { positions: toDomain(surface.mesh.positions, surface.metadata.domain), indices: surface.mesh.indices };
  const field = openDistancesOn({ threads, background })(triangles, surface.metadata);
  try {
    const { data, metadata } = await surfaceTraining(surface, plan, seed, { ...abort, field, onProgress: (fraction) => onProgress?.(SHARE * fraction) });
    const { truncation } = metadata;
    const distances = await field.distances(gridPoints(SURFACE_GRID), { ...abort, truncation, onProgress: (fraction) => onProgress?.(SHARE + (1 - SHARE) * fraction) });
    const reference = Uint16Array.from(distances, (distance) => codeOfDistance(distance, truncation));
    return { header: { kind: 'surface', size: SURFACE_GRID, channels: 1, type: 'uint16', metadata }, data, decibel: (samples) => codeDecibel(reference, samples) };
  } finally {
    await field.dispose();
  }
}
