/** Surfaces in the window: their meshes, and the distances that a fit gives while it runs. */
import type { FitConfig } from '#core/fit/config';
import type { TrainingSet } from '#engine/engine';
import type { SignalInfo } from '#main/ipc/contract';
import type { Client } from '../client';
import type { DistanceGrid, SurfacePicture } from '../preview/surface/surface-view';
import { surfaceThumbnail, type Thumbnail } from './thumbnail';

export interface Surface {
  readonly kind: 'surface';
  readonly info: SignalInfo;
  /** In the cube [-1, 1]^3. */
  readonly surface: SurfacePicture;
  readonly thumbnail: Thumbnail | null;
}

/** Reads the mesh of a surface that main has opened: positions, then indices, as the contract says. */
export async function readSurface(client: Client, info: SignalInfo): Promise<Surface> {
  const { buffer } = await client.readSamples({ signal: info.signal }, info.dataBytes);
  const { vertices = 0, triangles = 0 } = info.surface ?? {};
  const mesh = { positions: new Float32Array(buffer, 0, 3 * vertices), indices: new Uint32Array(buffer, 12 * vertices, 3 * triangles) };
  return { kind: 'surface', info, surface: { mesh, watertight: info.watertight ?? true }, thumbnail: surfaceThumbnail(mesh) };
}

/**
 * Lets main draw the points that this configuration learns from. Gives the surface as the configuration takes it (truncation, solid or sheet), and
 * what reads the points for a fit in the window; a fit in main has them.
 */
export async function drawSurface(client: Client, surface: Surface, config: FitConfig, task: string): Promise<{ readonly original: Surface; readonly points: () => Promise<TrainingSet> }> {
  const { signal } = surface.info;
  const drawn = await client.call('signal.training', { task, signal, config });
  return {
    original: { ...surface, info: { ...surface.info, surface: drawn.surface } },
    points: async () => {
      const { buffer } = await client.readSamples({ signal, part: 'training' }, drawn.dataBytes);
      const coordinates = new Float32Array(buffer, 0, 3 * drawn.points);
      return { size: [drawn.points], channels: 1, type: 'uint16', coordinates, samples: new Uint16Array(buffer, coordinates.byteLength, drawn.points) };
    },
  };
}

/** Codes of distances as the view takes them: 8-bit ones are widened. */
export function distanceGrid(size: readonly number[], samples: Uint8Array | Uint16Array, truncation: number): DistanceGrid {
  return { size: size[0] ?? 1, codes: samples instanceof Uint16Array ? samples : Uint16Array.from(samples, (code) => 257 * code), truncation };
}
