/**
 * Signals that are larger than one storage buffer of the device: the GPU draws the points of a step as ever, and the CPU draws the same
 * ones again (drawIndex is a pure function of seed, step and element) to send the targets along, in the order of the batch; of a list of
 * points the coordinates too, and the GPU draws none. So the fit is the same, to the bit, as if the signal were bound; it costs the CPU
 * some ten nanoseconds a sample.
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
  /** Of a list of points. */
  readonly #places: Float32Array<ArrayBuffer> | null;

  /** `longest`: samples of the longest slice, at most longestSlice(...). */
  constructor(
    private readonly request: Pick<TrainerRequest, 'data' | 'plan' | 'seed'>,
    longest: number,
    maximumBinding: number,
    maximumUnits: number,
  ) {
    const { data } = request;
    this.#stride = Math.ceil(longest / 64) * 64;
    const bytes = this.#stride * widestBytes(data);
    this.units = Math.max(1, Math.min(maximumUnits, Math.floor(Math.min(STREAM_BYTES, maximumBinding) / bytes)));
    const length = this.units * this.#stride * data.channels;
    this.#scratch = data.type === 'uint8' ? new Uint8Array(length) : new Uint16Array(length);
    this.#places = data.coordinates ? new Float32Array(this.units * this.#stride * inputsOf(data)) : null;
  }

  /** Samples of the longest slice whose targets fit into one buffer. */
  static longestSlice(data: TrainingSet, maximumBinding: number): number {
    return Math.max(64, Math.floor(Math.min(STREAM_BYTES, maximumBinding) / (widestBytes(data) * 64)) * 64);
  }

  /** First sample of unit `slot` of a submit. */
  firstSample(slot: number): number {
    return slot * this.#stride;
  }

  /** Puts targets and coordinates of one slice of step `step` (0-based) where unit `slot` reads them. */
  fill(slot: number, step: number, slice: Slice, table: DrawTable | null): void {
    const { data, plan, seed } = this.request;
    const { channels, samples, coordinates } = data;
    const out = this.#scratch;
    const places = this.#places;
    const inputs = inputsOf(data);
    const begin = this.firstSample(slot) * channels;
    if (plan.sampling.kind === 'full') {
      out.set(samples.subarray(slice.start * channels, (slice.start + slice.count) * channels), begin);
      if (coordinates && places) places.set(coordinates.subarray(slice.start * inputs, (slice.start + slice.count) * inputs), this.firstSample(slot) * inputs);
      return;
    }
    const points = pointCount(data.size);
    for (let sample = 0; sample < slice.count; sample++) {
      const point = drawIndex(plan, seed, step, slice.start + sample, points, table ?? undefined);
      const from = point * channels;
      const to = begin + sample * channels;
      for (let channel = 0; channel < channels; channel++) out[to + channel] = samples[from + channel];
      if (!coordinates || !places) continue;
      const place = (this.firstSample(slot) + sample) * inputs;
      for (let axis = 0; axis < inputs; axis++) places[place + axis] = coordinates[point * inputs + axis];
    }
  }

  /** What units [0, count) read, and the names of the buffers for it; by default all that a submit can bring. */
  sent(count = this.units): readonly (readonly [string, Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Float32Array<ArrayBuffer>])[] {
    const { data } = this.request;
    const samples = this.firstSample(count);
    const targets = ['samples of the input', this.#scratch.subarray(0, samples * data.channels)] as const;
    return this.#places ? [targets, ['places', this.#places.subarray(0, samples * inputsOf(data))]] : [targets];
  }
}

/** Coordinates of a point of a list; 0 of a grid. */
function inputsOf({ coordinates, size }: TrainingSet): number {
  return coordinates ? coordinates.length / pointCount(size) : 0;
}

/** Bytes that a sample takes in the buffer that it takes most of. */
function widestBytes(data: TrainingSet): number {
  return Math.max(data.channels * data.samples.BYTES_PER_ELEMENT, 4 * inputsOf(data));
}
