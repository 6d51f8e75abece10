/**
 * The trainer of the cpu engine: one shared linear memory that holds data set, parameters, moments and the buffers of all
 * threads; kernels/assembly/trainer.ts does the steps. Calls are queued: a checkpoint or a picture that is asked for during a run
 * comes from the state after it.
 */
import { StudioError } from '#core/errors';
import type { Field } from '#core/field/field';
import { initialParameters } from '#core/field/init';
import type { Loss } from '#core/fit/config';
import { pointCount, sampleMaximum } from '#core/signal/signal';
import { Control, LossKind, Slot } from '#kernels/slots';
import { DeviceLostError, type Trainer, type TrainerRequest, type TrainReport, type TrainState } from '../engine';
import { evaluateGrid } from './evaluate';
import { allocateShared } from './memory';
import { Arena, fromPanels, planNetwork, toPanels, type PanelLayout } from './plan';
import type { WorkerPool } from './pool';
import { loadTables, planTableTraining, storeTables } from './tables';

/** Steps of one call into WebAssembly; longer runs are cut, so that the table of rates stays small. */
const STEPS_PER_CALL = 1024;
/** Chunks of a batch: enough for 32 threads; more would only cost memory and time to add them up. */
const MAXIMUM_CHUNKS = 32;
/** Bytes of the data set that are copied before the event loop gets its turn. */
const COPY_BYTES = 1 << 24;

/** Samples of a chunk; from the batch alone, because the order of summation follows from it. */
export function chunkSamples(batch: number): number {
  return Math.ceil(Math.max(batch / MAXIMUM_CHUNKS, Math.min(128, batch / 4)) / 64) * 64;
}

const LOSS_KINDS = { l2: LossKind.L2, l1: LossKind.L1, 'relative-l2': LossKind.RelativeL2, huber: LossKind.Huber, mape: LossKind.Mape } as const;

function lossConstant(loss: Loss): number {
  if ('epsilon' in loss) return loss.epsilon;
  return 'delta' in loss ? loss.delta : 0;
}

let nextKey = 1;
/** Names a memory to the threads. */
export const freshKey = (): string => `memory-${nextKey++}`;

/** Throws StudioError 'failed'/'memory' when the machine cannot hold it. */
export async function createCpuTrainer(pool: WorkerPool, request: TrainerRequest): Promise<Trainer> {
  const { field, plan, data, seed, state } = request;
  const points = pointCount(data.size);
  if (data.samples.length !== points * data.channels || data.channels !== field.outputs || data.size.length !== field.inputs) {
    throw new StudioError('failed', 'internal', `The data set (${data.size.join(' x ')}, ${data.channels} channels) does not fit the field.`);
  }
  const chunk = chunkSamples(plan.batch);
  const chunks = Math.ceil(plan.batch / chunk);

  const arena = new Arena();
  const control = arena.take(Control.Words * 4);
  const network = planNetwork(arena, field, pool.threads, plan.batch * field.outputs, false);
  const { layout } = network;
  // An odd number of cache lines between gradient buffers keeps equal offsets out of equal cache sets.
  const gradientStride = (Math.ceil(layout.bytes / 64) | 1) * 64;
  const master = arena.take(layout.bytes);
  const moment1 = arena.take(layout.bytes);
  const moment2 = arena.take(layout.bytes);
  const backward = arena.take(layout.bytes);
  const gradients = arena.take(gradientStride * chunks);
  const chunkLoss = arena.take(16 * chunks);
  const lossTotal = arena.take(16);
  const rates = arena.take(8 * STEPS_PER_CALL);
  const { tables } = network;
  const training = tables ? planTableTraining(arena, tables, field, chunks, chunk, plan.batch * field.outputs) : null;
  const output = arena.take(evaluateGrid.blockBytes(field) * pool.threads);
  const samples = arena.take(data.samples.byteLength);
  const memory = allocateShared(arena.pages, 'Use a smaller image or volume, a smaller network, or fewer threads.');
  const { buffer } = memory;

  const job = network.write(buffer);
  training?.write(job);
  const { beta1, beta2, epsilon } = plan.optimizer;
  const words: [number, number][] = [
    [Slot.Batch, plan.batch],
    [Slot.Chunks, chunks],
    [Slot.ChunkSamples, chunk],
    [Slot.Points, points],
    [Slot.Seed, seed],
    [Slot.Data, samples],
    [Slot.DataBytes, data.samples.BYTES_PER_ELEMENT],
    [Slot.DataMaximum, sampleMaximum(data.type)],
    [Slot.Master, master],
    [Slot.Moment1, moment1],
    [Slot.Moment2, moment2],
    [Slot.Backward, backward],
    [Slot.Gradients, gradients],
    [Slot.GradientStride, gradientStride],
    [Slot.ChunkLoss, chunkLoss],
    [Slot.LossTotal, lossTotal],
    [Slot.Loss, LOSS_KINDS[plan.loss.kind]],
    [Slot.Rates, rates],
    [Slot.Control, control],
  ];
  for (const [slot, value] of words) job.set(slot, value);
  data.size.forEach((extent, axis) => job.set(Slot.DataGrid + axis, extent));
  job.setFloat(Slot.Beta1, beta1);
  job.setFloat(Slot.OneMinusBeta1, 1 - beta1);
  job.setFloat(Slot.Beta2, beta2);
  job.setFloat(Slot.OneMinusBeta2, 1 - beta2);
  job.setFloat(Slot.Epsilon, epsilon);
  job.setFloat(Slot.LossConstant, lossConstant(plan.loss));
  await copyBytes(new Uint8Array(data.samples.buffer, data.samples.byteOffset, data.samples.byteLength), new Uint8Array(buffer, samples, data.samples.byteLength));

  const addresses = {
    master: [master, tables?.address ?? 0],
    moment1: [moment1, training?.moment1 ?? 0],
    moment2: [moment2, training?.moment2 ?? 0],
  } as const;
  const panels = (address: number): Float32Array => new Float32Array(buffer, address, layout.bytes / 4);
  const put = (which: keyof typeof addresses, flat: Float32Array): void => {
    toPanels(layout, flat, panels(addresses[which][0]));
    if (tables) storeTables(tables, flat, buffer, addresses[which][1]);
  };
  const read = (which: keyof typeof addresses): Float32Array => {
    const flat = fromPanels(layout, panels(addresses[which][0]));
    if (tables) loadTables(tables, flat, buffer, addresses[which][1]);
    return flat;
  };
  put('master', state?.parameters ?? initialParameters(field, seed));
  if (state !== undefined) {
    put('moment1', state.moment1);
    put('moment2', state.moment2);
  }
  const trainer = new CpuTrainer(pool, memory, {
    field,
    layout,
    beta1,
    beta2,
    output,
    read,
    control: new Int32Array(buffer, control, Control.Words),
    rates: new Float32Array(buffer, rates, 2 * STEPS_PER_CALL),
    lossTotal: new Float64Array(buffer, lossTotal, 2),
    job,
    step: state?.step ?? 0,
  });
  await trainer.derive();
  return trainer;
}

