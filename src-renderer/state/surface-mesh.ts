/** The mesh that a file of a surface decodes to: extracted in main at the resolution that was chosen, measured there against the original. */
import { asStudioError } from '#core/errors';
import type { ArtifactInfo, ResponseOf, SurfaceQuality } from '#main/ipc/contract';
import type { Client } from '../client';
import type { SurfacePicture } from '../preview/surface/surface-view';
import type { Run } from './runs.svelte';
import type { Studio } from './studio.svelte';
import { surfaceThumbnail } from './thumbnail';

/** Grid points along each axis that are offered. */
export const RESOLUTIONS = [64, 128, 256, 512] as const;
export const USUAL_RESOLUTION = 256;

export interface DecodedMesh {
  /** Token of the file that it was extracted from. */
  readonly artifact: string;
  readonly resolution: number;
  readonly picture: SurfacePicture;
  readonly vertices: number;
  readonly triangles: number;
  readonly milliseconds: number;
  /** Null where there is no original to compare with. */
  readonly quality: SurfaceQuality | null;
}

/** Reads an extracted mesh as mesh.read gives it: positions, normals, errors where there are any, indices. */
export async function readMesh(client: Client, { mesh, vertices, triangles, errors, watertight, dataBytes }: ResponseOf<'artifact.mesh'>): Promise<SurfacePicture> {
  const { buffer } = await client.readSamples({ mesh }, dataBytes);
  const floats = (index: number, each: number): Float32Array<ArrayBuffer> => new Float32Array(buffer, 4 * vertices * index, each * vertices);
  return {
    mesh: { positions: floats(0, 3), normals: floats(3, 3), indices: new Uint32Array(buffer, 4 * vertices * (errors ? 7 : 6), 3 * triangles) },
    ...(errors && { errors: floats(6, 1) }),
    watertight,
  };
}

/** The extraction under way of each run: a newer one ends it. */
const extracting = new WeakMap<Run, string>();

/** Extracts the mesh of a run's file at the studio's resolution and shows it; why that failed stands with the run. */
export async function extractMesh(studio: Studio, run: Run, { artifact }: ArtifactInfo): Promise<void> {
  const { client, resolution } = studio;
  cancelMesh(studio, run);
  let mine = '';
  run.extraction = { artifact, resolution };
  run.meshFault = '';
  try {
    await studio.working(`Extracting the mesh at ${resolution}³`, async (task) => {
      mine = task;
      extracting.set(run, task);
      const made = await client.call('artifact.mesh', { task, artifact, resolution, signal: run.original?.info.signal ?? null });
      try {
        const picture = await readMesh(client, made);
        const { vertices, triangles, milliseconds, quality } = made;
        if (extracting.get(run) === task) {
          run.mesh = { artifact, resolution, picture, vertices, triangles, milliseconds, quality };
          run.thumbnail = surfaceThumbnail(picture.mesh);
        }
      } finally {
        client.call('mesh.close', { mesh: made.mesh }).catch(() => undefined);
      }
    });
    if (run.mesh?.artifact === artifact) studio.notices.speak(`The mesh has ${run.mesh.triangles} triangles.`);
  } catch (error) {
    const fault = asStudioError(error);
    if (extracting.get(run) === mine && fault.kind !== 'cancelled') run.meshFault = fault.message;
  } finally {
    if (extracting.get(run) === mine) {
      extracting.delete(run);
      run.extraction = null;
    }
  }
}

/** Ends the extraction of a run's mesh, where one is under way. */
export function cancelMesh(studio: Studio, run: Run): void {
  const task = extracting.get(run);
  if (task === undefined) return;
  extracting.delete(run);
  run.extraction = null;
  studio.cancel(task);
}
