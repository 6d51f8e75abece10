/** What a run of the suite has: the contenders that this machine can run, their versions, and what is missing. */
import { availableParallelism } from 'node:os';
import { adamPlan, sirenField } from './work';
import { engineContender, type Contender } from './contender';
import { findGpu, type BenchGpu } from './gpu';
import { findJax } from './jax';
import { findTorch } from './torch';
import { createCpuEngine } from '#engine/cpu/engine';
import type { Engine } from '#engine/engine';
import { createTfjsEngine } from '#engine/tfjs/engine';
import { memoryTunings } from '#engine/webgpu/autotune';
import { createWebGpuEngine } from '#engine/webgpu/engine';
import type { Patience } from './measure';

export interface BenchContext {
  readonly quick: boolean;
  readonly threads: number;
  /** In the order in which they are printed; those that the machine has. */
  readonly contenders: readonly Contender[];
  /** Engines by the name of their contender. */
  readonly engines: ReadonlyMap<string, Engine>;
  readonly gpu: BenchGpu | null;
  readonly versions: Readonly<Record<string, string>>;
  /** What is not run, and why. */
  readonly absent: { what: string; why: string }[];
  readonly patience: Patience;
  close(): Promise<void>;
}

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error)).split('\n')[0]!;

export async function openContext(quick: boolean): Promise<BenchContext> {
  const threads = availableParallelism();
  const absent: BenchContext['absent'] = [];
  const engines = new Map<string, Engine>();
  const contenders: Contender[] = [];
  const versions: Record<string, string> = { node: process.version, v8: process.versions.v8 };

  const gpu = await findGpu().catch((error: unknown) => {
    absent.push({ what: 'webgpu and tfjs-webgpu', why: message(error) });
    return null;
  });
  const openers: [string, () => Promise<Engine>][] = [
    ['cpu', () => createCpuEngine({})],
    ['tfjs-wasm', () => createTfjsEngine({ backend: 'wasm', wasmPaths: process.env['INR_TFJS_WASM'] })],
    ...(gpu
      ? ([
          ['webgpu', () => createWebGpuEngine({ gpu: gpu.gpu, tunings: memoryTunings() })],
          ['tfjs-webgpu', () => createTfjsEngine({ backend: 'webgpu' })],
        ] as [string, () => Promise<Engine>][])
      : []),
  ];
  for (const [name, open] of openers) {
    try {
      const engine = await open();
      // Opened is not enough: some devices fail at the first step.
      const trainer = await engine.createTrainer({ field: sirenField(16), plan: adamPlan(64), data: { size: [8, 8], channels: 3, type: 'uint8', samples: new Uint8Array(192) }, seed: 1 });
      await trainer.run(Float32Array.of(1e-4));
      trainer.dispose();
      engines.set(name, engine);
      contenders.push(engineContender(name, engine, name.endsWith('webgpu') && gpu?.software === true));
      versions[name] = engine.facts.name;
    } catch (error) {
      absent.push({ what: name, why: message(error) });
    }
  }
  if (gpu) versions['adapter'] = gpu.description;
  // An installation that is not whole must not end the run.
  const jax = await findJax(gpu?.software === true).catch((error: unknown) => ({ contenders: [], absent: [{ what: 'jax-js', why: message(error) }] }));
  for (const peers of [jax, await findTorch(threads)]) {
    contenders.push(...peers.contenders);
    absent.push(...peers.absent);
    for (const { name, device } of peers.contenders) versions[name] = device;
  }
  if (!gpu || gpu.software) absent.push({ what: 'a real GPU', why: 'this machine has none that answers to Vulkan' });
  for (const [name, version] of Object.entries(versions)) console.log(`  ${name.padEnd(22)} ${version}`);

  return {
    quick,
    threads,
    contenders,
    engines,
    gpu,
    versions,
    absent,
    patience: quick ? { repeats: 2, milliseconds: 60 } : { repeats: 7, milliseconds: 400 },
    async close() {
      for (const contender of contenders) contender.close();
      for (const engine of engines.values()) await engine.dispose();
    },
  };
}
