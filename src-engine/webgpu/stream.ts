/**
 * Signals that are larger than one storage buffer of the device: the GPU draws the points of a step as ever, and the CPU draws the same
 * ones again (drawIndex is a pure function of seed, step and element) to send the targets along, in the order of the batch. So the
 * fit is the same, to the bit, as if the signal were bound; it costs the CPU some ten nanoseconds a sample.
 */
import type { DrawTable } from '#core/fit/importance';
import { drawIndex } from '#core/fit/sampling';
import { pointCount } from '#core/signal/signal';
import type { TrainerRequest, TrainingSet } from '../engine';
import type { Slice } from './slices';

/** Bytes of targets that one submit brings. */
const STREAM_BYTES = 16 * 2 ** 20;

export class TargetStream {
  /** Slices whose targets go into one submit. */
  readonly units: number;
  /** Distance of two units' targets in samples: multiples of 64, so that every submit is a whole number of words. */
  readonly #stride: number;
  readonly #scratch: Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;

  /** `longest`: samples of the longest slice, at most longestSlice(...). */
  constructor(
    private readonly request: Pick<TrainerRequest, 'data' | 'plan' | 'seed'>,
    longest: number,
    maximumBinding: number,
    maximumUnits: number,
  ) {
    const { data } = request;
    this.#stride = Math.ceil(longest / 64) * 64;
    const bytes = this.#stride * data.channels * data.samples.BYTES_PER_ELEMENT;
    this.units = Math.max(1, Math.min(maximumUnits, Math.floor(Math.min(STREAM_BYTES, maximumBinding) / bytes)));
    const length = this.units * this.#stride * data.channels;
    this.#scratch = data.type === 'uint8' ? new Uint8Array(length) : new Uint16Array(length);
  }

  /** Samples of the longest slice whose targets fit into one buffer. */
  static longestSlice(data: TrainingSet, maximumBinding: number): number {
    return Math.max(64, Math.floor(Math.min(STREAM_BYTES, maximumBinding) / (data.channels * data.samples.BYTES_PER_ELEMENT * 64)) * 64);
  }

  get byteLength(): number {
    return this.#scratch.byteLength;
  }

  /** First sample of unit `slot` of a submit. */
  firstSample(slot: number): number {
    return slot * this.#stride;
  }

  /** Puts the targets of one slice of step `step` (0-based) where unit `slot` reads them. */
  fill(slot: number, step: number, slice: Slice, table: DrawTable | null): void {
    const { data, plan, seed } = this.request;
    const { channels, samples } = data;
    const out = this.#scratch;
    const begin = this.firstSample(slot) * channels;
    if (plan.sampling.kind === 'full') {
      out.set(samples.subarray(slice.start * channels, (slice.start + slice.count) * channels), begin);
      return;
    }
    const points = pointCount(data.size);
    for (let sample = 0; sample < slice.count; sample++) {
      const from = drawIndex(plan, seed, step, slice.start + sample, points, table ?? undefined) * channels;
      const to = begin + sample * channels;
      for (let channel = 0; channel < channels; channel++) out[to + channel] = samples[from + channel];
    }
  }

  /** The targets of units [0, count). */
  targets(count: number): Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> {
    return this.#scratch.subarray(0, this.firstSample(count) * this.request.data.channels);
  }
}
