/**
 * Evaluation of a Field on a regular grid, slice by slice: encode, the dense layers, then either a copy to the CPU or texels. The
 * parameters stay in a GPU buffer that somebody else owns (a trainer's live ones, or given ones).
 */
import { encodedWidth, type Field } from '#core/field/field';
import { fourierMatrix } from '#core/field/encoding';
import { parameterLayout } from '#core/field/layout';
import { pointCount } from '#core/signal/signal';
import { StudioError } from '#core/errors';
import { USAGE, type GpuContext, type Kernel } from './context';
import { encodeKernel, forwardKernel, presentKernel, type KernelPlan } from './program';
import { sliceCapacity, slicesOf, type Slice } from './slices';
import { bindStep, compile, dispatch, type Step } from './step';
import { domainBytes, evaluationWork, layerBytes, writeWork } from './work';

/** Samples of at most this many bytes are read back in one piece. */
const READ_BYTES = 16 * 2 ** 20;
/** Points of a slice: keeps the activations of an evaluator small beside those of training. */
const MAXIMUM_SLICE = 65536;

interface Grid {
  readonly key: string;
  readonly slices: readonly Slice[];
  readonly works: GPUBuffer;
  readonly domain: GPUBuffer;
  readonly frame: GPUBindGroup;
}

/** The directions buffer of a Fourier encoding, else null. */
export function directionsBuffer(context: GpuContext, field: Field): GPUBuffer | null {
  const { encoding, inputs } = field;
  if (encoding.kind !== 'fourier') return null;
  return context.buffer('Fourier directions', 0, USAGE.storage, fourierMatrix(encoding.features, inputs, encoding.sigma, encoding.seed));
}

/** Where every layer begins, a uniform buffer each. */
export function layerPlaces(context: GpuContext, field: Field): readonly GPUBuffer[] {
  return parameterLayout(field).layers.map((layer) => context.buffer('layer', 0, USAGE.uniform, layerBytes(layer)));
}

export class Evaluator {
  #grid: Grid | null = null;

  private constructor(
    private readonly context: GpuContext,
    private readonly field: Field,
    private readonly steps: readonly Step[],
    private readonly samples: GPUBuffer,
    private readonly buffers: readonly GPUBuffer[],
    private readonly capacity: number,
    private readonly present: { plan: KernelPlan; kernel: Kernel },
  ) {}

  /** Compiles and allocates. `parameters` follows parameterLayout(field) and stays the caller's. */
  static async create(context: GpuContext, field: Field, parameters: GPUBuffer): Promise<Evaluator> {
    const { layers } = parameterLayout(field);
    const { maxStorageBufferBindingSize } = context.device.limits;
    const capacity = Math.min(MAXIMUM_SLICE, sliceCapacity(field, { maxStorageBufferBindingSize, ...context.traits }));
    const [present, encode, ...forward] = await compile(context, [
      presentKernel(field),
      encodeKernel(field, 'grid'),
      ...layers.map((layer) => forwardKernel(field, layer, 'evaluate')),
    ]);
    return context.checked('evaluate this network', () => {
      const floats = (label: string, width: number, usage = 0) => context.buffer(label, 4 * capacity * width, USAGE.storage | usage);
      const features = floats('encoded features', encodedWidth(field.encoding, field.inputs));
      const hidden = [floats('activations', field.width), floats('activations', field.width)];
      const samples = floats('samples', field.outputs, USAGE.copySource);
      const directions = directionsBuffer(context, field);
      const places = layerPlaces(context, field);
      const steps = [bindStep(context, encode, directions ? [features, directions] : [features])];
      let below = features;
      forward.forEach((compiled, index) => {
        const above = index === field.depth ? samples : hidden[index % 2];
        steps.push(bindStep(context, compiled, [places[index], parameters, below, above]));
        below = above;
      });
      const buffers = [features, ...hidden, samples, ...places, ...(directions ? [directions] : [])];
      return new Evaluator(context, field, steps, samples, buffers, capacity, present);
    });
  }

