/**
 * Distances of millions of points on worker threads (Node only). The mesh and its trees lie in shared memory and are built once; threads take blocks
 * of points from a shared counter and write answers where they belong, so that the bits are those of openDistances, whatever the number of
 * threads. Few points are answered on this thread: starting others takes longer.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { StudioError } from '#core/errors';
import { distanceWorker } from '#kernels/build/distance-worker';
import { MeshDistance, type Nearest } from './distance';
import { BLOCK_POINTS, cancelled, fieldOf, type BlockOptions, type DistanceField, type DistanceOptions, type OpenDistances } from './distance-field';
import type { DistanceAnswer, DistanceJob, DistanceWorkerData } from './worker';

export interface DistancePoolOptions {
  /** Default: all logical processors; at most 32. */
  readonly threads?: number | undefined;
  /** Where the system can, threads give way to other work, such as a window that is drawn on the same cores. */
  readonly background?: boolean;
  /** Questions of fewer points are answered on this thread. */
  readonly fewPoints?: number;
}

const MAXIMUM_THREADS = 32;
/** About a quarter of a second of one thread. */
const FEW_POINTS = 16_384;
/** Milliseconds between two looks at how far the threads are. */
const LOOK_MILLISECONDS = 25;

type Question = Pick<DistanceJob, 'kind' | 'truncation'>;

/** Opens meshes over threads, which end with the field. */
export const openDistancesOn =
  ({ threads = availableParallelism(), background = false, fewPoints = FEW_POINTS }: DistancePoolOptions = {}): OpenDistances =>
  (mesh, rule) => {
    const several = threads > 1;
    const distance = MeshDistance.build(mesh, rule, several);
    const here = fieldOf(distance);
    return several ? new PooledDistances(distance, here, Math.min(threads, MAXIMUM_THREADS), background, fewPoints) : here;
  };

class PooledDistances implements DistanceField {
  private workers: Worker[] = [];
  private tail: Promise<unknown> = Promise.resolve();
  private jobs = 0;
  private readonly controls = new Set<Int32Array>();

  constructor(
    private readonly distance: MeshDistance,
    private readonly here: DistanceField,
    private readonly threads: number,
    private readonly background: boolean,
    private readonly fewPoints: number,
  ) {}

  async distances(points: Float32Array, options: DistanceOptions = {}): Promise<Float32Array> {
    if (points.length < 3 * this.fewPoints) return this.here.distances(points, options);
    return (await this.ask(points, { kind: 'distances', truncation: options.truncation ?? Infinity }, options)).values;
  }

  async nearest(points: Float32Array, options: BlockOptions = {}): Promise<Nearest> {
    if (points.length < 3 * this.fewPoints) return this.here.nearest(points, options);
    const { values, normals } = await this.ask(points, { kind: 'nearest', truncation: Infinity }, options);
    return { distances: values, normals };
  }

  async windings(points: Float32Array, options: BlockOptions = {}): Promise<Float32Array> {
    if (points.length < 3 * this.fewPoints) return this.here.windings(points, options);
    return (await this.ask(points, { kind: 'windings', truncation: Infinity }, options)).values;
  }

  async dispose(): Promise<void> {
    for (const control of this.controls) Atomics.store(control, 1, 1);
    await this.tail;
    const { workers } = this;
    this.workers = [];
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  /** One question at a time, in their order. */
  private ask(points: Float32Array, question: Question, options: BlockOptions): Promise<{ values: Float32Array; normals: Float32Array }> {
    const answer = this.tail.then(() => this.answer(points, question, options));
    this.tail = answer.catch(() => undefined);
    return answer;
  }

  private async answer(given: Float32Array, question: Question, { signal, onProgress }: BlockOptions): Promise<{ values: Float32Array; normals: Float32Array }> {
    if (signal?.aborted === true) throw cancelled();
    const count = given.length / 3;
    const points = sharedFloats(given.length);
    points.set(given);
    const values = sharedFloats(count);
    const normals = question.kind === 'nearest' ? sharedFloats(given.length) : null;
    const control = new Int32Array(new SharedArrayBuffer(8));
    const message: DistanceJob = { ...question, job: ++this.jobs, control, blockPoints: BLOCK_POINTS, points, values, normals };
    const stop = (): void => void Atomics.store(control, 1, 1);
    signal?.addEventListener('abort', stop);
    const look = setInterval(() => onProgress?.(Math.min(1, (Atomics.load(control, 0) * BLOCK_POINTS) / count)), LOOK_MILLISECONDS);
    this.controls.add(control);
    try {
      this.start();
      await Promise.all(this.workers.map((worker) => this.done(worker, message)));
    } catch (cause) {
      stop();
      throw new StudioError('failed', 'surface.threads', `A thread that measures distances stopped: ${cause instanceof Error ? cause.message : String(cause)}. There may be too little memory; take fewer points or threads.`, { cause });
    } finally {
      clearInterval(look);
      signal?.removeEventListener('abort', stop);
      this.controls.delete(control);
    }
    if (Atomics.load(control, 1) !== 0) throw cancelled();
    onProgress?.(1);
    // Shared memory does not leave: not everything that takes arrays takes views of it.
    return { values: values.slice(), normals: normals?.slice() ?? new Float32Array(0) };
  }

  private start(): void {
    if (this.workers.length > 0) return;
    const workerData: DistanceWorkerData = { image: this.distance.image(), background: this.background };
    this.workers = Array.from({ length: this.threads }, (_, thread) => {
      const worker = new Worker(distanceWorker, { eval: true, workerData, name: `inr-distance-${thread}` });
      worker.on('error', () => undefined);
      return worker;
    });
  }

  /** Resolves when a thread has no more blocks of this job. */
  private done(worker: Worker, message: DistanceJob): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        worker.off('message', onMessage).off('error', reject).off('exit', onExit);
        settle();
      };
      const onMessage = ({ job, error }: DistanceAnswer): void => {
        if (job === message.job) finish(() => (error === undefined ? resolve() : reject(new Error(error))));
      };
      const onExit = (code: number): void => finish(() => reject(new Error(`it ended with code ${code}`)));
      worker.on('message', onMessage).on('error', reject).on('exit', onExit);
      worker.postMessage(message);
    });
  }
}

const sharedFloats = (length: number): Float32Array<SharedArrayBuffer> => new Float32Array(new SharedArrayBuffer(4 * length));
