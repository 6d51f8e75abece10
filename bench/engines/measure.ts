/** Interleaved timing, the line through time against work, and tables. */
import { median } from '../machine';

/** Something that does a number of equal turns and says how long they took. */
export interface Runner {
  readonly name: string;
  /** Milliseconds that `turns` turns took. */
  run(turns: number): Promise<number>;
}

export interface Timing {
  readonly name: string;
  /** Milliseconds a turn: median and minimum over the repeats. */
  readonly median: number;
  readonly minimum: number;
  readonly repeats: number;
  /** Turns of one repeat. */
  readonly turns: number;
}

export interface Patience {
  readonly repeats: number;
  /** Wished length of one repeat. */
  readonly milliseconds: number;
}

/** Milliseconds of an action. */
export async function clock(action: () => unknown): Promise<number> {
  const began = performance.now();
  await action();
  return performance.now() - began;
}

/**
 * Times runners in turns. Each one warms up first (compilers, allocators) and gets as many turns a repeat as fill the wished time; one
 * that needs longer than that for a single turn gets one turn and three repeats at most.
 */
export async function interleaved(runners: readonly Runner[], { repeats, milliseconds }: Patience): Promise<Timing[]> {
  const plans: { runner: Runner; turns: number; times: number[] }[] = [];
  for (const runner of runners) {
    let turn = await runner.run(1);
    if (turn < milliseconds) turn = await runner.run(1);
    if (turn < milliseconds / 4) turn = (await runner.run(4)) / 4;
    plans.push({ runner, turns: Math.max(1, Math.min(10_000, Math.round(milliseconds / turn))), times: [] });
  }
  for (let repeat = 0; repeat < repeats; repeat++) {
    for (const { runner, turns, times } of plans) {
      if (repeat >= 3 && Math.min(...times) > milliseconds) continue;
      times.push((await runner.run(turns)) / turns);
    }
  }
  return plans.map(({ runner, turns, times }) => ({ name: runner.name, median: median(times), minimum: Math.min(...times), repeats: times.length, turns }));
}

export interface Line {
  /** Milliseconds at no work, and milliseconds a unit of work. */
  readonly offset: number;
  readonly slope: number;
  /** Share of the variance that the line explains. */
  readonly r2: number;
  /** Largest distance of a measured time from the line, as a share of that time. */
  readonly largestResidual: number;
}

/**
 * The line through (work, milliseconds) that makes the squares of relative residuals small: every point counts alike, though work
 * spans powers of two. r2 is weighted in the same way.
 */
export function fitLine(points: readonly (readonly [work: number, milliseconds: number])[]): Line {
  const weights = points.map(([, time]) => 1 / time ** 2);
  const mean = (value: (point: readonly [number, number]) => number): number =>
    points.reduce((sum, point, i) => sum + weights[i]! * value(point), 0) / weights.reduce((sum, weight) => sum + weight, 0);
  const work = mean(([x]) => x);
  const time = mean(([, y]) => y);
  const slope = mean(([x, y]) => (x - work) * (y - time)) / mean(([x]) => (x - work) ** 2);
  const offset = time - slope * work;
  const residuals = points.map(([x, y]) => y - (offset + slope * x));
  return {
    offset,
    slope,
    r2: 1 - mean(([x, y]) => (y - (offset + slope * x)) ** 2) / mean(([, y]) => (y - time) ** 2),
    largestResidual: Math.max(...residuals.map((residual, i) => Math.abs(residual) / points[i]![1])),
  };
}

/** Prints rows under a head: the first columns to the left, those of numbers to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  const numeric = head.map((_, column) => rows.every((row) => /^[-\d.,x%]*$/.test(row[column]!)));
  for (const row of [head, ...rows]) {
    console.log(`  ${row.map((cell, column) => (numeric[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!))).join('  ').trimEnd()}`);
  }
}

/** A number with three digits that count. */
export function short(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