interface TrainerParts {
  readonly field: Field;
  readonly layout: PanelLayout;
  readonly beta1: number;
  readonly beta2: number;
  readonly output: number;
  readonly read: (which: 'master' | 'moment1' | 'moment2') => Float32Array;
  readonly control: Int32Array;
  readonly rates: Float32Array;
  readonly lossTotal: Float64Array;
  readonly job: ReturnType<ReturnType<typeof planNetwork>['write']>;
  readonly step: number;
}

class CpuTrainer implements Trainer {
  readonly field: Field;
  private readonly key = freshKey();
  private step: number;
  private tail: Promise<unknown> = Promise.resolve();
  private disposed = false;
  private lost: DeviceLostError | null = null;
  private readonly gridStop = new Int32Array(new SharedArrayBuffer(8));

  constructor(
    private readonly pool: WorkerPool,
    private readonly memory: WebAssembly.Memory,
    private readonly parts: TrainerParts,
  ) {
    this.field = parts.field;
    this.step = parts.step;
  }

  /** Forward and backward weights from the stored parameters. */
  async derive(): Promise<void> {
    await this.pool.run({ message: () => ({ kind: 'derive', key: this.key, memory: this.memory }), abandon: () => undefined });
  }

  run(learningRates: Float32Array): Promise<TrainReport> {
    const rates = learningRates.slice();
    return this.exclusive(async () => {
      let loss = 0;
      let squaredError = 0;
      for (let done = 0; done < rates.length; done += STEPS_PER_CALL) {
        const sums = await this.runPiece(rates.subarray(done, done + STEPS_PER_CALL));
        loss += sums.loss / rates.length;
        squaredError += sums.squaredError / rates.length;
      }
      return { step: this.step, loss, squaredError };
    });
  }

  /** Sums over at most STEPS_PER_CALL steps. */
  private async runPiece(learningRates: Float32Array): Promise<Pick<TrainReport, 'loss' | 'squaredError'>> {
    const { control, rates, lossTotal, beta1, beta2 } = this.parts;
    const first = this.step;
    await this.pool.run({
      message: (thread) => {
        // Written when the job's turn has come and no thread works on this memory.
        if (thread === 0) {
          learningRates.forEach((rate, i) => {
            rates[2 * i] = rate / (1 - beta1 ** (first + i + 1));
            rates[2 * i + 1] = 1 / Math.sqrt(1 - beta2 ** (first + i + 1));
          });
          lossTotal.fill(0);
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
    return { loss: lossTotal[0]!, squaredError: lossTotal[1]! };
  }

  checkpoint(): Promise<TrainState> {
    return this.exclusive(async () => ({
      step: this.step,
      parameters: this.parts.read('master'),
      moment1: this.parts.read('moment1'),
      moment2: this.parts.read('moment2'),
    }));
  }

  reconstruct(size: readonly number[]): Promise<Float32Array> {
    return this.exclusive(() =>
      evaluateGrid(this.pool, { key: this.key, memory: this.memory, field: this.field, output: this.parts.output, job: this.parts.job, stop: this.gridStop }, size),
    );
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
    Atomics.store(control, Control.Stop, how);
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

function closed(): StudioError {
  return new StudioError('cancelled', 'cancelled', 'The fit was closed before its steps were done.');
}

async function copyBytes(from: Uint8Array, to: Uint8Array): Promise<void> {
  for (let at = 0; at < from.length; at += COPY_BYTES) {
    to.set(from.subarray(at, at + COPY_BYTES), at);
    if (at + COPY_BYTES < from.length) await new Promise((resolve) => setImmediate(resolve));
  }
}
