/**
 * The normative synthesis (docs/FORMAT.md, part 3) on worker threads: kernels/assembly/exact.ts gives the same samples as
 * src-core/coding/synthesis.ts, to the bit, some hundred times faster. The threads share one memory with one copy of weights and
 * tables; blocks of points are taken from a shared counter. A decode is cut into jobs of the pool, so that a fit that shares the
 * threads goes on, pauses and stops meanwhile.
 */
import { StudioError } from '#core/errors';
import type { Synthesizer } from '#core/coding/types';
import { pointCount } from '#core/signal/signal';
import { BLOCK_POINTS, planExact } from './exact-image';
import { allocateGrid } from '../grid';
import { allocateShared } from './memory';
import { WorkerPool, type PoolJob } from './pool';
import { freshKey } from './trainer';

/** Length of one job. */
const TURN_MILLISECONDS = 60;

export interface ExactSynthesizerOptions {
  /** Threads, 1 to 32; default: all logical processors. */
  readonly threads?: number;
  /** A pool to share; it is then not ended by dispose(). */
  readonly pool?: WorkerPool;
}

export interface ExactSynthesizer {
  readonly synthesize: Synthesizer;
  dispose(): Promise<void>;
}

/** A synthesizer on threads; dispose() ends them. An aborted call rejects with StudioError 'cancelled'. */
export function createExactSynthesizer(options: ExactSynthesizerOptions = {}): ExactSynthesizer {
  const pool = options.pool ?? new WorkerPool(options.threads);
  const synthesize: Synthesizer = async (field, parameters, size, type, callOptions = {}) => {
    const { signal, onProgress } = callOptions;
    const points = pointCount(size);
    const make = (count: number): Uint8Array | Uint16Array => (type === 'uint8' ? new Uint8Array(count * field.outputs) : new Uint16Array(count * field.outputs));
    const samples = allocateGrid(size, field.inputs, make);
    const plan = planExact(field, parameters, { size, type }, pool.threads);
    const memory = allocateShared(plan.pages, 'Close other programs, or use fewer threads.');
    plan.write(memory.buffer);
    const control = new Int32Array(new SharedArrayBuffer(8));
    const key = freshKey();
    const abandon = (): void => {
      Atomics.store(control, 1, 1);
    };
    if (signal?.aborted === true) abandon();
    signal?.addEventListener('abort', abandon);
    let done = 0;
    try {
      const message = { kind: 'synthesize', key, memory, output: plan.outputs, control, points, blockPoints: BLOCK_POINTS, channels: field.outputs, bytes: samples.BYTES_PER_ELEMENT, milliseconds: TURN_MILLISECONDS };
      const turn: PoolJob = {
        message: () => message,
        onPart: (part) => {
          samples.set(part.values, part.first * field.outputs);
          done += part.values.length / field.outputs;
          onProgress?.(done / points);
        },
        abandon,
      };
      while ((await pool.run(turn)) !== 0);
    } finally {
      signal?.removeEventListener('abort', abandon);
      // When its turn comes: nobody waits for it.
      pool.forget(key).catch(() => undefined);
    }
    if (Atomics.load(control, 1) !== 0) throw new StudioError('cancelled', 'cancelled', 'The decode was cancelled.');
    return samples;
  };
  return {
    synthesize,
    async dispose(): Promise<void> {
      if (options.pool === undefined) await pool.dispose();
    },
  };
}
