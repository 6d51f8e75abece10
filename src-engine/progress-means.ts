/** The means of a session's reports between two that are passed on: each report counts as many times as it has steps. */
import type { SessionProgress } from './session';

export class ProgressMeans {
  #loss = 0;
  #squaredError = 0;
  #steps = 0;
  #lastStep: number | null = null;

  /** Takes a report; one whose loss is no number counts for its steps alone. */
  add({ step, loss, psnr }: Pick<SessionProgress, 'step' | 'loss' | 'psnr'>): void {
    // After a lost device a fit goes back to its checkpoint.
    const steps = Math.max(0, step - (this.#lastStep ?? step - 1));
    this.#lastStep = step;
    if (!Number.isFinite(loss)) return;
    this.#loss += loss * steps;
    this.#squaredError += 10 ** (-psnr / 10) * steps;
    this.#steps += steps;
  }

  /** Mean loss, and the PSNR of the mean squared error, since the last call; null where no step was reported. */
  take(): Pick<SessionProgress, 'loss' | 'psnr'> | null {
    const steps = this.#steps;
    const means = { loss: this.#loss / steps, psnr: -10 * Math.log10(Math.max(this.#squaredError / steps, 1e-20)) };
    [this.#loss, this.#squaredError, this.#steps] = [0, 0, 0];
    return steps > 0 ? means : null;
  }
}
