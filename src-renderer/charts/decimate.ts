/**
 * Curves of any length in bounded memory and drawing time.
 *
 * `decimate` keeps, of every bucket of neighbouring points, the lowest and the highest: no spike of a loss curve disappears,
 * which every-n-th sampling and averaging both let happen. First and last points are always kept.
 *
 * `Curve` collects points without end: when it is full it is decimated to a half, so that old parts get coarser and memory
 * stays bounded.
 */

/** Indices of the points to keep, ascending, at most about `target` of them; `values` may hold NaN (kept out of the extremes). */
export function decimate(values: ArrayLike<number>, target: number): number[] {
  const count = values.length;
  if (count <= target || target < 4) return Array.from({ length: count }, (_, index) => index);
  const buckets = Math.floor((target - 2) / 2);
  const kept = [0];
  for (let bucket = 0; bucket < buckets; bucket++) {
    const from = 1 + Math.floor((bucket * (count - 2)) / buckets);
    const to = 1 + Math.floor(((bucket + 1) * (count - 2)) / buckets);
    let low = -1;
    let high = -1;
    for (let index = from; index < to; index++) {
      const value = values[index]!;
      if (Number.isNaN(value)) continue;
      if (low < 0 || value < values[low]!) low = index;
      if (high < 0 || value > values[high]!) high = index;
    }
    if (low < 0) continue;
    if (low === high) kept.push(low);
    else kept.push(Math.min(low, high), Math.max(low, high));
  }
  kept.push(count - 1);
  return kept;
}

export interface CurvePoint {
  readonly step: number;
  readonly seconds: number;
  readonly loss: number;
  readonly psnr: number;
}

export class Curve {
  #points: CurvePoint[] = [];

  constructor(private readonly capacity = 8192) {}

  get length(): number {
    return this.#points.length;
  }

  get points(): readonly CurvePoint[] {
    return this.#points;
  }

  /** Adds a point. A step that lies before the last one (the fit went back to a checkpoint) cuts the curve there. */
  push(point: CurvePoint): void {
    while (this.#points.length > 0 && this.#points[this.#points.length - 1]!.step >= point.step) this.#points.pop();
    this.#points.push(point);
    if (this.#points.length > this.capacity) {
      const kept = decimate(Float64Array.from(this.#points, (each) => each.loss), this.capacity >> 1);
      this.#points = kept.map((index) => this.#points[index]!);
    }
  }

  /** Columns for drawing: x over steps or seconds, y loss or psnr, at most about `target` points; non-finite values left out. */
  columns(x: 'step' | 'seconds', y: 'loss' | 'psnr', target: number): [number[], number[]] {
    const finite = this.#points.filter((point) => Number.isFinite(point[y]));
    const kept = decimate(Float64Array.from(finite, (point) => point[y]), target);
    return [kept.map((index) => finite[index]![x]), kept.map((index) => finite[index]![y])];
  }
}
