/**
 * Swarms: many small fits of one field. Members are dealt to the threads in turn, each thread fits its own from first to last step
 * in a memory of its own (kernels/assembly/swarm.ts), and nobody waits for anybody. Member k has the bits of a trainer with seed
 * memberSeed(seed, k), whatever the number of threads.
 */
import { StudioError } from '#core/errors';
import { initialParameters } from '#core/field/init';
import { pointCount } from '#core/signal/signal';
import { Control, MemberSlot, RateSlot } from '#kernels/slots';
import { commonSwarmRefusal, requireMembers, requireRates } from '../checks';
import { DeviceLostError, memberSeed, type Swarm, type SwarmReport, type SwarmRequest, type TrainingSet } from '../engine';
import { allocateShared, requireMachine } from './memory';
import { Arena, fromPanels, panelLayout, toPanels, type PanelLayout } from './plan';
import type { WorkerPool } from './pool';
import { bytesOf, closed, copyBytes, freshKey } from './trainer';
import { CUTS, planTraining, STEPS_PER_CALL, writeRates, type TrainingMemory, type TrainingPlan } from './training';

/** Where a member lies in its thread's memory. */
interface Place {
  readonly data: number;
  readonly master: number;
  readonly moment1: number;
  readonly moment2: number;
  readonly average: number;
}

/** What one thread works on: every `threads`-th member. */
interface Share {
  readonly memory: WebAssembly.Memory;
  readonly parts: TrainingMemory;
  /** Numbers of its members, and their records. */
  readonly numbers: readonly number[];
  readonly places: readonly Place[];
  readonly records: number;
}

const WAY = 'Use fewer or smaller tiles, or a smaller network.';

/** The memory of one thread, before it exists. */
interface SharePlan extends Pick<Share, 'numbers' | 'places' | 'records'> {
  readonly pages: number;
  readonly training: TrainingPlan;
}

function planShare(request: SwarmRequest, layout: PanelLayout, thread: number, threads: number): SharePlan {
  const { field, plan, members, seed } = request;
  const numbers = members.map((_, number) => number).filter((number) => number % threads === thread);
  const first = members[thread] ?? members[0]!;
  // Buffers as for a trainer of one point; its parameters and samples are never used.
  const point: TrainingSet = { ...first, size: first.size.map(() => 1), samples: first.samples.subarray(0, first.channels) };
  const training = planTraining({ field, plan, data: point, seed }, 1, CUTS[0]!);
  const arena = new Arena();
  arena.cursor = training.pages * 65536;
  const records = arena.take(numbers.length * MemberSlot.Words * 4);
  const places = numbers.map((number): Place => {
    const vector = (): number => arena.take(layout.bytes);
    const average = plan.average === null ? 0 : vector();
    // Kernels read channels four at a time, beyond the last one too.
    return { data: arena.take(members[number]!.samples.byteLength + 16), master: vector(), moment1: vector(), moment2: vector(), average };
  });
  return { pages: arena.pages, training, numbers, places, records };
}

/** Asks for the memory of one thread and fills it. */
async function makeShare(request: SwarmRequest, layout: PanelLayout, { pages, training, numbers, places, records }: SharePlan): Promise<Share> {
  const { field, plan, members, seed } = request;
  const memory = allocateShared(pages, WAY);
  const { buffer } = memory;
  const parts = training.write(memory);
  const words = new Uint32Array(buffer, records, numbers.length * MemberSlot.Words);
  for (const [at, number] of numbers.entries()) {
    const { size, samples } = members[number]!;
    const place = places[at]!;
    const record = at * MemberSlot.Words;
    words[record + MemberSlot.Seed] = memberSeed(seed, number);
    words[record + MemberSlot.Points] = pointCount(size);
    words[record + MemberSlot.Data] = place.data;
    size.forEach((extent, axis) => (words[record + MemberSlot.DataGrid + axis] = extent));
    words[record + MemberSlot.Master] = place.master;
    words[record + MemberSlot.Moment1] = place.moment1;
    words[record + MemberSlot.Moment2] = place.moment2;
    words[record + MemberSlot.Average] = place.average;
    const parameters = initialParameters(field, memberSeed(seed, number));
    toPanels(layout, parameters, panelsAt(buffer, place.master, layout));
    if (plan.average !== null) toPanels(layout, parameters, panelsAt(buffer, place.average, layout));
    await copyBytes(bytesOf(samples), new Uint8Array(buffer, place.data, samples.byteLength));
  }
  return { memory, parts, numbers, places, records };
}

