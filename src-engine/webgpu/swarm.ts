/**
 * Swarms on the GPU: many small fits of one field at once, a workgroup each, many steps in one dispatch (shaders/swarm.wgsl). Member k
 * takes the steps of a trainer with seed memberSeed(seed, k); only the order of its sums is another.
 *
 * A dispatch has as many members as have scratch memory at the same time; the others follow in further dispatches of the same
 * submit. How many steps a submit has is learned from how long submits take (pacing.ts) and changes no bit.
 */
import { StudioError } from '#core/errors';
import { fourierMatrix } from '#core/field/encoding';
import { encodedWidth, headOf, type Field } from '#core/field/field';
import { initialParameters } from '#core/field/init';
import { parameterLayout } from '#core/field/layout';
import type { FitPlan } from '#core/fit/config';
import { pointCount, type SampleType } from '#core/signal/signal';
import { commonSwarmRefusal, requireMembers } from '../checks';
import { memberSeed, type Swarm, type SwarmReport, type SwarmRequest } from '../engine';
import { Allocation } from './allocation';
import { USAGE, type BindingKind, type GpuContext } from './context';
import { MAXIMUM_UNITS, Pacer } from './pacing';
import { encodingConstants, headParts, layeredActivation, lossConstants, pointPart, renamedHead, targetPart } from './parts';
import { composeShader, type Constants, type ModuleName } from './shader';
import { domainBytes, evaluationWork, optimizerWork, writeWork, WORK_BYTES } from './work';

/** Wider networks keep a GPU busy one at a time. */
const WIDEST = 64;
/** Samples that go through the network together: TILE of shaders/swarm.wgsl. */
const TILE = 64;
/** Bytes of a Member of shaders/swarm.wgsl. */
const MEMBER_BYTES = 32;
/** Scratch of all workgroups of a dispatch together stays below this. */
const SCRATCH_BYTES = 128 * 2 ** 20;
const MOST_GROUPS = 65535;
/** Where a Fourier encoding's directions are bound. */
const DIRECTIONS = 6;

/** null when a swarm can be fitted here, else one sentence. */
export function swarmRefusal(field: Field, plan: FitPlan): string | null {
  const common = commonSwarmRefusal(field, plan);
  if (common) return common;
  if (field.width > WIDEST) return `Swarms on a GPU are for networks of at most ${WIDEST} units a layer; use the cpu engine, or fit the members one by one.`;
  return plan.optimizer.kind === 'muon' ? 'Swarms on a GPU have no kernel for Muon; choose Adam, or use the cpu engine.' : null;
}

/** Four numbers at a time: fan-ins, fan-outs and all parameters of a member, with padding. */
interface PaddedLayout {
  readonly layers: readonly { readonly fanIn: number; readonly fanOut: number; readonly at: number }[];
  /** Numbers of all layers. */
  readonly length: number;
  /** Numbers of the scratch of a workgroup. */
  readonly scratch: number;
}

const padded = (extent: number): number => Math.ceil(extent / 4) * 4;

export function paddedLayout(field: Field): PaddedLayout {
  let length = 0;
  const layers = parameterLayout(field).layers.map((layer) => {
    const [fanIn, fanOut, at] = [padded(layer.fanIn), padded(layer.fanOut), length];
    length += (fanIn + 1) * fanOut;
    return { fanIn, fanOut, at };
  });
  const scratch = TILE * (layers[0]!.fanIn + (2 * field.depth + 1) * field.width + padded(field.outputs)) + length;
  return { layers, length, scratch };
}

/** Calls `move` with the place of every parameter in the flat and in the padded vector. */
function eachParameter(field: Field, move: (flat: number, padded: number) => void): void {
  const { layers } = paddedLayout(field);
  for (const layer of parameterLayout(field).layers) {
    const { fanIn, fanOut, at } = layers[layer.index]!;
    for (let o = 0; o < layer.fanOut; o++) {
      for (let i = 0; i < layer.fanIn; i++) move(layer.weightOffset + i * layer.fanOut + o, at + i * fanOut + o);
      move(layer.biasOffset + o, at + fanIn * fanOut + o);
    }
  }
}

