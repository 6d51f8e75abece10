/**
 * The multiply-add peak of this machine in WebAssembly SIMD: what kernels are measured against. Independent chains of c = c x + y in
 * registers, as product and sum and, where the host has relaxed SIMD, fused; on one thread and on all. The best of many short runs
 * counts: a peak is what nothing else disturbs.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { allowingRelaxed, HOST_BUILD, type KernelBuild } from '#engine/cpu/modules';
import type { SuiteOptions } from './main';
import { wasmBase64 as plain } from '#kernels/build/peak.wasm';
import { wasmBase64 as relaxed } from '#kernels/build/peak-relaxed.wasm';

const TURNS = 20_000;
/** kernels/assembly/peak.ts: 22 vectors a turn, 4 lanes, 2 operations. */
const OPERATIONS = TURNS * 22 * 4 * 2;

export const BUILDS: readonly KernelBuild[] = HOST_BUILD === 'relaxed' ? ['plain', 'relaxed'] : ['plain'];

/** Best rate of `runs` runs in GFLOP/s, while `threads` threads do the same: the sum over them of each one's best. */
async function measure(build: KernelBuild, threads: number, runs: number): Promise<number> {
  const bytes = new Uint8Array(Buffer.from(build === 'relaxed' ? relaxed : plain, 'base64'));
  const module = allowingRelaxed(() => new WebAssembly.Module(bytes));
  const source = `
    const { parentPort, workerData: { module, turns, runs } } = require('node:worker_threads');
    const memory = new WebAssembly.Memory({ initial: 2, maximum: 65536 });
    const { chains } = new WebAssembly.Instance(module, { env: { memory } }).exports;
    for (let run = 0; run < 200; run++) chains(turns / 100, 0.999, 1e-3);
    setTimeout(() => {
      let best = Infinity;
      for (let run = 0; run < runs; run++) {
        const began = performance.now();
        chains(turns, 0.999, 1e-3);
        best = Math.min(best, performance.now() - began);
      }
      parentPort.postMessage(best);
    }, 50);`;
  const best = Array.from({ length: threads }, () => {
    const worker = new Worker(source, { eval: true, workerData: { module, turns: TURNS, runs } });
    return new Promise<number>((resolve, reject) => worker.once('message', resolve).once('error', reject)).finally(() => worker.terminate());
  });
  return (await Promise.all(best)).reduce((sum, milliseconds) => sum + OPERATIONS / (milliseconds * 1e6), 0);
}

/** GFLOP/s by build, on one thread and on all. */
export async function run({ quick }: Pick<SuiteOptions, 'quick'>): Promise<Partial<Record<KernelBuild, { one: number; all: number }>>> {
  const threads = availableParallelism();
  const peaks: Partial<Record<KernelBuild, { one: number; all: number }>> = {};
  for (const build of BUILDS) {
    const runs = quick ? 500 : 4000;
    const [one, all] = [await measure(build, 1, runs), await measure(build, threads, runs)];
    peaks[build] = { one, all };
    const name = build === 'relaxed' ? 'fused multiply-add (relaxed SIMD)' : 'product and sum (SIMD)';
    console.log(`  ${name.padEnd(34)} ${one.toFixed(1).padStart(6)} GFLOP/s on one thread, ${all.toFixed(1).padStart(6)} on ${threads}`);
  }
  return peaks;
}
