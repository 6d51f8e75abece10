/**
 * The trainer of the cpu engine: one shared linear memory (training.ts) that all threads work on; kernels/assembly/trainer.ts does the
 * steps. Calls are queued: a checkpoint or a picture that is asked for during a run comes from the state after it.
 */
import { StudioError } from '#core/errors';
import type { Field } from '#core/field/field';
import { initialParameters } from '#core/field/init';
import type { FitPlan } from '#core/fit/config';
import type { DrawTable } from '#core/fit/importance';
import { Control, RateSlot } from '#kernels/slots';
import { requireRates, requireTrainable } from '../checks';
import { DeviceLostError, type Trainer, type TrainerRequest, type TrainReport, type TrainState } from '../engine';
import { errorTable, resumedTable, stretches, tableState } from '../importance';
import { evaluateGrid, evaluatePoints, type EvaluationMemory } from './evaluate';
import { allocateShared } from './memory';
import type { WorkerPool } from './pool';
import { CUTS, planTraining, STEPS_PER_CALL, writeRates, type TrainingMemory, type TrainingPlan } from './training';

/** Bytes of the data set that are copied before the event loop gets its turn. */
const COPY_BYTES = 1 << 24;

let nextKey = 1;
/** Names a memory to the threads. */
export const freshKey = (): string => `memory-${nextKey++}`;

interface Room {
  readonly training: TrainingPlan;
  readonly memory: WebAssembly.Memory;
  readonly notes: readonly string[];
}

