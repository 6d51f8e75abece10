/**
 * Everything that a fit keeps in the linear memory of the kernels: data set, parameters, moments, gradient sums, and the numbers of the
 * plan in the job record. Planned before memory exists, so that limits are known first.
 *
 * A batch is cut into chunks, each with its own gradient sum. How many there are decides the order of summation and thus the
 * last bits: it follows from batch and memory, never from the number of threads.
 */
import { isHiddenMatrix } from '#core/field/layout';
import type { Field } from '#core/field/field';
import type { FitPlan, Loss } from '#core/fit/config';
import { cellOf, cellPointsFor, type DrawTable } from '#core/fit/importance';
import { averageDecay } from '#core/fit/optimizer';
import { arcLength, effectiveBatch } from '#core/fit/sampling';
import { pointCount, sampleMaximum } from '#core/signal/signal';
import { Control, LossKind, RateSlot, SamplingKind, Slot } from '#kernels/slots';
import type { TrainerRequest, TrainingSet } from '../engine';
import { evaluateGrid } from './evaluate';
import { Arena, fromPanels, planNetwork, TILE, toPanels, type JobRecord } from './plan';
import { loadTables, planTableTraining, storeTables } from './tables';

/** Steps of one call into WebAssembly; longer runs are cut, so that the table of rates stays small. */
export const STEPS_PER_CALL = 1024;

/** How small the work is cut: less memory, fewer threads that can share a step. */
export interface Cut {
  /** Most chunks of a batch. */
  readonly chunks: number;
  /** Most samples of a tile, a multiple of 4 from 16. */
  readonly tile: number;
}

/** From the usual one, 32 chunks for as many threads, to the smallest. */
export const CUTS: readonly Cut[] = [
  { chunks: 32, tile: TILE },
  { chunks: 8, tile: 64 },
  { chunks: 2, tile: 16 },
];

/** Samples of a chunk; from the batch and the most chunks alone, because the order of summation follows from it. */
function chunkSamples(batch: number, most: number): number {
  return Math.ceil(Math.max(batch / most, Math.min(128, batch / 2)) / 64) * 64;
}

const LOSS_KINDS = { l2: LossKind.L2, l1: LossKind.L1, 'relative-l2': LossKind.RelativeL2, huber: LossKind.Huber, mape: LossKind.Mape } as const;

const SAMPLING_KINDS = { uniform: SamplingKind.Uniform, stratified: SamplingKind.Stratified, full: SamplingKind.Full, error: SamplingKind.Error } as const;

function lossConstant(loss: Loss): number {
  if ('epsilon' in loss) return loss.epsilon;
  return 'delta' in loss ? loss.delta : 0;
}

/** Vectors of parameterLayout(field) that a fit keeps. */
export type Vector = 'master' | 'moment1' | 'moment2' | 'average';

export interface TrainingMemory {
  readonly job: JobRecord;
  readonly control: Int32Array;
  /** RateSlot.Words numbers a step, STEPS_PER_CALL steps. */
  readonly rates: Float32Array;
  /** Sums of loss and squared error. */
  readonly totals: Float64Array;
  /** The data set inside the memory; still to be filled. */
  readonly data: TrainingSet;
  /** Address of the threads' blocks of evaluateGrid. */
  readonly output: number;
  /** Error-driven sampling: place for the indices of the points that are looked at. */
  readonly probes: { readonly address: number; readonly indices: Uint32Array };
  /** Error-driven sampling: from now on draws follow this table. */
  useTable(table: DrawTable): void;
  put(which: Vector, flat: Float32Array): void;
  read(which: Vector): Float32Array;
  /** Lets evaluation, and derive(), work on the average (true) or on the parameters that train (false). */
  showAverage(average: boolean): void;
}

export interface TrainingPlan {
  readonly pages: number;
  readonly chunks: number;
  /** Writes the job record into a fresh memory of so many pages. */
  write(memory: WebAssembly.Memory): TrainingMemory;
}

/** Bytes of Muon's matrices and of their sums of squares; 0 where no matrix is hidden. */
function muonBytes(field: Field, hidden: number): { readonly matrices: number; readonly squares: number } {
  const blocks = Math.ceil(field.width / 8);
  return { matrices: hidden * 3 * Math.ceil(blocks / 2) * blocks * 512, squares: hidden * blocks * blocks * 8 };
}

