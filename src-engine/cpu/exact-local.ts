/**
 * The normative synthesis in WebAssembly on the calling thread, without shared memory: for browsers and workers of any kind. The
 * same kernel as exact.ts, hence the same bits; the event loop gets its turn between blocks.
 */
import { StudioError } from '#core/errors';
import type { Synthesizer } from '#core/coding/types';
import { pointCount } from '#core/signal/signal';
import { wasmBase64 } from '#kernels/build/exact.wasm';
import { BLOCK_POINTS, planExact } from './exact-image';
import { allocateGrid } from '../grid';
import { MAXIMUM_PAGES } from './plan';

interface ExactExports {
  synthesize(thread: number, first: number, count: number): void;
}

/** Milliseconds of work between two turns of the event loop. */
const TURN_MILLISECONDS = 12;

let compiled: Promise<WebAssembly.Module> | undefined;

/** The kernel, compiled once; where that failed (memory may be short for a moment) the next call tries again. */
function kernel(): Promise<WebAssembly.Module> {
  compiled ??= WebAssembly.compile(Uint8Array.from(atob(wasmBase64), (character) => character.charCodeAt(0))).catch((error: unknown) => {
    compiled = undefined;
    throw error;
  });
  return compiled;
}

/** Memory of this thread alone. Throws StudioError 'failed'/'memory' when it cannot be had. */
function allocate(pages: number): WebAssembly.Memory {
  const size = `${Math.ceil(pages / 16)} MiB`;
  if (pages > MAXIMUM_PAGES) throw new StudioError('failed', 'memory', `Decoding this needs ${size} of memory; 4 GiB can be addressed.`);
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages });
  } catch (error) {
    throw new StudioError('failed', 'memory', `Decoding this needs ${size} of memory, which could not be had. Close other windows or programs.`, { cause: error });
  }
}

/** As ExactSynthesizer.synthesize, on this thread. */
export const synthesizeLocally: Synthesizer = async (field, parameters, size, type, options = {}) => {
  const { signal, onProgress } = options;
  const points = pointCount(size);
  const samples = allocateGrid(size, field.inputs, (count) => (type === 'uint8' ? new Uint8Array(count * field.outputs) : new Uint16Array(count * field.outputs)));
  const plan = planExact(field, parameters, { size, type }, 1);
  const memory = allocate(plan.pages);
  plan.write(memory.buffer);
  const instance = await WebAssembly.instantiate(await kernel(), { env: { memory } });
  const { synthesize } = instance.exports as unknown as ExactExports;
  const Values = type === 'uint8' ? Uint8Array : Uint16Array;
  let turn = performance.now();
  for (let first = 0; first < points; first += BLOCK_POINTS) {
    if (performance.now() - turn > TURN_MILLISECONDS) {
      onProgress?.(first / points);
      await new Promise((resolve) => setTimeout(resolve, 0));
      turn = performance.now();
    }
    if (signal?.aborted === true) throw new StudioError('cancelled', 'cancelled', 'The decode was cancelled.');
    const count = Math.min(BLOCK_POINTS, points - first);
    synthesize(0, first, count);
    samples.set(new Values(memory.buffer, plan.outputs[0], count * field.outputs), first * field.outputs);
  }
  onProgress?.(1);
  return samples;
};
