/** Whoever can train: our engines, tfjs on its backends, PyTorch. All do the same step: draw a batch, SIREN forward and backward, Adam. */
import type { Engine } from '#engine/engine';
import { adamPlan, picture, rates, sirenField } from './work';
import { clock } from './measure';

export interface TrainingRun {
  /** Milliseconds that `steps` steps took, up to their result. */
  run(steps: number): Promise<number>;
  dispose(): Promise<void>;
}

export interface Contender {
  readonly name: string;
  /** What it runs on, with versions. */
  readonly device: string;
  /** On a software adapter a step takes seconds: small widths and few repeats. */
  readonly emulated: boolean;
  /** A SIREN of DEPTH hidden layers of `width` on a picture of 256 x 256. */
  prepare(width: number, batch: number): Promise<TrainingRun>;
  close(): void;
}

const SIDE = 256;

export function engineContender(name: string, engine: Engine, emulated: boolean): Contender {
  return {
    name,
    device: engine.facts.name,
    emulated,
    async prepare(width, batch) {
      const trainer = await engine.createTrainer({ field: sirenField(width), plan: adamPlan(batch), data: picture(SIDE), seed: 1 });
      return {
        run: (steps) => clock(() => trainer.run(rates(steps))),
        dispose: () => Promise.resolve(trainer.dispose()),
      };
    },
    close: () => undefined,
  };
}
