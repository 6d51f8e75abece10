/**
 * How near a decoded mesh is to the original: the measures of core/metric/mesh.ts, with distances on all cores.
 *
 * IoU goes by winding numbers, so that an original with holes counts as the solid that they almost enclose. A sheet encloses nothing and has none.
 * The solid that stands for a sheet has two sides, half a thickness from it: distances are taken to the sheet itself, so they hold that half
 * thickness; the errors of vertices leave it out.
 */
import { intersectionOverUnion, sampleBox, surfaceDistance, unionOf, type SurfaceDistance } from '#core/metric/mesh';
import { boundsOf, type Mesh } from '#core/signal/mesh';
import { topologyOf } from '#core/signal/mesh-topology';
import { toDomain, type SurfaceMetadata, type SurfaceSignal } from '#core/signal/surface';
import type { DistanceField } from '#engine/surface/distance-field';
import { openDistancesOn, type DistancePoolOptions } from '#engine/surface/pool-node';

/** Points drawn on each of the two surfaces, and in the box around both. */
export const QUALITY_SAMPLES = 200_000;
const SEED = 1;
/** Shares of the work: both directions, both insides, errors of the vertices. */
const STAGES = 5;

export interface SurfaceMeasures extends SurfaceDistance {
  /** Intersection over union of the two solids; null where one of them encloses nothing. */
  readonly iou: number | null;
  /** Edges of the decoded mesh that have one triangle. */
  readonly openEdges: number;
  /** Distance of each decoded vertex from the original surface, in units of the original's cube; of sheets from half a thickness beside it. */
  readonly errors: Float32Array | null;
}

export interface SurfaceQualityOptions extends Pick<DistancePoolOptions, 'threads' | 'background'> {
  readonly samples?: number | undefined;
  /** Of the file, where it says that the mesh stands for a sheet. */
  readonly metadata?: Pick<SurfaceMetadata, 'mode' | 'thickness' | 'domain'> | undefined;
  /** Whether `errors` are wanted. */
  readonly errors?: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

/** `decoded`: in the world, with triangles. Absolute lengths are in world units. Throws StudioError 'cancelled' after an abort, RangeError where a surface has no area. */
export async function surfaceQuality(original: SurfaceSignal, decoded: Mesh, options: SurfaceQualityOptions = {}): Promise<SurfaceMeasures> {
  const { samples = QUALITY_SAMPLES, metadata, signal, onProgress, threads, background = false } = options;
  const { domain } = original.metadata;
  const inCube = (mesh: Mesh): Mesh => ({ positions: Float64Array.from(toDomain(mesh.positions, domain)), indices: mesh.indices });
  const [reference, mesh] = [inCube(original.mesh), inCube(decoded)];
  let stage = 0;
  const asked = () => {
    const first = stage++;
    return { ...(signal && { signal }), onProgress: (fraction: number) => onProgress?.(Math.min(1, (first + fraction) / STAGES)) };
  };
  const open = openDistancesOn({ background, ...(threads !== undefined && { threads }) });
  const ours = open(reference);
  let theirs: DistanceField | null = null;
  try {
    const other = (theirs = open(mesh));
    const distance = await surfaceDistance({
      reference,
      decoded: mesh,
      nearestOnReference: (points) => ours.nearest(points, asked()),
      nearestOnDecoded: (points) => other.nearest(points, asked()),
      samples,
      seed: SEED,
      unit: domain.halfExtent,
    });
    const sheet = metadata?.mode === 'thickness';
    let iou: number | null = null;
    if (!sheet) {
      const box = sampleBox(unionOf(boundsOf(reference)!, boundsOf(mesh)!), samples, SEED);
      const inside = async (field: DistanceField): Promise<Uint8Array> => Uint8Array.from(await field.windings(box, asked()), (winding) => Number(Math.abs(winding) > 0.5));
      const [first, second] = [await inside(ours), await inside(other)];
      iou = first.includes(1) && second.includes(1) ? intersectionOverUnion(first, second) : null;
    }
    let errors: Float32Array | null = null;
    if (options.errors === true) {
      const half = sheet ? (metadata.thickness * metadata.domain.halfExtent) / domain.halfExtent / 2 : 0;
      ({ distances: errors } = await ours.nearest(Float32Array.from(mesh.positions), asked()));
      if (half > 0) errors = errors.map((value) => Math.abs(value - half));
    }
    onProgress?.(1);
    return { ...distance, iou, openEdges: topologyOf(decoded.indices, decoded.positions.length / 3).boundaryEdges, errors };
  } finally {
    await Promise.all([ours.dispose(), theirs?.dispose()]);
  }
}
