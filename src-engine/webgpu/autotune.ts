/**
 * Which kernels are the fastest for a network on a GPU is measured, not guessed: when a fit is created, some of its own units of work are
 * run with each candidate. The result is kept by adapter, shape of network and version of the kernels, in a store that comes from
 * outside; a fit of the same shape takes it from there.
 *
 * A candidate that a driver refuses, or for which memory is too short, is passed over: it is no choice here, and the others may be.
 *
 * The choice changes the last bits of sums. With the store kept, two fits on one device make the same choice and have the same bits, so
 * without a store nothing is measured and the rule of tuning.ts decides. Software adapters go by the rule always.
 */
import { encodedWidth, headOf } from '#core/field/field';
import { parameterLayout } from '#core/field/layout';
import { effectiveBatch } from '#core/fit/sampling';
import { pointCount } from '#core/signal/signal';
import { StudioError } from '#core/errors';
import type { TrainerRequest } from '../engine';
import { Allocation } from './allocation';
import type { GpuContext } from './context';
import { buildMachinery, cutFit, holdFit, holdSlices } from './machinery';
import { dispatch } from './step';
import { TUNINGS, type TuningName } from './tuning';
import { optimizerWork, writeWork } from './work';

/** Where choices are kept: localStorage, a file, a Map. What it throws is not caught. */
export interface TuningStore {
  get(key: string): string | null;
  set(key: string, choice: string): void;
}

/** A store for as long as a process lives. */
export function memoryTunings(): TuningStore {
  const choices = new Map<string, string>();
  return { get: (key) => choices.get(key) ?? null, set: (key, choice) => void choices.set(key, choice) };
}

/** A new version when kernels change so much that old choices mean nothing. */
const KERNELS_VERSION = 2;
/** What is tried on GPUs. */
export const CANDIDATES: readonly TuningName[] = ['mixed blocks', 'large blocks', 'small blocks', 'one sweep, mixed blocks', 'one sweep, large blocks'];
/** Those that are worth trying for a fit: a sweep only where there is one. */
export function candidatesFor(context: GpuContext, request: TrainerRequest): readonly TuningName[] {
  return CANDIDATES.filter((name) => !TUNINGS[name].sweep || cutFit(context, request, TUNINGS[name]).sweep !== null);
}

/** Units of work go out in turns of about this long, so that submitting does not count; the shortest of some turns counts. */
const TURN_MILLISECONDS = 15;
const MOST_UNITS = 32;
const TURNS = 3;

/**
 * What a choice is kept under: the adapter, and whatever makes other kernels, or the same ones with another amount of work. Numbers that are only
 * written into kernels or buffers (seeds, rates, frequencies), and what the signal shows, cost the same whatever they are.
 */
export function tuningKey(context: GpuContext, info: GPUAdapterInfo, request: TrainerRequest): string {
  const { field, plan, data } = request;
  const { encoding, inputs, outputs, depth, width } = field;
  const { longest, streamed } = cutFit(context, request, context.tuning);
  const network = [encoding.kind, inputs, encodedWidth(encoding, inputs), depth, width, outputs, parameterLayout(field).length, field.activation.kind, headOf(field), field.residual === true];
  const work = [effectiveBatch(plan, pointCount(data.size)), longest, plan.sampling.kind, plan.loss.kind, plan.optimizer.kind, plan.clip !== null, plan.average !== null, data.type, streamed, ...(data.coordinates ? ['list'] : [])];
  const adapter = [info.vendor, info.architecture, info.device, info.description, context.device.limits.maxComputeWorkgroupStorageSize];
  return ['kernels', KERNELS_VERSION, ...adapter, ...network, ...work].join('|');
}

/** Milliseconds of a unit of work and an update in one tuning. Throws as the three turns of machinery.ts. */
export async function measureTuning(context: GpuContext, request: TrainerRequest, name: TuningName): Promise<number> {
  const { device, workStride } = context;
  const cut = cutFit(context, request, TUNINGS[name]);
  const buffers = new Allocation(context);
  try {
    await holdFit(context, request, cut, buffers);
    const { slices, unit, update, frame } = await buildMachinery(context, request, await holdSlices(context, request, cut, buffers));
    const view = new DataView(new ArrayBuffer(workStride));
    // With a rate of 0 the parameters stay what they are, so all turns do the same.
    writeWork(view, 0, { step: 0, ...slices[0], slot: 0, accumulate: false, ...optimizerWork(request.plan, 1, 0), targets: 0 });
    const turn = async (units: number): Promise<number> => {
      const start = performance.now();
      await context.checked('try the kernels of this fit', () => {
        device.queue.writeBuffer(buffers.get('works'), 0, view.buffer);
        const encoder = device.createCommandEncoder({ label: 'tune' });
        const pass = encoder.beginComputePass({ label: 'tune' });
        pass.setBindGroup(0, frame, [0]);
        for (let i = 0; i < units; i++) for (const step of [...unit, ...update]) dispatch(pass, step, slices[0].count);
        pass.end();
        device.queue.submit([encoder.finish()]);
      });
      await context.wait(device.queue.onSubmittedWorkDone());
      return (performance.now() - start) / units;
    };
    await turn(1);
    const units = Math.max(1, Math.min(MOST_UNITS, Math.round(TURN_MILLISECONDS / Math.max(1e-3, await turn(1)))));
    let least = Infinity;
    for (let i = 0; i < TURNS; i++) least = Math.min(least, await turn(units));
    return least;
  } finally {
    buffers.dispose();
  }
}

/** Faults of one candidate: others may compile where it does not, and need less memory. A lost device is none of them. */
const REFUSALS: readonly string[] = ['device.memory', 'device.validation', 'device.operation'];

/** The kept choice, or the fastest of the candidates, which is then kept. null where none of them can be measured. */
export async function fastestTuning(
  store: TuningStore,
  key: string,
  measure: (name: TuningName) => Promise<number>,
  candidates: readonly TuningName[],
): Promise<TuningName | null> {
  const kept = candidates.find((name) => name === store.get(key));
  if (kept) return kept;
  let [best, least]: [TuningName | null, number] = [null, Infinity];
  for (const name of candidates) {
    try {
      const time = await measure(name);
      if (time < least) [best, least] = [name, time];
    } catch (error) {
      if (!(error instanceof StudioError) || !REFUSALS.includes(error.code)) throw error;
    }
  }
  if (best) store.set(key, best);
  return best;
}
