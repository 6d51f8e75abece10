/**
 * The cpu engine: WebAssembly SIMD on worker threads. Runs in Node only (main process, command line): threads need shared
 * memory, which a renderer does not have. Same seed and plan give the same bits whatever the number of threads.
 */
import { arch, cpus } from 'node:os';
import type { Field } from '#core/field/field';
import { Control, Slot } from '#kernels/slots';
import { commonSwarmRefusal, requireParameters } from '../checks';
import type { Engine, TrainerRequest } from '../engine';
import { evaluateGrid } from './evaluate';
import { allocateShared } from './memory';
import { Arena, planNetwork, toPanels } from './plan';
import { WorkerPool } from './pool';
import { createCpuSwarm } from './swarm';
import { storeTables } from './tables';
import { createCpuTrainer, freshKey } from './trainer';

export interface CpuEngineOptions {
  /** Threads, 1 to 32; default: all logical processors. */
  readonly threads?: number;
  /** A pool to share with others (an exact synthesizer, another engine); it is then not ended with the engine. */
  readonly pool?: WorkerPool;
}

/** Throws StudioError 'usage' for an impossible number of threads. Threads start with the first job. */
export async function createCpuEngine(options: CpuEngineOptions = {}): Promise<Engine> {
  const pool = options.pool ?? new WorkerPool(options.threads);
  const { threads } = pool;
  return {
    facts: {
      engine: 'cpu',
      name: `${threads} ${threads === 1 ? 'thread' : 'threads'}, WebAssembly SIMD`,
      software: false,
      details: { threads, kernels: pool.build === 'relaxed' ? 'relaxed SIMD' : 'SIMD', processor: cpus()[0]?.model.trim() ?? 'unknown', architecture: arch() },
    },
    refusal,
    createTrainer: (request: TrainerRequest) => createCpuTrainer(pool, request),
    swarmRefusal: (field, plan) => refusal(field) ?? commonSwarmRefusal(field, plan),
    createSwarm: (request) => createCpuSwarm(pool, request),
    evaluate: (field, parameters, size) => evaluate(pool, field, parameters, size),
    async dispose(): Promise<void> {
      if (options.pool === undefined) await pool.dispose();
    },
  };
}

function refusal(field: Field): string | null {
  if (field.width % 4 !== 0) return 'The cpu engine needs a width that is a multiple of 4; choose the next one.';
  return null;
}

/** Throws StudioError 'usage'/'engine.mismatch' for parameters of another network, 'failed'/'memory'. */
async function evaluate(pool: WorkerPool, field: Field, parameters: Float32Array, size: readonly number[]): Promise<Float32Array> {
  requireParameters(field, parameters);
  const arena = new Arena();
  const control = arena.take(Control.Words * 4);
  const network = planNetwork(arena, field, pool.threads, 1, false);
  const master = arena.take(network.layout.bytes);
  const output = arena.take(evaluateGrid.blockBytes(field) * pool.threads);
  const memory = allocateShared(arena.pages, 'Use fewer threads.');
  const job = network.write(memory.buffer);
  job.set(Slot.Control, control);
  job.set(Slot.Master, master);
  toPanels(network.layout, parameters, new Float32Array(memory.buffer, master, network.layout.bytes / 4));
  if (network.tables) storeTables(network.tables, parameters, memory.buffer, network.tables.address);
  const key = freshKey();
  try {
    await pool.run({ message: () => ({ kind: 'derive', key, memory }), abandon: () => undefined });
    const stop = new Int32Array(new SharedArrayBuffer(8));
    return await evaluateGrid(pool, { key, memory, field, output, job, stop }, size);
  } finally {
    await pool.forget(key).catch(() => undefined);
  }
}
