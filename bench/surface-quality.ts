/** How near a mesh is to its reference: all measures of core/metric/mesh.ts, with distances on all cores. */
import { intersectionOverUnion, sampleBox, surfaceDistance, unionOf, type SurfaceDistance } from '#core/metric/mesh';
import { boundsOf, type Mesh } from '#core/signal/mesh';
import { topologyOf } from '#core/signal/mesh-topology';
import type { DistanceField } from '#engine/surface/distance-field';
import { openDistancesOn } from '#engine/surface/pool-node';

const SAMPLES = 200_000;
const SEED = 1;

export interface SurfaceQuality extends SurfaceDistance {
  readonly overlap: number | null;
  /** Edges of one triangle. */
  readonly openEdges: number;
}

const insideOf = async (field: DistanceField, points: Float32Array): Promise<Uint8Array> => Uint8Array.from(await field.windings(points), (winding) => Number(Math.abs(winding) > 0.5));

/** Both in cube coordinates. IoU goes by winding numbers, so that a reference with holes counts as the solid that they almost enclose. */
export async function surfaceQuality(reference: Mesh, decoded: Mesh): Promise<SurfaceQuality> {
  const [ours, theirs] = [openDistancesOn()(reference), openDistancesOn()(decoded)];
  try {
    const distance = await surfaceDistance({ reference, decoded, nearestOnReference: (points) => ours.nearest(points), nearestOnDecoded: (points) => theirs.nearest(points), samples: SAMPLES, seed: SEED });
    const box = sampleBox(unionOf(boundsOf(reference)!, boundsOf(decoded)!), SAMPLES, SEED);
    const overlap = intersectionOverUnion(await insideOf(ours, box), await insideOf(theirs, box));
    return { ...distance, overlap, openEdges: topologyOf(decoded.indices, decoded.positions.length / 3).boundaryEdges };
  } finally {
    await Promise.all([ours.dispose(), theirs.dispose()]);
  }
}
