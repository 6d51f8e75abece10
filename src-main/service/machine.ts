/**
 * The engines and the exact decoder of one main process, each opened when first needed. The cpu engine and the decoder share one
 * pool of threads: their jobs take turns instead of fighting for the cores.
 */
import { StudioError } from '#core/errors';
import type { ResidualCodec, Synthesizer } from '#core/coding/types';
import type { DeviceFacts, Engine } from '#engine/engine';
import type { Mesh } from '#core/signal/mesh';
import { openEngine } from './engines';
import type { SurfaceContent, SurfaceMeshOptions } from './surface-mesh';

export type MainEngine = 'cpu' | 'tfjs';

export class Machine {
  readonly #engines = new Map<MainEngine, Promise<Engine>>();
  readonly #opened = new Map<MainEngine, Engine>();
  #pool: Promise<{ pool: import('#engine/cpu/pool').WorkerPool; synthesize: Synthesizer }> | null = null;
  #disposed = false;

  #threads() {
    if (this.#disposed) throw new StudioError('cancelled', 'cancelled', 'The window was closed.');
    this.#pool ??= Promise.all([import('#engine/cpu/pool'), import('#engine/cpu/exact')]).then(([{ WorkerPool }, { createExactSynthesizer }]) => {
      // In the background, so that the window answers while all cores fit.
      const pool = new WorkerPool(undefined, true);
      return { pool, synthesize: createExactSynthesizer({ pool }).synthesize };
    });
    return this.#pool;
  }

  /** The exact decoder. */
  readonly synthesize: Synthesizer = async (...request) => (await this.#threads()).synthesize(...request);

  /** The mesh of a surface's file in the cube, as cubeMesh. */
  readonly cubeMesh = async (content: SurfaceContent, options: Omit<SurfaceMeshOptions, 'threads' | 'pool'>): Promise<Mesh> => {
    const [{ cubeMesh }, { pool }] = await Promise.all([import('./surface-mesh'), this.#threads()]);
    return cubeMesh(content, { ...options, pool });
  };

  /** Residuals, on threads that live as long as each. */
  readonly residualCodec: ResidualCodec = {
    encode: async (...request) => (await import('#engine/cpu/residual')).residualCodec.encode(...request),
    decode: async (...request) => (await import('#engine/cpu/residual')).residualCodec.decode(...request),
  };

  /** Throws StudioError 'device' when the engine cannot run here; the next call tries again. */
  engine(name: MainEngine): Promise<Engine> {
    let engine = this.#engines.get(name);
    if (engine) return engine;
    engine = this.#open(name);
    this.#engines.set(name, engine);
    engine.then(
      (opened) => this.#opened.set(name, opened),
      () => this.#engines.delete(name),
    );
    return engine;
  }

  async #open(name: MainEngine): Promise<Engine> {
    if (name === 'tfjs') return openEngine('tfjs');
    const [{ createCpuEngine }, { pool }] = await Promise.all([import('#engine/cpu/engine'), this.#threads()]);
    return createCpuEngine({ pool });
  }

  /** Facts of the engines that run here. tfjs is not loaded for that: it is large, and rarely used. */
  async facts(): Promise<DeviceFacts[]> {
    const cpu = (await this.engine('cpu')).facts;
    const tfjs = this.#opened.get('tfjs')?.facts ?? { engine: 'tfjs' as const, name: 'tfjs', software: true, details: {} };
    return [cpu, tfjs];
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    const closing = [...this.#engines.values()].map(async (engine) => (await engine).dispose());
    if (this.#pool) closing.push(this.#pool.then(({ pool }) => pool.dispose()));
    // What failed to open needs no closing.
    await Promise.allSettled(closing);
  }
}
