/** What a fit needs on the GPU: how the batch is cut, the kernels bound to their buffers, and the buffers. */
import { initialParameters } from '#core/field/init';
import { parameterLayout } from '#core/field/layout';
import type { TrainerRequest } from '../engine';
import { Allocation } from './allocation';
import { USAGE, type GpuContext } from './context';
import { MAXIMUM_UNITS } from './pacing';
import { denseRange, lossGroups, lossSumKernel } from './program';
import { sliceCapacity, slicesOf, type Slice } from './slices';
import { bindStages, compile, type Stage, type Step } from './step';
import { addConstants, trainingUnit, type Cut } from './unit';
import { updateProgram } from './update';
import { domainBytes } from './work';

/** Partial gradients: at most this many chunks, of at least this many samples, in at most so many bytes. */
const MAXIMUM_CHUNKS = 64;
const CHUNK_SAMPLES = 128;
const PARTIAL_BYTES = 64 * 2 ** 20;

export interface Machinery {
  readonly slices: readonly Slice[];
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

/** Compiles and allocates. Throws StudioError 'device.memory' and DeviceLostError. */
export async function buildMachinery(context: GpuContext, request: TrainerRequest): Promise<Machinery> {
  const { field, plan, data, seed, state } = request;
  const { length } = parameterLayout(field);
  const { maxStorageBufferBindingSize } = context.device.limits;
  const slices = slicesOf(plan.batch, sliceCapacity(field, { maxStorageBufferBindingSize, ...context.traits }));
  const longest = slices[0].count;
  const partialLimit = Math.floor(Math.min(PARTIAL_BYTES, maxStorageBufferBindingSize) / (4 * denseRange(field).length));
  const cut: Cut = { longest, chunks: Math.max(1, Math.min(MAXIMUM_CHUNKS, Math.ceil(longest / CHUNK_SAMPLES), partialLimit)) };
  const groups = lossGroups(field, longest);

  const training = trainingUnit(field, plan.loss, data.type, cut);
  const updating = updateProgram(field, plan, cut.chunks);
  const reports: Stage[] = [{ plan: lossSumKernel(), buffers: ['partial losses', 'losses'] }];
  const [unit, update, report] = await Promise.all([training.stages, updating.stages, reports].map((stages) => compile(context, stages)));

  const buffers = new Allocation(context);
  try {
    return await context.checked('hold this fit', () => {
      buffers.scratch({ ...training.scratch, ...updating.scratch });
      const vector = (name: string, values: Float32Array) => buffers.add(name, 0, USAGE.storage | USAGE.copySource, values);
      const zeros = new Float32Array(length);
      const start = state?.parameters ?? initialParameters(field, seed);
      vector('parameters', start);
      vector('first moments', state?.moment1 ?? zeros);
      vector('second moments', state?.moment2 ?? zeros);
      if (plan.average !== null) vector('average parameters', state?.average ?? start);
      buffers.add('samples of the input', 0, USAGE.storage, packed(data.samples));
      buffers.scratch({ losses: 2 }, USAGE.copySource | USAGE.copyTarget);
      addConstants(field, buffers);
      // One Work more than units: the last one tells the loss sum how many partial losses there are.
      const works = buffers.add('works', (MAXIMUM_UNITS + 1) * context.workStride, USAGE.uniform | USAGE.copyTarget);
      const lossScale = 1 / (plan.batch * field.outputs);
      const domain = buffers.add('domain', 0, USAGE.uniform, domainBytes({ size: data.size, seed, lossGroups: groups, lossScale }));
      return {
        slices,
        unit: bindStages(context, unit, buffers),
        update: bindStages(context, update, buffers),
        report: bindStages(context, report, buffers)[0],
        lossGroups: groups,
        frame: context.bindFrame(works, domain),
        buffers,
      };
    });
  } catch (error) {
    buffers.dispose();
    throw error;
  }
}
