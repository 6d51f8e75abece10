/**
 * A fit on the GPU. Parameters and moments live in GPU buffers; the CPU sends a few numbers a step and reads the loss once a run.
 *
 * A step is cut into slices of the batch (slices.ts). The unit of work is one slice: encode, forward, loss, backward, weight gradients
 * into per-chunk partial sums; the last slice of a step also reduces the partials in fixed order and updates the parameters (update.ts). Units go out in
 * submits of 1 to 256 (pacing.ts), two of them in flight. Nothing depends on how units fall into submits but the rounding of the
 * reported loss, so two runs give the same parameters to the bit.
 *
 * CPU twin: src-engine/reference.ts.
 */
import type { Field } from '#core/field/field';
import { parameterLayout } from '#core/field/layout';
import { StudioError } from '#core/errors';
import type { TrainerRequest, TrainReport, TrainState } from '../engine';
import type { GpuContext } from './context';
import { Evaluator } from './evaluator';
import { buildMachinery, type Machinery } from './machinery';
import { Pacer } from './pacing';
import type { PresentingTrainer } from './present';
import { dispatch } from './step';
import { evaluationWork, optimizerWork, writeWork } from './work';

class WebGpuTrainer implements PresentingTrainer {
  readonly field: Field;
  readonly #context: GpuContext;
  readonly #request: TrainerRequest;
  readonly #machinery: Machinery;
  readonly #evaluator: Evaluator;
  readonly #pacer = new Pacer();
  /** When the last submit known to be done was done, milliseconds. */
  #lastDone = 0;
  #step: number;
  #running = false;
  #disposed = false;
  /** What went wrong in a call that could not wait; thrown by the next one. */
  #fault: unknown = null;

  constructor(context: GpuContext, request: TrainerRequest, machinery: Machinery, evaluator: Evaluator) {
    this.field = request.field;
    this.#context = context;
    this.#request = request;
    this.#machinery = machinery;
    this.#evaluator = evaluator;
    this.#step = request.state?.step ?? 0;
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
    const steps = learningRates.length;
    if (steps === 0) return { step: this.#step, loss: 0, squaredError: 0 };
    this.#running = true;
    try {
      const { buffers, slices } = this.#machinery;
      const totals = buffers.get('losses');
      this.#context.device.queue.writeBuffer(totals, 0, new Float32Array(2));
      const units = steps * slices.length;
      let previous: Promise<void> = Promise.resolve();
      for (let first = 0; first < units; ) {
        const count = Math.min(this.#pacer.units, units - first);
        const submitted = this.#submit(learningRates, first, count);
        // Its failure is met one turn later, or not at all when the one before fails first.
        submitted.catch(() => undefined);
        await previous;
        previous = submitted;
        first += count;
      }
      await previous;
      const sums = new Float32Array(await this.#context.read(totals, 8));
      this.#step += steps;
      const samples = steps * this.#request.plan.batch * this.field.outputs;
      return { step: this.#step, loss: sums[0] / samples, squaredError: sums[1] / samples };
    } finally {
      this.#running = false;
    }
  }

  /** Encodes units [first, first + count) of a run; resolves when the GPU has done them. */
  async #submit(rates: Float32Array, first: number, count: number): Promise<void> {
    const context = this.#context;
    const { device, workStride } = context;
    const { slices, unit, update, report, frame, buffers } = this.#machinery;
    const start = performance.now();
    const accepted = context.checked('run the fit', () => {
      const view = this.#worksOf(rates, first, count);
      device.queue.writeBuffer(buffers.get('works'), 0, view.buffer);
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

  /** The Works of a submit, and one more for the loss sum. */
  #worksOf(rates: Float32Array, first: number, count: number): DataView<ArrayBuffer> {
    const { workStride } = this.#context;
    const { slices, lossGroups: groups } = this.#machinery;
    const { plan } = this.#request;
    const view = new DataView(new ArrayBuffer((count + 1) * workStride));
    for (let slot = 0; slot < count; slot++) {
      const ordinal = Math.floor((first + slot) / slices.length);
      const slice = (first + slot) % slices.length;
      const step = this.#step + ordinal;
      writeWork(view, slot * workStride, {
        step,
        ...slices[slice],
        slot,
        accumulate: slice > 0,
        ...optimizerWork(plan, step + 1, rates[ordinal]),
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
    if (this.#request.plan.average === null) return { step, parameters, moment1, moment2 };
    return { step, parameters, moment1, moment2, average: await read('average parameters') };
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
    this.#machinery.buffers.dispose();
  }
}

/** Starts a fit, or goes on from `request.state`. Throws StudioError ('device.memory', ...) and DeviceLostError. */
export async function createWebGpuTrainer(context: GpuContext, request: TrainerRequest): Promise<PresentingTrainer> {
  const { field, data, state } = request;
  if (data.channels !== field.outputs || data.size.length !== field.inputs) {
    throw new StudioError(
      'usage',
      'engine.mismatch',
      `The field maps ${field.inputs} coordinates to ${field.outputs} channels, but the data has ${data.size.length} axes and ${data.channels} channels.`,
    );
  }
  if (state && [state.parameters, state.moment1, state.moment2, state.average ?? state.parameters].some(({ length }) => length !== parameterLayout(field).length)) {
    throw new StudioError('usage', 'engine.mismatch', 'The checkpoint belongs to another network.');
  }
  const machinery = await buildMachinery(context, request);
  try {
    const evaluator = await Evaluator.create(context, field, machinery.buffers.get(request.plan.average === null ? 'parameters' : 'average parameters'));
    return new WebGpuTrainer(context, request, machinery, evaluator);
  } catch (error) {
    machinery.buffers.dispose();
    throw error;
  }
}
