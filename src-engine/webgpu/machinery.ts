/**
 * What a fit needs on the GPU: how the batch is cut, the kernels bound to their buffers, and the buffers. It is made in three turns, so
 * that a shortage of memory is known for what it is and costs no compilation:
 *
 * 1. holdFit: what has its size whatever the slices are: parameters, moments, the signal, tables. Shorter slices are no help here.
 * 2. holdSlices: intermediate results of a slice. Where they do not fit, shorter slices may (slices.ts).
 * 3. buildMachinery: kernels, compiled once for the slices that fit, and bound.
 */
import { cellPointsFor, drawTable, type DrawTable } from '#core/fit/importance';
import { effectiveBatch } from '#core/fit/sampling';
import { pointCount } from '#core/signal/signal';
import { initialParameters } from '#core/field/init';
import { parameterLayout } from '#core/field/layout';
import type { TrainerRequest, TrainingSet } from '../engine';
import { resumedTable } from '../importance';
import type { Allocation } from './allocation';
import { USAGE, type GpuContext } from './context';
import { MAXIMUM_UNITS } from './pacing';
import { denseRange, lossGroups, lossSumKernel, lossUnits } from './program';
import { sliceCapacity, slicesOf, type Slice } from './slices';
import { TargetStream } from './stream';
import { bindStages, compile, type Program, type Stage, type Step } from './step';
import { sweepShape } from './sweep';
import type { Tuning } from './tuning';
import { addConstants, trainingUnit, type Cut, type DataSource } from './unit';
import { updateProgram } from './update';
import { domainBytes } from './work';

/** Partial gradients: chunks of at least this many samples, in at most so many bytes. */
const CHUNK_SAMPLES = 128;
const PARTIAL_BYTES = 64 * 2 ** 20;

export interface Machinery {
  readonly slices: readonly Slice[];
  /** Most units of a submit. */
  readonly units: number;
  /** What sends the targets of a signal that is not bound, else null. */
  readonly stream: TargetStream | null;
  /** Steps of every unit. */
  readonly unit: readonly Step[];
  /** Steps that end an optimizer step. */
  readonly update: readonly Step[];
  /** Adds up the losses of a submit. */
  readonly report: Step;
  readonly lossGroups: number;
  readonly frame: GPUBindGroup;
  /** Parameters, moments, 'works', 'losses' and everything else. */
  readonly buffers: Allocation;
}

/** The raw data as whole 32-bit words. */
function packed(samples: Uint8Array | Uint16Array): Uint8Array {
  const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
  if (bytes.length % 4 === 0) return bytes;
  const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  padded.set(bytes);
  return padded;
}

/** How the work of a fit is cut for a device. */
export interface FitCut extends Cut {
  readonly slices: readonly Slice[];
  /** Where the samples, or the coordinates of a list, are too large to be bound. */
  readonly streamed: boolean;
}

/** Slices of at most `maximumSlice` samples, and no buffer above the device's limits. */
export function cutFit(context: GpuContext, { field, plan, data }: TrainerRequest, tuning: Tuning, maximumSlice = Infinity): FitCut {
  const { maximumBinding, traits } = context;
  const streamed = Math.max(data.samples.byteLength, data.coordinates?.byteLength ?? 0) > maximumBinding;
  const capacity = Math.min(maximumSlice, sliceCapacity(field, { ...traits, maximumBinding }), streamed ? TargetStream.longestSlice(data, maximumBinding) : Infinity);
  const slices = slicesOf(effectiveBatch(plan, pointCount(data.size)), capacity);
  const longest = slices[0].count;
  const partialLimit = Math.floor(Math.min(PARTIAL_BYTES, maximumBinding) / (4 * denseRange(field).length));
  const chunks = Math.max(1, Math.min(tuning.chunks, Math.ceil(longest / CHUNK_SAMPLES), partialLimit));
  const { maxComputeWorkgroupStorageSize, maxComputeInvocationsPerWorkgroup } = context.device.limits;
  const possible = tuning.sweep ? sweepShape(field, longest, maxComputeWorkgroupStorageSize) : null;
  const binds = 4 * field.depth * (longest + 64) * field.width <= maximumBinding && maxComputeInvocationsPerWorkgroup >= 256;
  const sweep = binds ? possible : null;
  const units = Math.min(MAXIMUM_UNITS, lossUnits(field, { longest, tuning, sweep }, maximumBinding));
  return { slices, longest, whole: slices.length === 1, chunks, units, tuning, sweep, streamed };
}

