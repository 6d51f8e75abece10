/**
 * The tfjs engine: slow, and a second opinion whose gradients are not ours. What is right is defined by src-engine/reference.ts; this is what
 * the benchmarks compare with. Loaded lazily: tfjs is large and prints advice when it is loaded where it need not be.
 *
 * tfjs keeps ONE global backend, so an engine selects its own before every piece of synchronous work; engines of different
 * backends may live side by side.
 */
import { parameterLayout } from '#core/field/layout';
import { StudioError } from '#core/errors';
import { requireParameters } from '../checks';
import type { DeviceFacts, Engine } from '../engine';
import { memoryRefusal } from './memory';
import type { Tf } from './model';
import { createTfjsTrainer, evaluateOnGrid } from './trainer';

export type TfjsBackend = 'cpu' | 'wasm' | 'webgpu' | 'webgl';

export interface TfjsOptions {
  /** Absent: wasm, or the pure JavaScript backend where wasm cannot start. */
  readonly backend?: TfjsBackend;
  /** A tfjs that is loaded already; absent: '@tensorflow/tfjs' is imported. */
  readonly tf?: Tf;
  /** Folder (with a trailing slash) of the three .wasm files; in Node they are found beside the package. */
  readonly wasmPaths?: string;
}

/** A namespace import of a CommonJS package: in Node the names may sit under `default` only. */
function namespaceOf<T extends object>(module: T): T {
  const inner = (module as { default?: T }).default;
  return inner && !('setBackend' in module) && 'setBackend' in inner ? inner : module;
}

async function startBackend(tf: Tf, backend: TfjsBackend, options: TfjsOptions): Promise<boolean> {
  try {
    if (backend === 'wasm') {
      const wasm = await import('@tensorflow/tfjs-backend-wasm');
      if (options.wasmPaths !== undefined) wasm.setWasmPaths(options.wasmPaths);
    } else if (backend === 'webgpu') {
      await import('@tensorflow/tfjs-backend-webgpu');
    }
    return await tf.setBackend(backend);
  } catch {
    return false;
  }
}

/**
 * Opens the tfjs engine.
 * Throws StudioError 'device'/'device.tfjs' when the asked backend cannot start here; without one asked for it cannot fail.
 */
export async function createTfjsEngine(options: TfjsOptions = {}): Promise<Engine> {
  const tf = options.tf ?? namespaceOf(await import('@tensorflow/tfjs'));
  // Production mode: no advice on the console, no check of every result for NaN.
  tf.env().set('PROD', true);
  const candidates: readonly TfjsBackend[] = options.backend ? [options.backend] : ['wasm', 'cpu'];
  let backend: TfjsBackend | undefined;
  for (const candidate of candidates) {
    if (await startBackend(tf, candidate, options)) {
      backend = candidate;
      break;
    }
  }
  if (!backend) {
    throw new StudioError(
      'device',
      'device.tfjs',
      `The tfjs backend "${candidates[0]}" cannot start here. Choose the backend "cpu", or another engine (--device cpu).`,
    );
  }
  const chosen = backend;
  const activate = async () => {
    while (tf.getBackend() !== chosen) await tf.setBackend(chosen);
  };
  const version = tf.version_core.split('.').slice(0, 2).join('.');
  const facts: DeviceFacts = {
    engine: 'tfjs',
    name: `tfjs ${version} ${chosen}`,
    software: chosen === 'cpu' || chosen === 'wasm',
    details: { backend: chosen, version: tf.version_core, role: 'reference' },
  };
  return {
    facts,

    // The points of a full batch are the signal's: createTrainer looks at them.
    refusal: (field, plan) => memoryRefusal(field, plan, plan.sampling.kind === 'full' ? 0 : plan.batch),

    createTrainer: (request) => createTfjsTrainer(tf, activate, request),

    async evaluate(field, parameters, size) {
      requireParameters(field, parameters);
      await activate();
      const tensors = parameterLayout(field).tensors.map((slot) =>
        tf.tensor(parameters.slice(slot.offset, slot.offset + slot.length), [...slot.shape]),
      );
      try {
        return await evaluateOnGrid(tf, activate, field, tensors, size);
      } finally {
        tf.dispose(tensors);
      }
    },

    dispose: () => Promise.resolve(),
  };
}