/** Memory for a fit, cut smaller where the machine does not have it. Throws what `allocate` throws for the smallest. */
function roomFor(request: TrainerRequest, threads: number, allocate: typeof allocateShared): Room {
  const usual = planTraining(request, threads, CUTS[0]!);
  let failure: unknown;
  let least = Infinity;
  for (const cut of CUTS) {
    const training = planTraining(request, threads, cut);
    if (training.pages >= least) continue;
    least = training.pages;
    try {
      const memory = allocate(training.pages, 'Use a smaller image or volume, a smaller network, or fewer threads.');
      const { chunks } = training;
      const note = `Memory was short: gradients are summed in ${chunks} parts instead of ${usual.chunks}, so no more than ${chunks} threads share a step.`;
      return { training, memory, notes: chunks === usual.chunks ? [] : [note] };
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

/** Throws StudioError 'usage' as requireTrainable, 'failed'/'memory' when the machine cannot hold it. `allocate`: for tests of machines with little memory. */
export async function createCpuTrainer(pool: WorkerPool, request: TrainerRequest, allocate = allocateShared): Promise<Trainer> {
  const { field, plan, data, seed, state } = request;
  requireTrainable(request);
  const { training, memory, notes } = roomFor(request, pool.threads, allocate);
  const parts = training.write(memory);
  await copyBytes(bytesOf(data.samples), bytesOf(parts.data.samples));
  if (data.coordinates && parts.data.coordinates) await copyBytes(bytesOf(data.coordinates), bytesOf(parts.data.coordinates));
  const parameters = state?.parameters ?? initialParameters(field, seed);
  parts.put('master', parameters);
  if (plan.average !== null) parts.put('average', state?.average ?? parameters);
  if (state !== undefined) {
    parts.put('moment1', state.moment1);
    parts.put('moment2', state.moment2);
  }
  const trainer = new CpuTrainer(pool, memory, request, parts, notes);
  await trainer.derive();
  return trainer;
}

export function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

class CpuTrainer implements Trainer {
  readonly field: Field;
  private readonly plan: FitPlan;
  private readonly seed: number;
  private readonly key = freshKey();
  private step: number;
  private tail: Promise<unknown> = Promise.resolve();
  private disposed = false;
  /** Of error-driven sampling. */
  private table: DrawTable | null;
  private lost: DeviceLostError | null = null;
  private readonly gridStop = new Int32Array(new SharedArrayBuffer(8));

  constructor(
    private readonly pool: WorkerPool,
    private readonly memory: WebAssembly.Memory,
    request: TrainerRequest,
    private readonly parts: TrainingMemory,
    readonly notes: readonly string[],
  ) {
    this.field = request.field;
    this.plan = request.plan;
    this.seed = request.seed;
    this.step = request.state?.step ?? 0;
    this.table = resumedTable(request);
    if (this.table) parts.useTable(this.table);
  }

  /** Forward and backward weights from the stored parameters. */
  async derive(): Promise<void> {
    await this.pool.run({ message: () => ({ kind: 'derive', key: this.key, memory: this.memory }), abandon: () => undefined });
  }

  run(learningRates: Float32Array): Promise<TrainReport> {
    const rates = learningRates.slice();
    return this.exclusive(async () => {
      requireRates(rates);
      let loss = 0;
      let squaredError = 0;
      for (const { first, count, refresh } of stretches(this.plan.sampling, this.step, rates.length, this.table !== null)) {
        if (refresh) await this.refreshTable();
        for (let done = first; done < first + count; done += STEPS_PER_CALL) {
          const sums = await this.runPiece(rates.subarray(done, Math.min(done + STEPS_PER_CALL, first + count)));
          loss += sums.loss / rates.length;
          squaredError += sums.squaredError / rates.length;
        }
      }
      return { step: this.step, loss, squaredError };
    });
  }

  /** The table of error-driven sampling for the steps from now on. */
  private async refreshTable(): Promise<void> {
    const { data, probes } = this.parts;
    const table = await errorTable(data, this.plan, this.seed, this.step, (indices) => {
      probes.indices.set(indices);
      return evaluatePoints(this.pool, this.evaluation(), data.size, probes.address, indices.length);
    });
    this.parts.useTable(table);
    this.table = table;
  }

  /** Sums over at most STEPS_PER_CALL steps. */
  private async runPiece(learningRates: Float32Array): Promise<Pick<TrainReport, 'loss' | 'squaredError'>> {
    const { control, rates, totals } = this.parts;
    const first = this.step;
    await this.pool.run({
      message: (thread) => {
        // Written when the job's turn has come and no thread works on this memory.
        if (thread === 0) {
          learningRates.forEach((rate, i) => writeRates(this.plan, first + i + 1, rate, rates, i * RateSlot.Words));
          totals.fill(0);
          control.fill(0);
          if (this.disposed) control[Control.Stop] = 1;
        }
        return { kind: 'train', key: this.key, memory: this.memory, first, steps: learningRates.length };
      },
      abandon: (died) => this.stop(died ? 2 : 1),
    });
    const done = control[Control.StepsDone]!;
    this.step += done;
    if (done < learningRates.length) throw closed();
    return { loss: totals[0]!, squaredError: totals[1]! };
  }

  checkpoint(): Promise<TrainState> {
    return this.exclusive(async () => ({
      step: this.step,
      parameters: this.parts.read('master'),
      moment1: this.parts.read('moment1'),
      moment2: this.parts.read('moment2'),
      ...(this.plan.average === null ? {} : { average: this.parts.read('average') }),
      ...tableState(this.table),
    }));
  }

  reconstruct(size: readonly number[]): Promise<Float32Array> {
    return this.exclusive(async () => {
      if (this.plan.average === null) return evaluateGrid(this.pool, this.evaluation(), size);
      this.parts.showAverage(true);
      try {
        await this.derive();
        return await evaluateGrid(this.pool, this.evaluation(), size);
      } finally {
        this.parts.showAverage(false);
      }
    });
  }

  private evaluation(): EvaluationMemory {
    const { key, memory, field, parts } = this;
    return { key, memory, field, output: parts.output, job: parts.job, stop: this.gridStop };
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.stop(1);
    Atomics.store(this.gridStop, 1, 1);
    const forget = (): Promise<unknown> => this.pool.forget(this.key);
    this.tail = this.tail.then(forget, forget).catch(() => undefined);
  }

  private stop(how: 1 | 2): void {
    const { control } = this.parts;
    // Never from 2 back to 1: the others would wait at the barrier for a thread that is dead.
    if (Atomics.load(control, Control.Stop) < how) Atomics.store(control, Control.Stop, how);
    // Wakes sleepers only to look; they go back to sleep unless they are to leave at once.
    Atomics.notify(control, Control.Generation);
  }

  private exclusive<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.tail.then(async () => {
      if (this.lost !== null) throw new DeviceLostError(this.lost.message, { cause: this.lost });
      if (this.disposed) throw closed();
      try {
        return await work();
      } catch (error) {
        if (error instanceof DeviceLostError) this.lost = error;
        throw error;
      }
    });
    this.tail = result.catch(() => undefined);
    return result;
  }
}

export function closed(): StudioError {
  return new StudioError('cancelled', 'cancelled', 'The fit was closed before its steps were done.');
}

/** Copies in pieces, between which the event loop gets its turn. */
export async function copyBytes(from: Uint8Array, to: Uint8Array): Promise<void> {
  for (let at = 0; at < from.length; at += COPY_BYTES) {
    to.set(from.subarray(at, at + COPY_BYTES), at);
    if (at + COPY_BYTES < from.length) await new Promise((resolve) => setImmediate(resolve));
  }
}
