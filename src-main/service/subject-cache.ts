/**
 * The subject of one signal, made once for all who ask for it: a surface is drawn into points in seconds, and the window, the fit and the
 * file that follows want the same ones. The last one asked for is kept. Whoever waits may leave; the work ends when nobody waits any more.
 */
import { StudioError } from '#core/errors';
import type { FitConfig } from '#core/fit/config';
import type { Signal } from '#core/signal/subject';
import { subjectOf, type Subject, type SubjectOptions } from './subject';

interface Work {
  readonly key: string;
  readonly made: Promise<Subject>;
  readonly controller: AbortController;
  readonly listeners: Set<(fraction: number) => void>;
  waiting: number;
  /** Set when it is done. */
  subject: Subject | null;
}

/** What a subject is made by, apart from the signal. */
const keyOf = (config: FitConfig): string => JSON.stringify([config.surface ?? null, config.seed]);

const left = (): StudioError => new StudioError('cancelled', 'cancelled', 'The work on the surface was cancelled.');

export class SubjectCache {
  #work: Work | null = null;

  constructor(private readonly signal: Signal) {}

  /** The subject that was made last; null before any, and while another is made. */
  get last(): Subject | null {
    return this.#work?.subject ?? null;
  }

  /** The subject for this configuration. Throws as subjectOf does; StudioError 'cancelled' at once when the caller's own signal says so. */
  async get(config: FitConfig, { signal, onProgress }: SubjectOptions = {}): Promise<Subject> {
    if (this.signal.kind !== 'surface') return subjectOf(this.signal, config);
    if (signal?.aborted === true) throw left();
    const key = keyOf(config);
    const work = this.#work?.key === key && !this.#work.controller.signal.aborted ? this.#work : this.#begin(key, config);
    if (work.subject) return work.subject;
    if (onProgress) work.listeners.add(onProgress);
    work.waiting++;
    let leave = (): void => undefined;
    try {
      return await new Promise((resolve, reject) => {
        leave = () => reject(left());
        signal?.addEventListener('abort', leave);
        work.made.then(resolve, reject);
      });
    } finally {
      signal?.removeEventListener('abort', leave);
      if (onProgress) work.listeners.delete(onProgress);
      work.waiting--;
      if (work.waiting === 0 && !work.subject) work.controller.abort();
    }
  }

  #begin(key: string, config: FitConfig): Work {
    const controller = new AbortController();
    const listeners = new Set<(fraction: number) => void>();
    const onProgress = (fraction: number): void => listeners.forEach((listener) => listener(fraction));
    const made = subjectOf(this.signal, config, { signal: controller.signal, onProgress, background: true });
    const work: Work = { key, made, controller, listeners, waiting: 0, subject: null };
    this.#work = work;
    made.then(
      (subject) => (work.subject = subject),
      () => {
        if (this.#work === work) this.#work = null;
      },
    );
    return work;
  }

  /** Ends what is under way. */
  close(): void {
    this.#work?.controller.abort();
    this.#work = null;
  }
}