  #gridOf(size: readonly number[]): Grid {
    const key = size.join('x');
    if (this.#grid?.key === key) return this.#grid;
    this.#releaseGrid();
    const { context } = this;
    const slices = slicesOf(pointCount(size), this.capacity);
    const view = new DataView(new ArrayBuffer(slices.length * context.workStride));
    slices.forEach((slice, i) => writeWork(view, i * context.workStride, evaluationWork(slice.start, slice.count)));
    const works = context.buffer('evaluation slices', view.byteLength, USAGE.uniform, view);
    const domain = context.buffer('evaluation grid', 0, USAGE.uniform, domainBytes({ size, seed: 0, lossGroups: 0, lossScale: 0 }));
    this.#grid = { key, slices, works, domain, frame: context.bindFrame(works, domain) };
    return this.#grid;
  }

  #encodeSlice(encoder: GPUCommandEncoder, grid: Grid, index: number, last?: Step): void {
    const { count } = grid.slices[index];
    const pass = encoder.beginComputePass({ label: 'evaluate' });
    pass.setBindGroup(0, grid.frame, [index * this.context.workStride]);
    for (const step of this.steps) dispatch(pass, step, count);
    if (last) dispatch(pass, last, count);
    pass.end();
  }

  /** Samples 0.5 + 0.5 * head on a grid, not clamped, interleaved, first axis fastest. */
  async read(size: readonly number[]): Promise<Float32Array> {
    const { context, field } = this;
    if (size.length !== field.inputs) {
      throw new StudioError('usage', 'engine.grid', `A field of ${field.inputs} coordinates cannot be shown on a grid of ${size.length}.`);
    }
    const grid = await context.checked('prepare a reconstruction', () => this.#gridOf(size));
    const out = new Float32Array(pointCount(size) * field.outputs);
    const sampleBytes = 4 * field.outputs;
    const slicesPerRead = Math.max(1, Math.floor(READ_BYTES / (sampleBytes * grid.slices[0].count)));
    const stagingBytes = sampleBytes * Math.min(pointCount(size), slicesPerRead * grid.slices[0].count);
    const staging = context.buffer('read-back', stagingBytes, USAGE.mapRead | USAGE.copyTarget);
    try {
      for (let first = 0; first < grid.slices.length; first += slicesPerRead) {
        const part = grid.slices.slice(first, first + slicesPerRead);
        await context.checked('evaluate the network', () => {
          part.forEach((slice, i) => {
            const encoder = context.device.createCommandEncoder({ label: 'evaluate' });
            this.#encodeSlice(encoder, grid, first + i);
            encoder.copyBufferToBuffer(this.samples, 0, staging, sampleBytes * (slice.start - part[0].start), sampleBytes * slice.count);
            context.device.queue.submit([encoder.finish()]);
          });
        });
        const bytes = sampleBytes * part.reduce((sum, slice) => sum + slice.count, 0);
        out.set(new Float32Array(await context.mapped(staging, bytes)), part[0].start * field.outputs);
      }
    } finally {
      staging.destroy();
    }
    return out;
  }

  /** Evaluates the texture's grid into it; further coordinates are 0, the middle. Nothing is read back. */
  writeTexture(texture: GPUTexture): void {
    const { context } = this;
    context.assertAlive();
    const grid = this.#gridOf([texture.width, texture.height]);
    const last = bindStep(context, this.present, [this.samples, texture.createView()]);
    // One submit a slice: other users of the device get their turn in between.
    for (let index = 0; index < grid.slices.length; index++) {
      const encoder = context.device.createCommandEncoder({ label: 'present' });
      this.#encodeSlice(encoder, grid, index, last);
      context.device.queue.submit([encoder.finish()]);
    }
  }

  #releaseGrid(): void {
    this.#grid?.works.destroy();
    this.#grid?.domain.destroy();
    this.#grid = null;
  }

  dispose(): void {
    this.#releaseGrid();
    for (const buffer of this.buffers) buffer.destroy();
  }
}