/** Cells of the table of error-driven sampling on a grid of `points` points. */
export function tableCells(points: number): number {
  return Math.ceil(points / cellPointsFor(points));
}

/** The table of error-driven sampling before the model was looked at: all points alike. */
export function uniformTable(points: number): DrawTable {
  return drawTable(new Float64Array(tableCells(points)), 1, points);
}

/** Allocates and fills what has its size whatever the slices are. Throws StudioError 'device.memory' and DeviceLostError. */
export async function holdFit(context: GpuContext, request: TrainerRequest, cut: FitCut, buffers: Allocation): Promise<void> {
  const { field, plan, data, seed, state } = request;
  const { length } = parameterLayout(field);
  await context.checked('hold this fit', () => {
    const vector = (name: string, values: Float32Array) => buffers.add(name, 0, USAGE.storage | USAGE.copySource, values);
    const start = state?.parameters ?? initialParameters(field, seed);
    vector('parameters', start);
    if (state) {
      vector('first moments', state.moment1);
      vector('second moments', state.moment2);
    } else buffers.scratch({ 'first moments': length, 'second moments': length }, USAGE.copySource);
    if (plan.average !== null) vector('average parameters', state?.average ?? start);
    if (!cut.streamed) {
      buffers.add('samples of the input', 0, USAGE.storage, packed(data.samples));
      if (data.coordinates) buffers.add('places', 0, USAGE.storage, data.coordinates);
    }
    if (plan.sampling.kind === 'error') buffers.add('draw table', 0, USAGE.storage | USAGE.copyTarget, (resumedTable(request) ?? uniformTable(pointCount(data.size))).limits);
    buffers.scratch(updateProgram(field, plan, cut).scratch);
    buffers.scratch({ losses: 2 }, USAGE.copySource | USAGE.copyTarget);
    addConstants(field, buffers);
    // One Work more than units: the last one tells the loss sum how many partial losses there are.
    buffers.add('works', (MAXIMUM_UNITS + 1) * context.workStride, USAGE.uniform | USAGE.copyTarget);
  });
}

function sourceOf({ coordinates, type }: TrainingSet, { streamed }: FitCut): DataSource {
  return { targets: streamed ? 'stream' : 'signal', places: !coordinates ? 'grid' : streamed ? 'stream' : 'list', type };
}

/** A fit whose buffers are all there. */
export interface HeldFit {
  readonly cut: FitCut;
  readonly training: Program;
  readonly stream: TargetStream | null;
  readonly buffers: Allocation;
}

/** Allocates what slices need, in the place of what an earlier call allocated for others. Throws as holdFit. */
export async function holdSlices(context: GpuContext, { field, plan, data, seed }: TrainerRequest, cut: FitCut, buffers: Allocation): Promise<HeldFit> {
  const training = trainingUnit(field, plan, sourceOf(data, cut), cut);
  const lossScale = 1 / (effectiveBatch(plan, pointCount(data.size)) * field.outputs);
  const stream = cut.streamed ? new TargetStream({ data, plan, seed }, cut.longest, context.maximumBinding, cut.units) : null;
  await context.checked('hold this fit', () => {
    buffers.scratch(training.scratch);
    buffers.parts(training.parts ?? {});
    for (const [name, values] of stream?.sent() ?? []) buffers.add(name, values.byteLength, USAGE.storage | USAGE.copyTarget);
    buffers.add('domain', 0, USAGE.uniform, domainBytes({ size: data.size, seed, lossGroups: lossGroups(field, cut), lossScale }));
  });
  return { cut, training, stream, buffers };
}

/** Compiles and binds. Throws StudioError 'device.validation' where a driver refuses a kernel, and DeviceLostError. */
export async function buildMachinery(context: GpuContext, { field, plan }: TrainerRequest, { cut, training, stream, buffers }: HeldFit): Promise<Machinery> {
  const reports: Stage[] = [{ plan: lossSumKernel(), buffers: ['partial losses', 'losses'] }];
  const stages = [training.stages, updateProgram(field, plan, cut).stages, reports];
  const [unit, update, report] = await Promise.all(stages.map((each) => compile(context, each)));
  return context.checked('hold this fit', () => ({
    slices: cut.slices,
    units: stream?.units ?? cut.units,
    stream,
    unit: bindStages(context, unit, buffers),
    update: bindStages(context, update, buffers),
    report: bindStages(context, report, buffers)[0],
    lossGroups: lossGroups(field, cut),
    frame: context.bindFrame(buffers.get('works'), buffers.get('domain')),
    buffers,
  }));
}
