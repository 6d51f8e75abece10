/**
 * The normative synthesis at lists of points, on worker threads: what exact.ts does for grids, with coordinates from memory and float32 outputs. The
 * same kernel and the same order of operations as synthesizePoints (src-core/coding/synthesis.ts), hence the same bits on every machine and any
 * number of threads: that makes the mesh of a file the same everywhere.
 *
 * Weights, tables and room for CAPACITY points lie in one shared memory for as long as the evaluator is open; longer lists pass through it in
 * pieces.
 */
import { StudioError } from '#core/errors';
import type { Field } from '#core/field/field';
import { planExact } from './exact-image';
import { allocateShared } from './memory';
import { WorkerPool, type PoolJob } from './pool';
import { freshKey } from './trainer';

/** Points that lie in the shared memory at a time. */
const CAPACITY = 1 << 17;
/** Points of one call of the kernel: small, so that short lists keep all threads busy. */
const CALL_POINTS = 1024;
/** Length of one job. */
const TURN_MILLISECONDS = 60;

export interface PointEvaluator {
  /**
   * Outputs of the network at `points` (field.inputs coordinates each, interleaved; taken into [-1, 1], what is not a number to 0): float32,
   * interleaved. Calls must not overlap. Rejects with StudioError 'cancelled' after an abort.
   */
  evaluate(points: Float32Array): Promise<Float32Array>;
  /** Ends the threads, where they are its own. */
  dispose(): Promise<void>;
}

export interface PointEvaluatorOptions {
  /** Threads, 1 to 32; default: all logical processors. */
  readonly threads?: number | undefined;
  /** A pool to share; it is then not ended by dispose(). */
  readonly pool?: WorkerPool | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Opens `parameters` (parameterLayout(field)) for questions. Throws StudioError 'failed'/'synthesis.shape' when they are not those of the field. */
export function openPoints(field: Field, parameters: Float32Array, options: PointEvaluatorOptions = {}): PointEvaluator {
  const { signal } = options;
  const pool = options.pool ?? new WorkerPool(options.threads);
  const { inputs, outputs } = field;
  const plan = planExact(field, parameters, { capacity: CAPACITY }, pool.threads);
  const memory = allocateShared(plan.pages, 'Close other programs, or use fewer threads.');
  plan.write(memory.buffer);
  const list = new Float32Array(memory.buffer, plan.list, CAPACITY * inputs);
  const control = new Int32Array(new SharedArrayBuffer(8));
  const key = freshKey();

  async function piece(first: number, points: number, out: Float32Array): Promise<void> {
    Atomics.store(control, 0, 0);
    const message = { kind: 'synthesize', key, memory, output: plan.outputs, control, points, blockPoints: CALL_POINTS, channels: outputs, bytes: 4, milliseconds: TURN_MILLISECONDS };
    const turn: PoolJob = {
      message: () => message,
      onPart: (part) => out.set(part.values, (first + part.first) * outputs),
      abandon: () => void Atomics.store(control, 1, 1),
    };
    while ((await pool.run(turn)) !== 0);
  }

  return {
    async evaluate(points) {
      const total = points.length / inputs;
      if (!Number.isInteger(total)) throw new StudioError('failed', 'synthesis.shape', `The field takes ${inputs} coordinates a point, ${points.length} were given.`);
      const out = new Float32Array(total * outputs);
      const abandon = (): void => void Atomics.store(control, 1, 1);
      if (signal?.aborted === true) abandon();
      signal?.addEventListener('abort', abandon);
      try {
        for (let first = 0; first < total && Atomics.load(control, 1) === 0; first += CAPACITY) {
          const count = Math.min(CAPACITY, total - first);
          for (let i = 0, from = first * inputs; i < count * inputs; i++, from++) list[i] = within(points[from]!);
          await piece(first, count, out);
        }
      } finally {
        signal?.removeEventListener('abort', abandon);
      }
      if (Atomics.load(control, 1) !== 0) throw new StudioError('cancelled', 'cancelled', 'Cancelled.');
      return out;
    },
    async dispose() {
      if (options.pool === undefined) await pool.dispose();
      // When its turn comes: nobody waits for it.
      else pool.forget(key).catch(() => undefined);
    },
  };
}

function within(value: number): number {
  if (value > 1) return 1;
  if (value < -1) return -1;
  return Number.isNaN(value) ? 0 : value;
}
