/**
 * A fit on the GPU. Parameters and moments live in GPU buffers; the CPU sends a few numbers a step and reads the loss once a run.
 *
 * A step is cut into slices of the batch (slices.ts). The unit of work is one slice: encode, forward, loss, backward, weight gradients
 * into per-chunk partial sums; the last slice of a step also reduces the partials in fixed order and updates the parameters (update.ts). Units go out in
 * submits of 1 to 256 (pacing.ts), two of them in flight. Nothing depends on how units fall into submits but the rounding of the
 * reported loss, so two runs give the same parameters to the bit. Where points are drawn by error, a run pauses for each new table;
 * where the signal is too large to be bound, each submit brings its targets along (stream.ts).
 *
 * CPU twin: src-engine/reference.ts.
 */
import type { Field } from '#core/field/field';
import { parameterLayout } from '#core/field/layout';
import type { DrawTable } from '#core/fit/importance';
import { effectiveBatch } from '#core/fit/sampling';
import { pointCount } from '#core/signal/signal';
import { StudioError } from '#core/errors';
import { requireRates, requireTrainable } from '../checks';
import { errorTable, resumedTable, stretches, tableState } from '../importance';
import type { TrainerRequest, TrainReport, TrainState } from '../engine';
import { Allocation } from './allocation';
import type { GpuContext } from './context';
import { Evaluator } from './evaluator';
import { buildMachinery, cutFit, holdFit, holdSlices, tableCells, type FitCut, type Machinery } from './machinery';
import { Pacer } from './pacing';
import type { PresentingTrainer } from './present';
import { withinMemory } from './slices';
import { dispatch } from './step';
import { TUNINGS, type Tuning, type TuningName } from './tuning';
import { evaluationWork, optimizerWork, writeWork } from './work';

/** What a trainer holds on the GPU, and what a user should know of it. */
interface TrainerParts {
  readonly machinery: Machinery;
  /** Of what is shown. */
  readonly evaluator: Evaluator;
  /** Of what is trained, at the points at which error-driven sampling looks. */
  readonly probe: Evaluator | null;
  readonly notes: readonly string[];
}

class WebGpuTrainer implements PresentingTrainer {
  readonly field: Field;
  readonly #context: GpuContext;
  readonly #request: TrainerRequest;
  readonly #machinery: Machinery;
  readonly #evaluator: Evaluator;
  readonly notes: readonly string[];
  readonly #probe: Evaluator | null;
  /** Of error-driven sampling; made before the first step, or brought along by the state. */
  #table: DrawTable | null;
  readonly #pacer: Pacer;
  /** When the last submit known to be done was done, milliseconds. */
  #lastDone = 0;
  #step: number;
  #running = false;
  #disposed = false;
  /** What went wrong in a call that could not wait; thrown by the next one. */
  #fault: unknown = null;

  constructor(context: GpuContext, request: TrainerRequest, { machinery, evaluator, probe, notes }: TrainerParts) {
    this.field = request.field;
    this.notes = notes;
    this.#context = context;
    this.#request = request;
    this.#machinery = machinery;
    this.#pacer = new Pacer(machinery.units);
    this.#evaluator = evaluator;
    this.#probe = probe;
    this.#step = request.state?.step ?? 0;
    this.#table = resumedTable(request);
  }

  #assertUsable(): void {
    if (this.#disposed) throw new StudioError('failed', 'engine.disposed', 'This fit is closed already.');
    this.#context.assertAlive();
    if (this.#fault) {
      const fault = this.#fault;
      this.#fault = null;
      throw fault;
    }
  }