/** The kernel's source. */
function swarmCode(field: Field, plan: FitPlan, type: SampleType): string {
  const { beta1, beta2, epsilon, weightDecay } = plan.optimizer;
  const head = headParts(headOf(field));
  const target = targetPart('signal', type);
  const points = pointPart(plan, 0);
  const activation = layeredActivation(field);
  const constants: Constants = {
    ...encodingConstants(field, DIRECTIONS),
    ...points.constants,
    ...target.constants,
    ...head.constants,
    ...lossConstants(plan.loss),
    OUTPUTS: field.outputs,
    DEPTH: field.depth,
    FEATURE_VECTORS: padded(encodedWidth(field.encoding, field.inputs)) / 4,
    WIDTH_VECTORS: field.width / 4,
    OUTPUT_VECTORS: padded(field.outputs) / 4,
    BATCH: plan.batch,
    LOSS_SCALE: { float: 1 / (plan.batch * field.outputs) },
    RESIDUAL: field.residual === true,
    CLIPS: plan.clip !== null,
    CLIP: { float: plan.clip ?? 1 },
    AVERAGES: plan.average !== null,
    BETA1: { float: beta1 },
    ONE_MINUS_BETA1: { float: 1 - beta1 },
    BETA2: { float: beta2 },
    ONE_MINUS_BETA2: { float: 1 - beta2 },
    EPSILON: { float: epsilon },
    DECAYS: weightDecay > 0,
  };
  const modules: ModuleName[] = ['work-types', ...points.modules, 'coordinates', 'sine', `encoding-${field.encoding.kind}` as ModuleName, ...activation.modules, 'raw-sample', 'loss-terms', `loss-${plan.loss.kind}`, 'swarm'];
  return [activation.code, renamedHead(head), composeShader(constants, [...new Set(modules)])].join('\n');
}

/** Raw samples of all members one after the other, as whole words. */
function joined(request: SwarmRequest): { readonly data: Uint8Array; readonly members: DataView } {
  const { members, seed } = request;
  const bytes = members.reduce((sum, { samples }) => sum + samples.byteLength, 0);
  const data = new Uint8Array(Math.ceil(bytes / 4) * 4);
  const view = new DataView(new ArrayBuffer(Math.max(1, members.length) * MEMBER_BYTES));
  let [at, first] = [0, 0];
  members.forEach(({ samples, size }, k) => {
    data.set(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength), at);
    const words = [...[0, 1, 2, 3].map((axis) => size[axis] ?? 1), pointCount(size), memberSeed(seed, k), first, 0];
    words.forEach((word, i) => view.setUint32(k * MEMBER_BYTES + 4 * i, word, true));
    at += samples.byteLength;
    first += pointCount(size);
  });
  return { data, members: view };
}

/** Parameters, moments and average of all members as the kernel has them. */
function initialState(request: SwarmRequest, vectors: number): Float32Array {
  const { field, members, seed } = request;
  const { length } = paddedLayout(field);
  const state = new Float32Array(members.length * vectors * length);
  members.forEach((_, k) => {
    const parameters = initialParameters(field, memberSeed(seed, k));
    for (const part of vectors === 4 ? [0, 3] : [0]) {
      const base = (k * vectors + part) * length;
      eachParameter(field, (flat, place) => (state[base + place] = parameters[flat]!));
    }
  });
  return state;
}

