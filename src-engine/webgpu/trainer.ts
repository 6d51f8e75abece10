/**
 * A fit on the GPU. Parameters and moments live in GPU buffers; the CPU sends a few numbers a step and reads the loss once a run.
 *
 * A step is cut into slices of the batch (slices.ts). The unit of work is one slice: encode, forward, loss, backward, weight gradients
 * into per-chunk partial sums; the last slice of a step also reduces the partials in fixed order and applies Adam. Units go out in
 * submits of 1 to 256 (pacing.ts), two of them in flight. Nothing depends on how units fall into submits but the rounding of the
 * reported loss, so two runs give the same parameters to the bit.
 *
 * CPU twin: src-engine/reference.ts.
 */
import { encodedWidth, type Field } from '#core/field/field';
import { initialParameters } from '#core/field/init';
import { parameterLayout } from '#core/field/layout';
import { StudioError } from '#core/errors';
import type { TrainerRequest, TrainReport, TrainState } from '../engine';
import { USAGE, type GpuContext } from './context';
import { directionsBuffer, Evaluator, layerPlaces } from './evaluator';
import { MAXIMUM_UNITS, Pacer } from './pacing';
import type { PresentingTrainer } from './present';
import { adamKernel, backwardInputKernel, backwardWeightsKernel, encodeKernel, forwardKernel, lossGroups, lossKernel, lossSumKernel } from './program';
import { sliceCapacity, slicesOf, type Slice } from './slices';
import { bindStep, compile, dispatch, type Step } from './step';
import { domainBytes, evaluationWork, writeWork } from './work';

/** Partial gradients: at most this many chunks, of at least this many samples, in at most so many bytes. */
const MAXIMUM_CHUNKS = 64;
const CHUNK_SAMPLES = 128;
const PARTIAL_BYTES = 64 * 2 ** 20;

/** Everything a fit needs on the GPU. */
interface Machinery {
  readonly slices: readonly Slice[];
  /** Steps of every unit, and those that end an optimizer step. */
  readonly unit: readonly Step[];
  readonly update: Step;
  readonly lossSum: Step;
  readonly lossGroups: number;
  readonly frame: GPUBindGroup;
  readonly works: GPUBuffer;
  readonly state: { readonly parameters: GPUBuffer; readonly moment1: GPUBuffer; readonly moment2: GPUBuffer };
  readonly lossTotal: GPUBuffer;
  readonly buffers: readonly GPUBuffer[];
}

/** Length in samples of the raw data's buffer as 32-bit words. */
function packed(samples: Uint8Array | Uint16Array): Uint8Array {
  const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
  if (bytes.length % 4 === 0) return bytes;
  const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  padded.set(bytes);
  return padded;
}