  async run(learningRates: Float32Array): Promise<TrainReport> {
    this.#assertUsable();
    if (this.#running) throw new StudioError('failed', 'engine.busy', 'This fit is running already.');
    requireRates(learningRates);
    const rates = learningRates.slice();
    const steps = rates.length;
    if (steps === 0) return { step: this.#step, loss: 0, squaredError: 0 };
    this.#running = true;
    try {
      const { plan, data } = this.#request;
      const totals = this.#machinery.buffers.get('losses');
      this.#context.device.queue.writeBuffer(totals, 0, new Float32Array(2));
      for (const { first, count, refresh } of stretches(plan.sampling, this.#step, steps, this.#table !== null)) {
        if (refresh) await this.#drawTable(this.#step + first);
        await this.#runSteps(this.#step + first, rates.subarray(first, first + count));
      }
      const sums = new Float32Array(await this.#context.read(totals, 8));
      this.#step += steps;
      const samples = steps * effectiveBatch(plan, pointCount(data.size)) * this.field.outputs;
      return { step: this.#step, loss: sums[0] / samples, squaredError: sums[1] / samples };
    } finally {
      this.#running = false;
    }
  }

  /** A new table of error-driven sampling for the steps from `step` on. */
  async #drawTable(step: number): Promise<void> {
    const { data, plan, seed } = this.#request;
    const { buffers } = this.#machinery;
    const probe = this.#probe;
    if (!probe) throw new Error('Only error-driven sampling has tables.');
    this.#table = await errorTable(data, plan, seed, step, (indices) => probe.readPoints(data.size, Uint32Array.from(indices)));
    this.#context.device.queue.writeBuffer(buffers.get('draw table'), 0, Uint32Array.from(this.#table.limits));
  }

  /** Steps from `step` (0-based) on, two submits in flight; resolves when the GPU has done them. */
  async #runSteps(step: number, rates: Float32Array): Promise<void> {
    const { slices } = this.#machinery;
    const units = rates.length * slices.length;
    let previous: Promise<void> = Promise.resolve();
    for (let first = 0; first < units; ) {
      const count = Math.min(this.#pacer.units, units - first);
      const submitted = this.#submit(step, rates, first, count);
      // Its failure is met one turn later, or not at all when the one before fails first.
      submitted.catch(() => undefined);
      await previous;
      previous = submitted;
      first += count;
    }
    await previous;
  }

  /** Encodes units [first, first + count) of the steps from `step` on; resolves when the GPU has done them. */
  async #submit(step: number, rates: Float32Array, first: number, count: number): Promise<void> {
    const context = this.#context;
    const { device, workStride } = context;
    const { slices, stream, unit, update, report, frame, buffers } = this.#machinery;
    const start = performance.now();
    const accepted = context.checked('run the fit', () => {
      const view = this.#worksOf(step, rates, first, count);
      device.queue.writeBuffer(buffers.get('works'), 0, view.buffer);
      for (const [name, values] of stream?.sent(count) ?? []) device.queue.writeBuffer(buffers.get(name), 0, values);
      const encoder = device.createCommandEncoder({ label: 'train' });
      const pass = encoder.beginComputePass({ label: 'train' });
      for (let slot = 0; slot < count; slot++) {
        const slice = (first + slot) % slices.length;
        pass.setBindGroup(0, frame, [slot * workStride]);
        // The counts of the longest slice serve all: loss partials are then written whole, and the kernels guard their ends.
        for (const step of unit) dispatch(pass, step, slices[0].count);
        if (slice < slices.length - 1) continue;
        for (const step of update) dispatch(pass, step, slices[0].count);
      }
      pass.setBindGroup(0, frame, [count * workStride]);
      dispatch(pass, report, 1);
      pass.end();
      device.queue.submit([encoder.finish()]);
    });
    const done = device.queue.onSubmittedWorkDone();
    done.catch(() => undefined);
    await accepted;
    await context.wait(done);
    const now = performance.now();
    this.#pacer.record(count, now - Math.max(start, this.#lastDone));
    this.#lastDone = now;
  }

  /** The Works of a submit, and one more for the loss sum; fills the stream where there is one. */
  #worksOf(begin: number, rates: Float32Array, first: number, count: number): DataView<ArrayBuffer> {
    const { workStride } = this.#context;
    const { slices, stream, lossGroups: groups } = this.#machinery;
    const { plan } = this.#request;
    const view = new DataView(new ArrayBuffer((count + 1) * workStride));
    for (let slot = 0; slot < count; slot++) {
      const ordinal = Math.floor((first + slot) / slices.length);
      const slice = (first + slot) % slices.length;
      const step = begin + ordinal;
      stream?.fill(slot, step, slices[slice], this.#table);
      writeWork(view, slot * workStride, {
        step,
        ...slices[slice],
        slot,
        accumulate: slice > 0,
        ...optimizerWork(plan, step + 1, rates[ordinal]),
        targets: stream?.firstSample(slot) ?? 0,
      });
    }
    writeWork(view, count * workStride, evaluationWork(0, count * groups));
    return view;
  }

  async checkpoint(): Promise<TrainState> {
    this.#assertUsable();
    const { buffers } = this.#machinery;
    const bytes = 4 * parameterLayout(this.field).length;
    const step = this.#step;
    const read = async (name: string): Promise<Float32Array> => new Float32Array(await this.#context.read(buffers.get(name), bytes));
    const [parameters, moment1, moment2] = await Promise.all(['parameters', 'first moments', 'second moments'].map(read));
    const state = { step, parameters, moment1, moment2, ...tableState(this.#table) };
    return this.#request.plan.average === null ? state : { ...state, average: await read('average parameters') };
  }

  async reconstruct(size: readonly number[]): Promise<Float32Array> {
    this.#assertUsable();
    return this.#evaluator.read(size);
  }

  writeTexture(texture: GPUTexture): void {
    this.#assertUsable();
    const STORAGE_BINDING = 0x8;
    if (texture.format !== 'rgba16float' || texture.dimension !== '2d' || (texture.usage & STORAGE_BINDING) === 0) {
      throw new StudioError('usage', 'present.texture', 'The model can be shown only in a two-dimensional rgba16float texture with usage STORAGE_BINDING.');
    }
    this.#context
      .checked('show the model', () => this.#evaluator.writeTexture(texture))
      .catch((error: unknown) => {
        this.#fault = error;
      });
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#evaluator.dispose();
    this.#probe?.dispose();
    this.#machinery.buffers.dispose();
  }
}

/**
 * Starts a fit, or goes on from `request.state`. `choose` says how its kernels are made; absent, or where it knows nothing better: as by default on the device. Throws
 * StudioError ('device.memory', ...) and DeviceLostError.
 */
export async function createWebGpuTrainer(context: GpuContext, request: TrainerRequest, choose?: (request: TrainerRequest) => Promise<TuningName | null>): Promise<PresentingTrainer> {
  requireTrainable(request);
  const chosen = (await choose?.(request)) ?? null;
  const tuning = chosen ? TUNINGS[chosen] : context.tuning;
  const parts = await assemble(context, request, tuning);
  const notes = chosen ? [...parts.notes, `Of the kernels for this network, "${chosen}" were the fastest on this GPU.`] : parts.notes;
  return new WebGpuTrainer(context, request, { ...parts, notes });
}

async function assemble(context: GpuContext, request: TrainerRequest, tuning: Tuning): Promise<TrainerParts> {
  const wished = cutFit(context, request, tuning);
  const made: { dispose(): void }[] = [];
  try {
    const buffers = new Allocation(context);
    made.push(buffers);
    await holdFit(context, request, wished, buffers);
    const { held, evaluator, probe } = await withinMemory(wished.longest, async (slice) => {
      const held = await holdSlices(context, request, cutFit(context, request, tuning, slice), buffers);
      return { held, ...(await evaluatorsOf(context, request, buffers)) };
    });
    made.push(evaluator, ...(probe ? [probe] : []));
    const machinery = await buildMachinery(context, request, held);
    return { machinery, evaluator, probe, notes: notesOf(request, held.cut, wished) };
  } catch (error) {
    for (const one of made) one.dispose();
    throw error;
  }
}

async function evaluatorsOf(context: GpuContext, { field, plan, data }: TrainerRequest, buffers: Allocation): Promise<Pick<TrainerParts, 'evaluator' | 'probe'>> {
  const evaluator = await Evaluator.create(context, field, buffers.get(plan.average === null ? 'parameters' : 'average parameters'));
  if (plan.sampling.kind !== 'error') return { evaluator, probe: null };
  try {
    return { evaluator, probe: await Evaluator.create(context, field, buffers.get('parameters'), tableCells(pointCount(data.size))) };
  } catch (error) {
    evaluator.dispose();
    throw error;
  }
}

function notesOf({ data }: TrainerRequest, cut: FitCut, wished: FitCut): string[] {
  const notes: string[] = [];
  const number = (value: number): string => value.toLocaleString('en');
  if (cut.streamed) {
    notes.push(`The signal (${number(Math.round((data.samples.byteLength + (data.coordinates?.byteLength ?? 0)) / 1e6))} MB) is larger than this GPU takes in one piece; the CPU sends the samples of each step along.`);
  }
  if (cut.longest < wished.longest) {
    notes.push(`This GPU has little free memory; each step is done in ${number(cut.slices.length)} parts of at most ${number(cut.longest)} samples.`);
  }
  return notes;
}
