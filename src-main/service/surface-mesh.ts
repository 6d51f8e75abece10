/**
 * The mesh of a surface's file. The network is evaluated exactly (src-engine/cpu/exact-points.ts) where its zero surface passes, so that the mesh is
 * a function of the file and the resolution alone: the same on every machine, with any number of threads.
 *
 * A sample of the file is half the head's output plus a half, as the synthesis says, and stands for a distance between -truncation and +truncation
 * (core/signal/surface.ts): the distance is truncation times the output, taken into [-1, 1]. Vertices are put on the zero of the output itself,
 * not of its 16-bit code.
 */
import type { DecodedFile } from '#core/coding/file';
import { dequantize } from '#core/coding/quantizer';
import { StudioError } from '#core/errors';
import type { Mesh } from '#core/signal/mesh';
import { openPoints, type PointEvaluatorOptions } from '#engine/cpu/exact-points';
import { meshFromField, toWorldMesh } from '#engine/surface/extract';

/** Points along each axis where nobody says otherwise. */
export const DEFAULT_RESOLUTION = 256;

export type SurfaceContent = Pick<DecodedFile, 'header' | 'field' | 'quantized'>;

export interface SurfaceMeshOptions extends PointEvaluatorOptions {
  /** Points along each axis of the cube (RESOLUTION_LIMITS); default 256. */
  readonly resolution?: number | undefined;
  /** Told the share that is done, rising to 1. */
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

/**
 * In the coordinates of the cube [-1, 1]^3, with normals. Throws StudioError 'usage'/'mesh.kind' for files of other things,
 * 'usage'/'surface.resolution', 'failed'/'mesh.empty' for fields of one sign, 'cancelled' after an abort, and what meshFromField throws.
 */
export async function cubeMesh({ header, field, quantized }: SurfaceContent, options: SurfaceMeshOptions = {}): Promise<Mesh> {
  if (header.kind !== 'surface') throw new StudioError('usage', 'mesh.kind', `It holds a ${header.kind === 'grid' ? 'picture' : header.kind}, which has no mesh.`);
  const { resolution = DEFAULT_RESOLUTION, onProgress, signal, ...threads } = options;
  const { truncation } = header.metadata;
  const points = openPoints(field, dequantize(field, quantized), { ...threads, signal });
  try {
    const distances = async (at: Float32Array): Promise<Float32Array> => (await points.evaluate(at)).map((output) => truncation * Math.max(-1, Math.min(1, output)));
    const mesh = await meshFromField(distances, resolution, { truncation, ...(signal && { signal }), ...(onProgress && { onProgress }) });
    if (mesh.indices.length === 0) throw new StudioError('failed', 'mesh.empty', 'There is no surface in it: the network is on one side of it everywhere. Fit it for longer, or take more points along each axis.');
    return mesh;
  } finally {
    await points.dispose();
  }
}

/** The same where the original lies, in its units. */
export async function surfaceMesh(content: SurfaceContent, options: SurfaceMeshOptions = {}): Promise<Mesh> {
  const mesh = await cubeMesh(content, options);
  return content.header.kind === 'surface' ? toWorldMesh(mesh, content.header.metadata.domain) : mesh;
}
