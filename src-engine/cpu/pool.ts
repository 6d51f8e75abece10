/**
 * A pool of worker threads that run the WebAssembly kernels, one job at a time in the order of arrival, every job on all threads.
 * Trainers, evaluations and exact decodes share it, so that several fits do not fight for the cores.
 *
 * Threads start with the first job and are unreferenced while idle: they never keep a process alive. A thread that dies ends
 * its job with a DeviceLostError, the others are stopped, and the next job starts new ones.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { StudioError } from '#core/errors';
import { DeviceLostError } from '../engine';
import { HOST_BUILD, kernelModules } from './modules';
import workerSource from './worker.cjs?raw';

/** More threads than chunks of a batch (plan of a trainer) would have nothing to do. */
const MAXIMUM_THREADS = 32;

export interface Part {
  readonly first: number;
  readonly values: Uint8Array | Uint16Array | Float32Array;
}

export interface PoolJob {
  /** Message to thread `thread`; `kind` names what worker.cjs does. */
  message(thread: number): { readonly kind: string } & Readonly<Record<string, unknown>>;
  /** A block of samples arrived. */
  onPart?(part: Part): void;
  /**
   * Tells the threads that are at work on this job to leave it: at the next consistent state, or at once when a thread `died`
   * that others may wait for. May be called more than once.
   */
  abandon(died: boolean): void;
}

interface Answer {
  readonly job: number;
  readonly result?: number;
  readonly error?: string;
  readonly part?: Part;
}

export class WorkerPool {
  readonly threads: number;
  private workers: Worker[] = [];
  private tail: Promise<unknown> = Promise.resolve();
  private current: PoolJob | null = null;
  private nextJob = 1;
  private disposed = false;

  /**
   * `threads`: default all logical processors; 1 to 32. `background`: where the system can, they give way to other work, such as a
   * window that is drawn on the same cores. `build` of the trainer's kernels: the fastest that the host takes, unless a measurement or
   * test asks for another.
   */
  constructor(
    threads: number = availableParallelism(),
    private readonly background = false,
    readonly build = HOST_BUILD,
  ) {
    if (!Number.isInteger(threads) || threads < 1) throw new StudioError('usage', 'usage.threads', `Threads must be a whole number from 1, not ${threads}.`);
    this.threads = Math.min(threads, MAXIMUM_THREADS);
  }

  /** Runs a job when those before it are done. Resolves to the largest result of the threads. */
  run(job: PoolJob): Promise<number> {
    const done = this.tail.then(() => this.execute(job));
    this.tail = done.catch(() => undefined);
    return done;
  }

  /** Lets the threads drop what they keep for the memory `key`. */
  async forget(key: string): Promise<void> {
    if (this.workers.length > 0 && !this.disposed) await this.run({ message: () => ({ kind: 'forget', key }), abandon: () => undefined });
  }

  /** Ends the job that runs, refuses those that wait, stops the threads. */
  async dispose(): Promise<void> {
    this.disposed = true;
    this.current?.abandon(false);
    await this.tail;
    await this.terminate();
  }

  private async terminate(): Promise<void> {
    const workers = this.workers;
    this.workers = [];
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  private async execute(job: PoolJob): Promise<number> {
    if (this.disposed) throw new StudioError('cancelled', 'cancelled', 'The engine was closed.');
    if (this.workers.length === 0) {
      const workerData = { modules: kernelModules(this.build), background: this.background };
      this.workers = Array.from({ length: this.threads }, (_, thread) => {
        const worker = new Worker(workerSource, { eval: true, workerData, name: `inr-cpu-${thread}` });
        // Without a listener an error of an idle thread would end the process; its job, if any, listens for itself.
        worker.on('error', () => undefined);
        worker.once('exit', () => {
          if (this.workers.includes(worker) && this.current === null) void this.terminate();
        });
        return worker;
      });
    }
    this.current = job;
    const id = this.nextJob++;
    try {
      if (this.disposed) job.abandon(false);
      const answers = await Promise.allSettled(this.workers.map((worker, thread) => this.ask(worker, thread, id, job)));
      const failed = answers.find((answer) => answer.status === 'rejected');
      if (failed !== undefined) {
        await this.terminate();
        throw failed.reason;
      }
      return Math.max(...answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : 0)));
    } finally {
      this.current = null;
      for (const worker of this.workers) worker.unref();
    }
  }

  private ask(worker: Worker, thread: number, id: number, job: PoolJob): Promise<number> {
    return new Promise<number>((resolve, reject) => {
      const finish = (settle: () => void): void => {
        worker.off('message', onMessage);
        worker.off('error', onError);
        worker.off('exit', onExit);
        settle();
      };
      const fail = (reason: string, cause?: unknown): void => {
        job.abandon(true);
        finish(() => reject(new DeviceLostError(`A thread of the cpu engine stopped: ${reason}`, { cause })));
      };
      const onMessage = (answer: Answer): void => {
        if (answer.job !== id) return;
        if (answer.part !== undefined) {
          job.onPart?.(answer.part);
          return;
        }
        if (answer.error !== undefined) fail(answer.error);
        else finish(() => resolve(answer.result ?? 0));
      };
      const onError = (error: Error): void => fail(error.message, error);
      const onExit = (code: number): void => fail(`it ended with code ${code}`);
      worker.on('message', onMessage);
      worker.on('error', onError);
      worker.on('exit', onExit);
      worker.ref();
      try {
        worker.postMessage({ ...job.message(thread), job: id, thread, threads: this.threads });
      } catch (error) {
        // The other threads may wait for this one.
        fail(`it could not be given its work: ${error instanceof Error ? error.message : String(error)}`, error);
      }
    });
  }
}
