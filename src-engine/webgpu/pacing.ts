/**
 * How much work goes into one submit: enough that submitting costs nothing, little enough that the screen stays alive and a cancel
 * or a pause is felt at once. Learned from how long submits take; nothing here touches the GPU or a clock.
 */
export const TARGET_MILLISECONDS = 30;
export const MAXIMUM_UNITS = 256;

export class Pacer {
  #perUnit = 0;
  #units = 1;

  /** `most`: units of work that a submit has room for. */
  constructor(private readonly most = MAXIMUM_UNITS) {}

  /** Units of work for the next submit, 1 to `most`. */
  get units(): number {
    return this.#units;
  }

  /** A submit of `units` took `milliseconds`. Grows at most fourfold at a time, for the first submits also pay for warming up. */
  record(units: number, milliseconds: number): void {
    const sample = Math.max(milliseconds, 1e-3) / units;
    this.#perUnit = this.#perUnit === 0 ? sample : 0.5 * (this.#perUnit + sample);
    const wanted = Math.floor(TARGET_MILLISECONDS / this.#perUnit);
    this.#units = Math.max(1, Math.min(this.most, 4 * this.#units, wanted));
  }
}