function panelsAt(buffer: ArrayBufferLike, address: number, layout: PanelLayout): Float32Array {
  return new Float32Array(buffer, address, layout.bytes / 4);
}

/** Throws StudioError 'usage' ('fit.refused' as commonSwarmRefusal says, 'engine.mismatch' for data that is not the field's), 'failed'/'memory' when the machine cannot hold it. */
export async function createCpuSwarm(pool: WorkerPool, request: SwarmRequest): Promise<Swarm> {
  const { field, plan, members } = request;
  const refused = commonSwarmRefusal(field, plan);
  if (refused !== null) throw new StudioError('usage', 'fit.refused', refused);
  requireMembers(request);
  const layout = panelLayout(field);
  const plans = Array.from({ length: Math.min(pool.threads, members.length) }, (_, thread) => planShare(request, layout, thread, pool.threads));
  // Each may fit by itself where all of them do not.
  requireMachine(plans.reduce((sum, { pages }) => sum + pages, 0), WAY);
  const shares: Share[] = [];
  for (const each of plans) shares.push(await makeShare(request, layout, each));
  const key = freshKey();
  let step = 0;
  let disposed = false;
  let lost: DeviceLostError | null = null;
  let tail: Promise<unknown> = Promise.resolve();

  const stop = (how: 1 | 2): void => {
    for (const { parts } of shares) Atomics.store(parts.control, Control.Stop, how);
  };
  const exclusive = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const result = tail.then(async () => {
      if (lost) throw new DeviceLostError(lost.message, { cause: lost });
      if (disposed) throw closed();
      try {
        return await work();
      } catch (error) {
        // Threads that were stopped left their members at different steps.
        if (error instanceof DeviceLostError) lost = error;
        throw error;
      }
    });
    tail = result.catch(() => undefined);
    return result;
  };

  /** At most STEPS_PER_CALL steps of all members; adds their losses to `losses`. */
  const runPiece = async (learningRates: Float32Array, losses: Float64Array): Promise<void> => {
    const stopped = await pool.run({
      message: (thread) => {
        const share = shares[thread];
        if (!share) return { kind: 'forget', key };
        const { memory, parts, records, numbers } = share;
        learningRates.forEach((rate, i) => writeRates(plan, step + i + 1, rate, parts.rates, i * RateSlot.Words));
        parts.control.fill(0);
        if (disposed) parts.control[Control.Stop] = 1;
        return { kind: 'swarm', key, memory, members: records, count: numbers.length, first: step, steps: learningRates.length };
      },
      abandon: (died) => stop(died ? 2 : 1),
    });
    if (stopped !== 0) throw closed();
    step += learningRates.length;
    for (const { memory, numbers, records } of shares) {
      const view = new DataView(memory.buffer);
      numbers.forEach((number, at) => (losses[number]! += view.getFloat64(records + 4 * (at * MemberSlot.Words + MemberSlot.Loss), true)));
    }
  };

  return {
    members: members.length,
    run(learningRates: Float32Array): Promise<SwarmReport> {
      const rates = learningRates.slice();
      return exclusive(async () => {
        requireRates(rates);
        const sums = new Float64Array(members.length);
        for (let done = 0; done < rates.length; done += STEPS_PER_CALL) await runPiece(rates.subarray(done, done + STEPS_PER_CALL), sums);
        return { step, losses: Float32Array.from(sums, (sum) => (rates.length === 0 ? 0 : sum / rates.length)) };
      });
    },
    parameters(): Promise<Float32Array> {
      return exclusive(async () => {
        const all = new Float32Array(members.length * layout.flat.length);
        for (const { memory, numbers, places } of shares) {
          numbers.forEach((number, at) => {
            const address = plan.average === null ? places[at]!.master : places[at]!.average;
            all.set(fromPanels(layout, panelsAt(memory.buffer, address, layout)), number * layout.flat.length);
          });
        }
        return all;
      });
    },
    dispose(): void {
      if (disposed) return;
      disposed = true;
      stop(1);
      const forget = (): Promise<unknown> => pool.forget(key);
      tail = tail.then(forget, forget).catch(() => undefined);
    },
  };
}