const GUIDE_LENGTH = 4097;

/** The cell of every multiple of 2^20, at the end the last cell: where the kernels begin to search (kernels/assembly/sampling.ts). */
export function cellGuide(table: DrawTable): Uint32Array {
  return Uint32Array.from({ length: GUIDE_LENGTH }, (_, i) => (i === GUIDE_LENGTH - 1 ? table.limits.length - 1 : cellOf(table, i * 2 ** 20)));
}

/** Bytes of a table that kernels/assembly/rounds.ts takes at a time (SPAN). */
const TABLE_SPAN = 1 << 17;

export function planTraining(request: TrainerRequest, threads: number, cut: Cut): TrainingPlan {
  const { field, plan, data, seed } = request;
  const { clip, optimizer, sampling } = plan;
  const points = pointCount(data.size);
  const batch = effectiveBatch(plan, points);
  const chunk = chunkSamples(batch, cut.chunks);
  const chunks = Math.ceil(batch / chunk);

  const arena = new Arena();
  /** 0 where it is not needed. */
  const takeIf = (needed: boolean, bytes: number): number => (needed && bytes > 0 ? arena.take(bytes) : 0);
  const control = arena.take(Control.Words * 4);
  const network = planNetwork(arena, field, threads, batch * field.outputs, false, cut.tile);
  const { layout, tables } = network;
  // An odd number of cache lines between gradient buffers keeps equal offsets out of equal cache sets.
  const gradientStride = (Math.ceil(layout.bytes / 64) | 1) * 64;
  const master = arena.take(layout.bytes);
  const moment1 = arena.take(layout.bytes);
  const moment2 = arena.take(layout.bytes);
  const backward = arena.take(layout.bytes);
  const gradients = arena.take(gradientStride * chunks);
  const chunkLoss = arena.take(16 * chunks);
  const lossTotal = arena.take(16);
  const rates = arena.take(4 * RateSlot.Words * STEPS_PER_CALL);
  const averaged = plan.average !== null;
  const average = takeIf(averaged, layout.bytes);
  const averageForward = takeIf(averaged, layout.bytes);
  const hidden = optimizer.kind === 'muon' ? layout.flat.tensors.filter((slot) => isHiddenMatrix(field, slot)).length : 0;
  const phased = clip !== null || hidden > 0;
  const squares = takeIf(phased, layout.bytes / 8);
  const muon = takeIf(hidden > 0, muonBytes(field, hidden).matrices);
  const muonSquares = takeIf(hidden > 0, muonBytes(field, hidden).squares);
  const training = tables ? planTableTraining(arena, tables, field, chunks, chunk, batch * field.outputs) : null;
  const tableAverage = takeIf(averaged, tables?.bytes ?? 0);
  const tableSquares = takeIf(phased && tables !== null, 8 * Math.ceil((tables?.bytes ?? 0) / TABLE_SPAN));
  const cells = sampling.kind === 'error' ? Math.ceil(points / cellPointsFor(points)) : 0;
  const probes = takeIf(cells > 0, 4 * cells);
  const limits = takeIf(cells > 0, 4 * cells);
  const guide = takeIf(cells > 0, 4 * GUIDE_LENGTH);
  const output = arena.take(evaluateGrid.blockBytes(field) * threads);
  // Kernels read channels four at a time, beyond the last one too.
  const samples = arena.take(data.samples.byteLength + 16);
  // Here too: four coordinates at a time.
  const coordinates = takeIf(data.coordinates !== undefined, (data.coordinates?.byteLength ?? 0) + 16);

  return {
    pages: arena.pages,
    chunks,
    write({ buffer }) {
      const job = network.write(buffer);
      training?.write(job);
      const words: [number, number][] = [
        [Slot.Batch, batch],
        [Slot.Chunks, chunks],
        [Slot.ChunkSamples, chunk],
        [Slot.Points, points],
        [Slot.Seed, seed],
        [Slot.Sampling, SAMPLING_KINDS[sampling.kind]],
        [Slot.Arc, arcLength(batch)],
        [Slot.CellPoints, cellPointsFor(points)],
        [Slot.CellLimits, limits],
        [Slot.CellGuide, guide],
        [Slot.Data, samples],
        [Slot.DataBytes, data.samples.BYTES_PER_ELEMENT],
        [Slot.DataMaximum, sampleMaximum(data.type)],
        [Slot.DataPoints, coordinates],
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
        [Slot.Average, average],
        [Slot.Squares, squares],
        [Slot.SquaresBytes, layout.bytes / 8],
        [Slot.Muon, muon],
        [Slot.MuonSquares, muonSquares],
        [Slot.TableAverage, tableAverage],
        [Slot.TableSquares, tableSquares],
        [Slot.Control, control],
      ];
      for (const [slot, value] of words) job.set(slot, value);
      data.size.forEach((extent, axis) => job.set(Slot.DataGrid + axis, extent));
      const { beta1, beta2, epsilon } = optimizer;
      const momentum = optimizer.kind === 'muon' ? optimizer.momentum : 0;
      const floats: [number, number][] = [
        [Slot.Beta1, beta1],
        [Slot.OneMinusBeta1, 1 - beta1],
        [Slot.Beta2, beta2],
        [Slot.OneMinusBeta2, 1 - beta2],
        [Slot.Epsilon, epsilon],
        [Slot.LossConstant, lossConstant(plan.loss)],
        [Slot.Clip, clip ?? 0],
        [Slot.Momentum, momentum],
        [Slot.OneMinusMomentum, 1 - momentum],
      ];
      for (const [slot, value] of floats) job.setFloat(slot, value);

      const addresses: Record<Vector, readonly [number, number]> = {
        master: [master, tables?.address ?? 0],
        moment1: [moment1, training?.moment1 ?? 0],
        moment2: [moment2, training?.moment2 ?? 0],
        average: [average, tableAverage],
      };
      const panels = (which: Vector): Float32Array => new Float32Array(buffer, addresses[which][0], layout.bytes / 4);
      const Samples = data.type === 'uint8' ? Uint8Array : Uint16Array;
      return {
        job,
        control: new Int32Array(buffer, control, Control.Words),
        rates: new Float32Array(buffer, rates, RateSlot.Words * STEPS_PER_CALL),
        totals: new Float64Array(buffer, lossTotal, 2),
        data: {
          ...data,
          samples: new Samples(buffer, samples, data.samples.length),
          ...(data.coordinates && { coordinates: new Float32Array(buffer, coordinates, data.coordinates.length) }),
        },
        output,
        probes: { address: probes, indices: new Uint32Array(buffer, probes, cells) },
        useTable(table) {
          new Uint32Array(buffer, limits, cells).set(table.limits);
          new Uint32Array(buffer, guide, GUIDE_LENGTH).set(cellGuide(table));
          job.set(Slot.Cells, cells);
        },
        put(which, flat) {
          toPanels(layout, flat, panels(which));
          if (tables) storeTables(tables, flat, buffer, addresses[which][1]);
        },
        read(which) {
          const flat = fromPanels(layout, panels(which));
          if (tables) loadTables(tables, flat, buffer, addresses[which][1]);
          return flat;
        },
        showAverage(shown) {
          job.set(Slot.Master, shown ? average : master);
          job.set(Slot.Forward, shown ? averageForward : network.forward);
          job.set(Slot.Backward, shown ? 0 : backward);
          if (tables) job.set(Slot.Tables, shown ? tableAverage : tables.address);
        },
      };
    },
  };
}

/** Writes the numbers of step `t` (from 1) to `rates` at `at`. `rate`: the schedule's learning rate. */
export function writeRates(plan: Pick<FitPlan, 'optimizer' | 'average'>, t: number, rate: number, rates: Float32Array, at: number): void {
  const { optimizer } = plan;
  const { beta1, beta2, weightDecay } = optimizer;
  const muon = optimizer.kind === 'muon' ? (rate * optimizer.muonLearningRate) / optimizer.learningRate : 0;
  const keep = plan.average === null ? 0 : averageDecay(plan.average, t);
  rates[at + RateSlot.Adam] = rate / (1 - beta1 ** t);
  rates[at + RateSlot.Root] = 1 / Math.sqrt(1 - beta2 ** t);
  rates[at + RateSlot.Decay] = rate * weightDecay;
  rates[at + RateSlot.Muon] = muon;
  rates[at + RateSlot.MuonDecay] = muon * weightDecay;
  rates[at + RateSlot.Keep] = keep;
  rates[at + RateSlot.Blend] = 1 - keep;
}
