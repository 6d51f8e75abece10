/**
 * Evaluation of a Field on a regular grid, or at a list of its points, slice by slice: encode, the dense layers, then either a copy to
 * the CPU or texels. The parameters stay in a GPU buffer that somebody else owns (a trainer's live ones, or given ones).
 */
import type { Field } from '#core/field/field';
import { pointCount } from '#core/signal/signal';
import { StudioError } from '#core/errors';
import { Allocation } from './allocation';
import { USAGE, type GpuContext, type Kernel } from './context';
import { presentKernel } from './program';
import { sliceCapacity, slicesOf, withinMemory, type Slice } from './slices';
import { bindStages, bindStep, compile, dispatch, type Step } from './step';
import { addConstants, evaluationUnit } from './unit';
import { domainBytes, evaluationWork, writeWork } from './work';

/** Samples of at most this many bytes are read back in one piece. */
const READ_BYTES = 16 * 2 ** 20;
/** Points of a slice: keeps the activations of an evaluator small beside those of training. */
const MAXIMUM_SLICE = 65536;

/** The first points of a grid, or of a list, in slices. */
interface Grid {
  readonly key: string;
  readonly slices: readonly Slice[];
  readonly works: GPUBuffer;
  readonly domain: GPUBuffer;
  readonly frame: GPUBindGroup;
}

export class Evaluator {
  #grid: Grid | null = null;

  private constructor(
    private readonly context: GpuContext,
    private readonly field: Field,
    private readonly steps: readonly Step[],
    private readonly buffers: Allocation,
    private readonly capacity: number,
    private readonly present: Kernel,
  ) {}

  /**
   * Allocates, in smaller slices where memory is short, and compiles. `parameters` follows parameterLayout(field) and stays the
   * caller's. `list`: the longest list of points that it will be asked for; 0: it is asked for grids.
   */
  static async create(context: GpuContext, field: Field, parameters: GPUBuffer, list = 0): Promise<Evaluator> {
    const largest = Math.min(MAXIMUM_SLICE, sliceCapacity(field, { ...context.traits, maximumBinding: context.maximumBinding }));
    const points = list > 0 ? 'list' : 'grid';
    const buffers = new Allocation(context);
    try {
      await context.checked('evaluate this network', () => {
        if (list > 0) buffers.scratch({ 'point list': list }, USAGE.copyTarget);
        addConstants(field, buffers);
      });
      const hold = (capacity: number): Promise<number> =>
        context.checked('evaluate this network', () => {
          buffers.scratch(evaluationUnit(field, points, capacity, context.tuning).scratch);
          buffers.scratch({ samples: capacity * field.outputs }, USAGE.copySource);
          return capacity;
        });
      const capacity = await withinMemory(largest, hold);
      // The same kernels whatever the slices.
      const { stages } = evaluationUnit(field, points, capacity, context.tuning);
      const [compiled, present] = await Promise.all([compile(context, stages), context.kernel(presentKernel(field))]);
      return await context.checked('evaluate this network', () => {
        const steps = bindStages(context, compiled, { resource: (name) => (name === 'parameters' ? parameters : buffers.get(name)) });
        return new Evaluator(context, field, steps, buffers, capacity, present);
      });
    } catch (error) {
      buffers.dispose();
      throw error;
    }
  }

  #gridOf(size: readonly number[], points = pointCount(size)): Grid {
    const key = `${points} of ${size.join('x')}`;
    if (this.#grid?.key === key) return this.#grid;
    this.#releaseGrid();
    const { context } = this;
    const slices = slicesOf(points, this.capacity);
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
    const { field } = this;
    if (size.length !== field.inputs) {
      throw new StudioError('usage', 'engine.grid', `A field of ${field.inputs} coordinates cannot be shown on a grid of ${size.length}.`);
    }
    return this.#read(size, pointCount(size));
  }

  /** Samples at grid indices, of an evaluator that was made for lists of so many. */
  async readPoints(size: readonly number[], indices: Uint32Array<ArrayBuffer>): Promise<Float32Array> {
    this.context.device.queue.writeBuffer(this.buffers.get('point list'), 0, indices);
    return this.#read(size, indices.length);
  }

  async #read(size: readonly number[], points: number): Promise<Float32Array> {
    const { context, field } = this;
    const sampleBytes = 4 * field.outputs;
    const { slices, slicesPerRead, staging } = await context.checked('prepare a reconstruction', () => {
      const { slices } = this.#gridOf(size, points);
      const slicesPerRead = Math.max(1, Math.floor(READ_BYTES / (sampleBytes * slices[0].count)));
      const stagingBytes = sampleBytes * Math.min(points, slicesPerRead * slices[0].count);
      return { slices, slicesPerRead, staging: context.buffer('read-back', stagingBytes, USAGE.mapRead | USAGE.copyTarget) };
    });
    try {
      const out = new Float32Array(points * field.outputs);
      for (let first = 0; first < slices.length; first += slicesPerRead) {
        const part = slices.slice(first, first + slicesPerRead);
        await context.checked('evaluate the network', () => {
          // Asked for again: another grid may have been shown while this one waited.
          const grid = this.#gridOf(size, points);
          part.forEach((slice, i) => {
            const encoder = context.device.createCommandEncoder({ label: 'evaluate' });
            this.#encodeSlice(encoder, grid, first + i);
            encoder.copyBufferToBuffer(this.buffers.get('samples'), 0, staging, sampleBytes * (slice.start - part[0].start), sampleBytes * slice.count);
            context.device.queue.submit([encoder.finish()]);
          });
        });
        const bytes = sampleBytes * part.reduce((sum, slice) => sum + slice.count, 0);
        out.set(new Float32Array(await context.mapped(staging, bytes)), part[0].start * field.outputs);
      }
      return out;
    } finally {
      staging.destroy();
    }
  }

  /** Evaluates the texture's grid into it; further coordinates are 0, the middle. Nothing is read back. */
  writeTexture(texture: GPUTexture): void {
    const { context } = this;
    context.assertAlive();
    const grid = this.#gridOf([texture.width, texture.height]);
    const last = bindStep(context, presentKernel(this.field), this.present, [this.buffers.get('samples'), texture.createView()]);
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
    this.buffers.dispose();
  }
}