async function build(context: GpuContext, request: TrainerRequest): Promise<Machinery> {
  const { field, plan, data, seed, state } = request;
  const layout = parameterLayout(field);
  const { layers } = layout;
  const { maxStorageBufferBindingSize } = context.device.limits;
  const slices = slicesOf(plan.batch, sliceCapacity(field, { maxStorageBufferBindingSize, ...context.traits }));
  const longest = slices[0].count;
  const partialLimit = Math.floor(Math.min(PARTIAL_BYTES, maxStorageBufferBindingSize) / (4 * layout.length));
  const chunks = Math.max(1, Math.min(MAXIMUM_CHUNKS, Math.ceil(longest / CHUNK_SAMPLES), partialLimit));
  const groups = lossGroups(field, longest);

  const [encode, loss, lossSum, adam] = await compile(context, [
    encodeKernel(field, 'drawn'),
    lossKernel(field, data.type),
    lossSumKernel(),
    adamKernel(field, plan.optimizer, chunks),
  ]);
  const forward = await compile(context, layers.map((layer) => forwardKernel(field, layer, 'train')));
  const weights = await compile(context, layers.map((layer) => backwardWeightsKernel(layer, layout.length, chunks)));
  const inputs = await compile(context, layers.slice(1).map(backwardInputKernel));

  return context.checked('hold this fit', () => {
    const floats = (label: string, length: number, usage = 0) => context.buffer(label, 4 * length, USAGE.storage | usage);
    const vector = (label: string, values: Float32Array) => context.buffer(label, 0, USAGE.storage | USAGE.copySource, values);
    const zeros = new Float32Array(layout.length);
    const parameters = vector('parameters', state?.parameters ?? initialParameters(field, seed));
    const moment1 = vector('first moments', state?.moment1 ?? zeros);
    const moment2 = vector('second moments', state?.moment2 ?? zeros);
    const samples = context.buffer('samples of the input', 0, USAGE.storage, packed(data.samples));
    const features = floats('encoded features', longest * encodedWidth(field.encoding, field.inputs));
    const hidden = layers.slice(0, -1).map(() => floats('activations', longest * field.width));
    // Slopes of the hidden layers and the head's outputs; the backward pass turns both into deltas.
    const deltas = layers.map((layer) => floats('deltas', longest * layer.fanOut));
    const partials = floats('partial gradients', chunks * layout.length);
    const losses = floats('partial losses', MAXIMUM_UNITS * groups);
    const lossTotal = floats('loss', 1, USAGE.copySource | USAGE.copyTarget);
    const directions = directionsBuffer(context, field);
    const places = layerPlaces(context, field);
    // One Work more than units: the last one tells the loss sum how many partial losses there are.
    const works = context.buffer('works', (MAXIMUM_UNITS + 1) * context.workStride, USAGE.uniform | USAGE.copyTarget);
    const lossScale = 1 / (plan.batch * field.outputs);
    const domain = context.buffer('domain', 0, USAGE.uniform, domainBytes({ size: data.size, seed, lossGroups: groups, lossScale }));

    const inputOf = (index: number) => (index === 0 ? features : hidden[index - 1]);
    const unit: Step[] = [bindStep(context, encode, directions ? [features, directions] : [features])];
    layers.forEach((layer, i) => {
      const outputs = i === field.depth ? [deltas[i]] : [hidden[i], deltas[i]];
      unit.push(bindStep(context, forward[i], [places[i], parameters, inputOf(layer.index), ...outputs]));
    });
    unit.push(bindStep(context, loss, [deltas[field.depth], samples, losses]));
    for (let i = field.depth; i >= 0; i--) {
      unit.push(bindStep(context, weights[i], [places[i], inputOf(i), deltas[i], partials]));
      if (i > 0) unit.push(bindStep(context, inputs[i - 1], [places[i], parameters, deltas[i], deltas[i - 1]]));
    }
    const scratch = [samples, features, ...hidden, ...deltas, partials, losses, lossTotal, works, domain, ...places];
    return {
      slices,
      unit,
      update: bindStep(context, adam, [partials, parameters, moment1, moment2]),
      lossSum: bindStep(context, lossSum, [losses, lossTotal]),
      lossGroups: groups,
      frame: context.bindFrame(works, domain),
      works,
      state: { parameters, moment1, moment2 },
      lossTotal,
      buffers: [parameters, moment1, moment2, ...scratch, ...(directions ? [directions] : [])],
    };
  });
}

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
      const { lossTotal, slices } = this.#machinery;
      this.#context.device.queue.writeBuffer(lossTotal, 0, new Float32Array(1));
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
      const [sum] = new Float32Array(await this.#context.read(lossTotal, 4));
      this.#step += steps;
      const mean = sum / (steps * this.#request.plan.batch * this.field.outputs);
      return { step: this.#step, loss: mean, squaredError: mean };
    } finally {
      this.#running = false;
    }
  }

  /** Encodes units [first, first + count) of a run; resolves when the GPU has done them. */
  async #submit(rates: Float32Array, first: number, count: number): Promise<void> {
    const context = this.#context;
    const { device, workStride } = context;
    const { slices, unit, update, lossSum, frame, works } = this.#machinery;
    const start = performance.now();
    const accepted = context.checked('run the fit', () => {
      const view = this.#worksOf(rates, first, count);
      device.queue.writeBuffer(works, 0, view.buffer);
      const encoder = device.createCommandEncoder({ label: 'train' });
      const pass = encoder.beginComputePass({ label: 'train' });
      for (let slot = 0; slot < count; slot++) {
        const slice = (first + slot) % slices.length;
        pass.setBindGroup(0, frame, [slot * workStride]);
        // The counts of the longest slice serve all: loss partials are then written whole, and the kernels guard their ends.
        for (const step of unit) dispatch(pass, step, slices[0].count);
        if (slice === slices.length - 1) dispatch(pass, update, slices[0].count);
      }
      pass.setBindGroup(0, frame, [count * workStride]);
      dispatch(pass, lossSum, 1);
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
    const { beta1, beta2 } = this.#request.plan.optimizer;
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
        rate: rates[ordinal] / (1 - beta1 ** (step + 1)),
        correction: 1 / (1 - beta2 ** (step + 1)),
      });
    }
    writeWork(view, count * workStride, evaluationWork(0, count * groups));
    return view;
  }

  async checkpoint(): Promise<TrainState> {
    this.#assertUsable();
    const { state } = this.#machinery;
    const bytes = 4 * parameterLayout(this.field).length;
    const step = this.#step;
    const [parameters, moment1, moment2] = await Promise.all(
      [state.parameters, state.moment1, state.moment2].map(async (buffer) => new Float32Array(await this.#context.read(buffer, bytes))),
    );
    return { step, parameters, moment1, moment2 };
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
    for (const buffer of this.#machinery.buffers) buffer.destroy();
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
  if (state && state.parameters.length !== parameterLayout(field).length) {
    throw new StudioError('usage', 'engine.mismatch', 'The checkpoint belongs to another network.');
  }
  const machinery = await build(context, request);
  const evaluator = await Evaluator.create(context, field, machinery.state.parameters);
  return new WebGpuTrainer(context, request, machinery, evaluator);
}
