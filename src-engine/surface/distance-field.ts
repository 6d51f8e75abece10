/**
 * Distances of millions of points, in blocks: here on the calling thread, with turns of the event loop; pool-node.ts has the same on threads.
 * Both give the same bits.
 */
import { StudioError } from '#core/errors';
import { MeshDistance, type Nearest, type SignRule, type Triangles } from './distance';

export interface BlockOptions {
  readonly signal?: AbortSignal;
  /** Told the share that is done, rising to 1. */
  readonly onProgress?: (fraction: number) => void;
}

export interface DistanceOptions extends BlockOptions {
  /** Distances beyond it are cut off; default: none. */
  readonly truncation?: number;
}

/** Answers about one mesh. Points: x, y, z triples in the coordinates of the mesh. Every call throws StudioError 'cancelled' after an abort. */
export interface DistanceField {
  /** Signed distances, as MeshDistance.distances. */
  distances(points: Float32Array, options?: DistanceOptions): Promise<Float32Array>;
  /** Unsigned distances and normals, as MeshDistance.nearest. */
  nearest(points: Float32Array, options?: BlockOptions): Promise<Nearest>;
  /** Winding numbers, as MeshDistance.windings. */
  windings(points: Float32Array, options?: BlockOptions): Promise<Float32Array>;
  dispose(): Promise<void>;
}

/** Opens a mesh for queries; throws as MeshDistance.build. */
export type OpenDistances = (mesh: Triangles, rule?: SignRule) => DistanceField;

/** Points of a block: some milliseconds, so that an abort is quick. */
export const BLOCK_POINTS = 1024;
/** Milliseconds of work between two turns of the event loop. */
const TURN_MILLISECONDS = 12;

export function cancelled(): StudioError {
  return new StudioError('cancelled', 'cancelled', 'The work on the surface was cancelled.');
}

/** A distance field on this thread. */
export const openDistances: OpenDistances = (mesh, rule) => fieldOf(MeshDistance.build(mesh, rule));

/** The same over a mesh that is open already. */
export function fieldOf(distance: MeshDistance): DistanceField {
  const inBlocks = async (points: Float32Array, { signal, onProgress }: BlockOptions, work: (block: Float32Array, first: number) => void): Promise<void> => {
    const count = points.length / 3;
    let turn = performance.now();
    for (let first = 0; first < count; first += BLOCK_POINTS) {
      if (performance.now() - turn > TURN_MILLISECONDS) {
        onProgress?.(first / count);
        await new Promise((resolve) => setTimeout(resolve, 0));
        turn = performance.now();
      }
      if (signal?.aborted === true) throw cancelled();
      work(points.subarray(3 * first, 3 * Math.min(count, first + BLOCK_POINTS)), first);
    }
    onProgress?.(1);
  };
  return {
    async distances(points, options = {}) {
      const values = new Float32Array(points.length / 3);
      await inBlocks(points, options, (block, first) => values.set(distance.distances(block, options.truncation), first));
      return values;
    },
    async nearest(points, options = {}) {
      const found = { distances: new Float32Array(points.length / 3), normals: new Float32Array(points.length) };
      await inBlocks(points, options, (block, first) => {
        const { distances, normals } = distance.nearest(block);
        found.distances.set(distances, first);
        found.normals.set(normals, 3 * first);
      });
      return found;
    },
    async windings(points, options = {}) {
      const values = new Float32Array(points.length / 3);
      await inBlocks(points, options, (block, first) => values.set(distance.windings(block), first));
      return values;
    },
    dispose: () => Promise.resolve(),
  };
}
