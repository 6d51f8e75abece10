/** Long calls that a renderer can watch and cancel under an id that it chose. */
import { StudioError } from '#core/errors';
import type { Emit } from '../ipc/dispatch';

/** Shortest time between two task.progress events of one task. */
const PROGRESS_MILLISECONDS = 100;

export interface Task {
  readonly signal: AbortSignal;
  /** Fraction in [0, 1] of the stage that `label` names. */
  progress(label: string, fraction: number): void;
}

export class Tasks {
  readonly #running = new Map<string, AbortController>();

  constructor(private readonly emit: Emit) {}

  /** Runs `work` under an id. Cancelled work rejects with StudioError 'cancelled', whatever it threw. */
  async run<T>(id: string, work: (task: Task) => Promise<T>): Promise<T> {
    if (this.#running.has(id)) throw new StudioError('usage', 'task.running', `Task ${id} is running already.`);
    const controller = new AbortController();
    this.#running.set(id, controller);
    let lastLabel = '';
    let lastTime = -Infinity;
    const task: Task = {
      signal: controller.signal,
      progress: (label, fraction) => {
        const now = performance.now();
        if (controller.signal.aborted || (label === lastLabel && now - lastTime < PROGRESS_MILLISECONDS)) return;
        [lastLabel, lastTime] = [label, now];
        this.emit('task.progress', { task: id, label, fraction: Math.min(1, Math.max(0, fraction)) });
      },
    };
    try {
      const result = await work(task);
      controller.signal.throwIfAborted();
      return result;
    } catch (error) {
      if (controller.signal.aborted) throw new StudioError('cancelled', 'cancelled', 'Cancelled.', { cause: error });
      throw error;
    } finally {
      this.#running.delete(id);
    }
  }

  /** No effect on a task that has ended. */
  cancel(id: string): void {
    this.#running.get(id)?.abort();
  }

  dispose(): void {
    for (const controller of this.#running.values()) controller.abort();
  }
}
