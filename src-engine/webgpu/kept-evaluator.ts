/**
 * Evaluation of given parameters. The next call is mostly about the same network (a file that is looked at, zoomed or played), so kernels
 * and buffers of the last one are kept and only its parameters are written anew. Calls wait for each other.
 */
import type { Field } from '#core/field/field';
import { parameterLayout } from '#core/field/layout';
import { StudioError } from '#core/errors';
import { USAGE, type GpuContext } from './context';
import { Evaluator } from './evaluator';

interface Kept {
  /** The field as JSON. */
  readonly key: string;
  readonly parameters: GPUBuffer;
  readonly evaluator: Evaluator;
}

export class KeptEvaluator {
  #kept: Kept | null = null;
  #last: Promise<unknown> = Promise.resolve();

  constructor(private readonly context: GpuContext) {}

  /** Samples on a grid, as Trainer.reconstruct. Throws StudioError 'usage'/'engine.mismatch' for parameters of another network. */
  evaluate(field: Field, parameters: Float32Array, size: readonly number[]): Promise<Float32Array> {
    return this.#inTurn(async () => {
      this.context.assertAlive();
      const { length } = parameterLayout(field);
      if (parameters.length !== length) {
        throw new StudioError('usage', 'engine.mismatch', `The network has ${length} parameters, but ${parameters.length} were given.`);
      }
      const { evaluator, parameters: buffer } = await this.#keep(field);
      this.context.device.queue.writeBuffer(buffer, 0, Float32Array.from(parameters));
      return evaluator.read(size);
    });
  }

  /** Gives the memory back; the next call makes everything anew. */
  release(): Promise<void> {
    return this.#inTurn(() => {
      this.#drop();
      return Promise.resolve();
    });
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #keep(field: Field): Promise<Kept> {
    const key = JSON.stringify(field);
    if (this.#kept?.key === key) return this.#kept;
    this.#drop();
    const { context } = this;
    const bytes = 4 * parameterLayout(field).length;
    const parameters = await context.checked('hold the parameters', () => context.buffer('parameters', bytes, USAGE.storage | USAGE.copyTarget));
    try {
      this.#kept = { key, parameters, evaluator: await Evaluator.create(context, field, parameters) };
      return this.#kept;
    } catch (error) {
      parameters.destroy();
      throw error;
    }
  }

  #drop(): void {
    this.#kept?.evaluator.dispose();
    this.#kept?.parameters.destroy();
    this.#kept = null;
  }
}