/** Starts a swarm. Throws StudioError 'usage'/'engine.mismatch', 'device.memory', and DeviceLostError. */
export async function createWebGpuSwarm(context: GpuContext, request: SwarmRequest): Promise<Swarm> {
  const { field, plan, members } = request;
  const refused = swarmRefusal(field, plan);
  if (refused) throw new StudioError('usage', 'engine.plan', refused);
  requireMembers(request);
  const { length, scratch } = paddedLayout(field);
  context.assertFits('intermediate results of a member', 4 * scratch, USAGE.storage);
  const vectors = plan.average === null ? 3 : 4;
  const together = Math.max(1, Math.min(members.length, MOST_GROUPS, Math.floor(Math.min(SCRATCH_BYTES, context.maximumBinding) / (4 * scratch))));
  const spans = Math.ceil(members.length / together);
  const { encoding } = field;
  const fourier = encoding.kind === 'fourier';
  const bindings: BindingKind[] = ['read', 'read', 'write', 'write', 'write', 'read', ...(fourier ? (['read'] as const) : [])];
  context.assertFits('numbers of the swarm', 4 * members.length * vectors * length, USAGE.storage);
  const kernel = await context.kernel({ label: 'swarm', code: swarmCode(field, plan, members[0]?.type ?? 'uint8'), bindings });

  const buffers = new Allocation(context);
  const { device, workStride } = context;
  let bound: { readonly group: GPUBindGroup; readonly frame: GPUBindGroup };
  try {
    bound = await context.checked('hold this swarm', () => {
      const { data, members: records } = joined(request);
      buffers.add('members', 0, USAGE.storage, records);
      buffers.add('samples of the swarm', 0, USAGE.storage, data);
      buffers.add('numbers of the swarm', 0, USAGE.storage | USAGE.copySource, initialState(request, vectors));
      buffers.scratch({ 'intermediate results': together * scratch });
      buffers.scratch({ losses: Math.max(1, members.length) }, USAGE.copySource | USAGE.copyTarget);
      buffers.add('schedule', MAXIMUM_UNITS * WORK_BYTES, USAGE.storage | USAGE.copyTarget);
      const names = ['members', 'samples of the swarm', 'numbers of the swarm', 'intermediate results', 'losses', 'schedule'];
      if (fourier) {
        buffers.add('Fourier directions', 0, USAGE.storage, fourierMatrix(encoding.features, field.inputs, encoding.sigma, encoding.seed));
        names.push('Fourier directions');
      }
      const works = buffers.add('works', Math.max(1, spans) * workStride, USAGE.uniform | USAGE.copyTarget);
      const domain = buffers.add('domain', 0, USAGE.uniform, domainBytes({ size: [1], seed: 0, lossGroups: 0, lossScale: 0 }));
      return { group: context.bind(kernel, names.map((name) => buffers.get(name))), frame: context.bindFrame(works, domain) };
    });
  } catch (error) {
    buffers.dispose();
    throw error;
  }

  const pacer = new Pacer();
  let step = 0;
  let disposed = false;
  let running = false;

  /** Encodes and submits some steps of all members; resolves when the GPU has done them. */
  const submit = async (rates: Float32Array): Promise<void> => {
    const start = performance.now();
    await context.checked('run the swarm', () => {
      const schedule = new DataView(new ArrayBuffer(rates.length * WORK_BYTES));
      rates.forEach((rate, i) => {
        writeWork(schedule, i * WORK_BYTES, { ...evaluationWork(0, 0), step: step + i, ...optimizerWork(plan, step + i + 1, rate) });
      });
      device.queue.writeBuffer(buffers.get('schedule'), 0, schedule.buffer);
      const works = new DataView(new ArrayBuffer(spans * workStride));
      for (let span = 0; span < spans; span++) writeWork(works, span * workStride, evaluationWork(span * together, rates.length));
      device.queue.writeBuffer(buffers.get('works'), 0, works.buffer);
      const encoder = device.createCommandEncoder({ label: 'swarm' });
      const pass = encoder.beginComputePass({ label: 'swarm' });
      pass.setPipeline(kernel.pipeline);
      pass.setBindGroup(1, bound.group);
      for (let span = 0; span < spans; span++) {
        pass.setBindGroup(0, bound.frame, [span * workStride]);
        pass.dispatchWorkgroups(Math.min(together, members.length - span * together));
      }
      pass.end();
      device.queue.submit([encoder.finish()]);
    });
    await context.wait(device.queue.onSubmittedWorkDone());
    pacer.record(rates.length, performance.now() - start);
    step += rates.length;
  };

  const assertUsable = (): void => {
    if (disposed) throw new StudioError('failed', 'engine.disposed', 'This swarm is closed already.');
    if (running) throw new StudioError('failed', 'engine.busy', 'This swarm is running already.');
    context.assertAlive();
  };

  return {
    members: members.length,
    async run(learningRates: Float32Array): Promise<SwarmReport> {
      assertUsable();
      running = true;
      try {
        const totals = buffers.get('losses');
        device.queue.writeBuffer(totals, 0, new Float32Array(Math.max(1, members.length)));
        for (let first = 0; first < learningRates.length; ) {
          const rates = learningRates.subarray(first, first + pacer.units);
          await submit(rates);
          first += rates.length;
        }
        const sums = new Float32Array(await context.read(totals, 4 * Math.max(1, members.length))).subarray(0, members.length);
        const samples = Math.max(1, learningRates.length) * plan.batch * field.outputs;
        return { step, losses: sums.map((sum) => sum / samples) };
      } finally {
        running = false;
      }
    },
    async parameters(): Promise<Float32Array> {
      assertUsable();
      const state = new Float32Array(await context.read(buffers.get('numbers of the swarm'), 4 * members.length * vectors * length));
      const flatLength = parameterLayout(field).length;
      const all = new Float32Array(members.length * flatLength);
      members.forEach((_, k) => {
        const base = (k * vectors + (plan.average === null ? 0 : 3)) * length;
        eachParameter(field, (flat, place) => (all[k * flatLength + flat] = state[base + place]!));
      });
      return all;
    },
    dispose(): void {
      if (disposed) return;
      disposed = true;
      buffers.dispose();
    },
  };
}
