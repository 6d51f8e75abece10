/** Evaluation of a field on a regular grid, on all threads, block by block: only the output grows with the grid. */
import { StudioError } from '#core/errors';
import type { Field } from '#core/field/field';
import { pointCount } from '#core/signal/signal';
import { Slot } from '#kernels/slots';
import { allocateGrid } from '../grid';
import type { JobRecord } from './plan';
import type { WorkerPool } from './pool';

/** Points that a thread takes at a time. */
const BLOCK_POINTS = 4096;

export interface EvaluationMemory {
  readonly key: string;
  readonly memory: WebAssembly.Memory;
  readonly field: Field;
  /** Address of the threads' output blocks, blockBytes(field) each. */
  readonly output: number;
  readonly job: JobRecord;
  /** Two shared words; a 1 in the second ends the evaluation with a StudioError 'cancelled'. */
  readonly stop: Int32Array;
}

/** Samples 0.5 + 0.5 h(z), not clamped, interleaved, x fastest. */
export async function evaluateGrid(pool: WorkerPool, target: EvaluationMemory, size: readonly number[]): Promise<Float32Array> {
  const { field } = target;
  const values = allocateGrid(size, field.inputs, (points) => new Float32Array(points * field.outputs));
  await evaluateInto(pool, target, size, pointCount(size), 0, values);
  return values;
}

/** The same at some points of a grid: `count` indices, 32 bits each, at address `list`. */
export async function evaluatePoints(pool: WorkerPool, target: EvaluationMemory, size: readonly number[], list: number, count: number): Promise<Float32Array> {
  const values = new Float32Array(count * target.field.outputs);
  await evaluateInto(pool, target, size, count, list, values);
  return values;
}

async function evaluateInto(pool: WorkerPool, target: EvaluationMemory, size: readonly number[], points: number, list: number, values: Float32Array): Promise<void> {
  const { key, memory, field, output, job, stop } = target;
  const stride = evaluateGrid.blockBytes(field);
  await pool.run({
    message: (thread) => {
      if (thread === 0) {
        stop[0] = 0;
        size.forEach((extent, axis) => job.set(Slot.Grid + axis, extent));
        job.set(Slot.PointList, list);
        job.set(Slot.Output, output);
        job.set(Slot.OutputStride, stride);
      }
      const outputs = Array.from({ length: pool.threads }, (_, index) => output + index * stride);
      return { kind: 'evaluate', key, memory, control: stop, points, blockPoints: BLOCK_POINTS, output: outputs, channels: field.outputs };
    },
    onPart: (part) => values.set(part.values, part.first * field.outputs),
    abandon: () => {
      Atomics.store(stop, 1, 1);
    },
  });
  if (Atomics.load(stop, 1) !== 0) throw new StudioError('cancelled', 'cancelled', 'The evaluation was ended.');
}

/** Bytes of one thread's block of values. */
evaluateGrid.blockBytes = (field: Field): number => BLOCK_POINTS * field.outputs * 4;
