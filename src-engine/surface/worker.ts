/**
 * One thread of pool-node.ts: opens the shared mesh once, then takes blocks of points from a shared counter until none is left or it is called
 * off. scripts/build-kernels.mjs bundles this file with all that it imports into one text (kernels/build/distance-worker.ts), so that no
 * bundler has to find it as a file.
 */
import { constants, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { MeshDistance, type DistanceImage } from './distance';

export interface DistanceWorkerData {
  readonly image: DistanceImage;
  /** Gives way to other work where the system can. */
  readonly background: boolean;
}

/** A question about points; all arrays lie in shared memory. */
export interface DistanceJob {
  readonly job: number;
  readonly kind: 'distances' | 'nearest' | 'windings';
  /** The next block that nobody has, and 1 when the answer is no longer wanted. */
  readonly control: Int32Array;
  readonly blockPoints: number;
  readonly points: Float32Array;
  readonly truncation: number;
  /** A number a point. */
  readonly values: Float32Array;
  /** Of kind 'nearest': three numbers a point. */
  readonly normals: Float32Array | null;
}

export interface DistanceAnswer {
  readonly job: number;
  readonly error?: string;
}

const { image, background } = workerData as DistanceWorkerData;
// On Linux a priority belongs to one thread, and process 0 is the calling one; elsewhere it would slow the whole process down.
if (background && process.platform === 'linux') {
  try {
    setPriority(0, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // Not allowed here: then all threads are equal.
  }
}
const distance = MeshDistance.fromImage(image);

function work({ kind, control, blockPoints, points, truncation, values, normals }: DistanceJob): void {
  const count = points.length / 3;
  for (;;) {
    const first = Atomics.add(control, 0, 1) * blockPoints;
    if (first >= count || Atomics.load(control, 1) !== 0) return;
    const block = points.subarray(3 * first, 3 * Math.min(count, first + blockPoints));
    if (kind === 'distances') values.set(distance.distances(block, truncation), first);
    else if (kind === 'windings') values.set(distance.windings(block), first);
    else {
      const nearest = distance.nearest(block);
      values.set(nearest.distances, first);
      normals?.set(nearest.normals, 3 * first);
    }
  }
}

parentPort?.on('message', (message: DistanceJob) => {
  const { job } = message;
  let answer: DistanceAnswer = { job };
  try {
    work(message);
  } catch (error) {
    answer = { job, error: error instanceof Error ? error.message : String(error) };
  }
  parentPort?.postMessage(answer);
});
