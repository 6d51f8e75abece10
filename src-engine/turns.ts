/** Calls that must not overlap wait for one another here. */
import type { Trainer } from './engine';

/** A queue of calls: each begins when the one before it has ended, well or badly. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  take<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }
}

/**
 * A trainer whose calls wait for one another: a session keeps to one call at a time, but a checkpoint may be asked for by a user
 * meanwhile. `turns`: for whatever else must not overlap with them.
 */
export function inTurns(trainer: Trainer, turns = new Turns()): Trainer {
  return {
    field: trainer.field,
    notes: trainer.notes ?? [],
    run: (rates) => turns.take(() => trainer.run(rates)),
    checkpoint: () => turns.take(() => trainer.checkpoint()),
    reconstruct: (size) => turns.take(() => trainer.reconstruct(size)),
    dispose: () => trainer.dispose(),
  };
}
