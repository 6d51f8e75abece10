/**
 * A field plus an entropy-coded residual: what a network leaves of a volume is transformed, quantized and coded, so that any error can be
 * reached. Networks alone do not represent noise or hard edges well in few bytes; a transform codec with learned contexts does. With a
 * field of a constant this is that codec alone.
 *
 * Per channel and brick: residual = original - field; 9/7 wavelet in integers (wavelet.ts); uniform quantizer with step / norm of the band, so
 * that each coefficient's error weighs the same in the samples; contexts, mixing and a range coder (coefficients.ts). Everything is whole numbers,
 * or doubles that hold them exactly: the decoder gives the same samples on every machine.
 *
 * Decoded magnitude of an integer q > 0: (q + offset / 32) * step, with one offset for q = 1 and one for q > 1 for each level: the means of
 * what was rounded there. They follow the integers in the message, 5 bits each.
 *
 * Volumes are cut into bricks of at most 256 samples an axis, equal to within one sample: 64 MiB of coefficients whatever the size. Pictures
 * work too (missing axes have one sample) but are not what contexts and bricks were chosen for. Channels are coded one after the other, each
 * as if it were alone, with the statistics of those before it.
 *
 * Message: step in 1/16 of a code (20 bits), then for each channel, for each brick in raster order: integers, offsets.
 */
import { StudioError } from '../../errors';
import { pointCount, sampleMaximum, type SampleType } from '../../signal/signal';
import { RangeDecoder, RangeEncoder, type BinaryCoder } from '../range-coder';
import { codeCoefficients, CoefficientModel } from './coefficients';
import { bandsOf, forwardWavelet, inverseWavelet, SCALE, type Band, type Extents } from './wavelet';

export type Codes = Uint8Array | Uint16Array;

/** Steps that a residual may have, in codes: the step of a uniform quantizer whose cells give an orthonormal transform the same error. */
export const RESIDUAL_STEPS = [0.25, 65535] as const;

const STEP_UNITS = 16;
const STEP_BITS = 20;
/** Steps of bands are in 1/64 of a coefficient's unit. */
const FINE = 64;
const LARGEST_BRICK = 256;
const OFFSET_BITS = 5;
const OFFSET_UNITS = 32;
const LARGEST_COEFFICIENT = 2 ** 30;

function fault(message: string): StudioError {
  return new StudioError('container', 'container.residual', message);
}

/** [start, end) of the parts of an axis. */
function parts(extent: number): [number, number][] {
  const count = Math.ceil(extent / LARGEST_BRICK);
  return Array.from({ length: count }, (_, k) => [Math.floor((k * extent) / count), Math.floor(((k + 1) * extent) / count)]);
}

interface Brick {
  readonly at: Extents;
  readonly size: Extents;
}

function bricksOf([width, height, depth]: Extents): Brick[] {
  return parts(depth).flatMap(([z0, z1]) => parts(height).flatMap(([y0, y1]) => parts(width).map(([x0, x1]): Brick => ({ at: [x0, y0, z0], size: [x1 - x0, y1 - y0, z1 - z0] }))));
}

/** Calls `visit` for each row of a brick: its place in the brick, the index of its first sample among all, its length. */
function eachRow({ at, size }: Brick, whole: Extents, visit: (row: number, first: number) => void): void {
  for (let z = 0; z < size[2]; z++) {
    for (let y = 0; y < size[1]; y++) visit(size[0] * (y + size[1] * z), at[0] + whole[0] * (at[1] + y + whole[1] * (at[2] + z)));
  }
}

/** Calls `visit` for each coefficient of a band. */
function eachCoefficient(band: Band, size: Extents, visit: (place: number) => void): void {
  for (let z = band.at[2]; z < band.at[2] + band.size[2]; z++) {
    for (let y = band.at[1]; y < band.at[1] + band.size[1]; y++) {
      const row = size[0] * (y + size[1] * z);
      for (let x = band.at[0]; x < band.at[0] + band.size[0]; x++) visit(row + x);
    }
  }
}

/** Step of a band's coefficients in 1/64. */
const bandStep = (band: Band, units: number): number => Math.max(1, Math.floor((units * (SCALE / STEP_UNITS) * FINE * 2 ** 42) / band.norm + 0.5));

/** Means of what rounding took from ones (even places) and greater integers (odd), for each level, in 1/32 step from -16 to 15. */
function meanOffsets(bands: readonly Band[], steps: readonly number[], size: Extents, coefficients: Int32Array, integers: Int32Array): Int32Array {
  const levels = bands[0]!.level + 1;
  const sums = new Float64Array(2 * levels);
  const counts = new Uint32Array(2 * levels);
  bands.forEach((band, index) => {
    eachCoefficient(band, size, (place) => {
      const magnitude = Math.abs(integers[place]!);
      if (magnitude === 0) return;
      const slot = 2 * band.level + (magnitude > 1 ? 1 : 0);
      sums[slot]! += Math.abs(coefficients[place]!) / steps[index]! - magnitude;
      counts[slot]!++;
    });
  });
  return Int32Array.from(sums, (sum, slot) => Math.max(-16, Math.min(15, Math.round((OFFSET_UNITS * sum) / Math.max(1, counts[slot]!)))));
}

function codeOffsets(coder: BinaryCoder, offsets: Int32Array): void {
  for (let slot = 0; slot < offsets.length; slot++) offsets[slot] = coder.uniform(offsets[slot]! + OFFSET_UNITS / 2, OFFSET_BITS) - OFFSET_UNITS / 2;
}

/** Integers to coefficients, in place. Products of what an encoder writes are below 2^53; hostile ones are rounded as doubles are, then bounded. */
function dequantizeBrick(bands: readonly Band[], units: number, size: Extents, integers: Int32Array, offsets: Int32Array): void {
  for (const band of bands) {
    const step = bandStep(band, units);
    const [first, others] = [offsets[2 * band.level]!, offsets[2 * band.level + 1]!];
    eachCoefficient(band, size, (place) => {
      const integer = integers[place]!;
      if (integer === 0) return;
      const magnitude = Math.abs(integer);
      const value = Math.floor(((OFFSET_UNITS * magnitude + (magnitude === 1 ? first : others)) * step) / (OFFSET_UNITS * FINE) + 0.5);
      const bounded = Math.min(LARGEST_COEFFICIENT, value);
      integers[place] = integer < 0 ? -bounded : bounded;
    });
  }
}

function wholeOf(size: readonly number[]): Extents {
  if (size.length < 1 || size.length > 3) throw new StudioError('usage', 'residual.axes', `Residuals have one to three axes, not ${size.length}.`);
  return [size[0]!, size[1] ?? 1, size[2] ?? 1];
}

function requireCodes(codes: Codes, size: readonly number[], channels: number, type: SampleType): void {
  const right = codes instanceof (type === 'uint8' ? Uint8Array : Uint16Array) && codes.length === pointCount(size) * channels;
  if (!right) throw new StudioError('failed', 'residual.shape', `A residual of ${size.join(' x ')} x ${channels} ${type} codes was given ${codes.length} codes of another shape or type.`);
}

/**
 * Codes what `field` lacks of `original`, both interleaved codes of `size` with `channels`, x fastest. `step` in codes (RESIDUAL_STEPS) sets the error:
 * the root of the mean square is about 0.3 to 0.45 of it where the residual has detail, less where it has none. The same input gives the same bytes.
 * Throws StudioError 'usage'/'residual.step', 'usage'/'residual.axes', 'failed'/'residual.shape'.
 */
export function encodeResidual(original: Codes, field: Codes, size: readonly number[], channels: number, type: SampleType, step: number): Uint8Array {
  if (!(step >= RESIDUAL_STEPS[0] && step <= RESIDUAL_STEPS[1])) {
    throw new StudioError('usage', 'residual.step', `The step of a residual must be a number from ${RESIDUAL_STEPS[0]} to ${RESIDUAL_STEPS[1]}, not ${step}.`);
  }
  const whole = wholeOf(size);
  requireCodes(original, size, channels, type);
  requireCodes(field, size, channels, type);
  const units = Math.round(step * STEP_UNITS);
  const encoder = new RangeEncoder();
  encoder.uniform(units, STEP_BITS);
  const model = new CoefficientModel();
  for (let channel = 0; channel < channels; channel++) {
    for (const brick of bricksOf(whole)) {
      const coefficients = new Int32Array(pointCount(brick.size));
      eachRow(brick, whole, (row, first) => {
        for (let x = 0; x < brick.size[0]; x++) {
          const at = (first + x) * channels + channel;
          coefficients[row + x] = (original[at]! - field[at]!) * SCALE;
        }
      });
      forwardWavelet(coefficients, brick.size);
      const bands = bandsOf(brick.size);
      const steps = bands.map((band) => bandStep(band, units) / FINE);
      const integers = new Int32Array(coefficients.length);
      codeCoefficients(encoder, model, bands, brick.size, integers, { coefficients, steps });
      codeOffsets(encoder, meanOffsets(bands, steps, brick.size, coefficients, integers));
    }
  }
  return encoder.finish();
}

/**
 * The codes: field plus decoded residual, clamped to the type. The caller has checked `size` against its limits; memory follows from it alone,
 * never from the bytes. Throws StudioError 'container'/'container.residual' for bytes that encodeResidual does not write, 'usage'/'residual.axes',
 * 'failed'/'residual.shape'.
 */
export function decodeResidual(bytes: Uint8Array, field: Codes, size: readonly number[], channels: number, type: SampleType): Codes {
  const whole = wholeOf(size);
  requireCodes(field, size, channels, type);
  const decoder = new RangeDecoder(bytes, 'residual');
  const units = decoder.uniform(0, STEP_BITS);
  if (units < RESIDUAL_STEPS[0] * STEP_UNITS || units > RESIDUAL_STEPS[1] * STEP_UNITS) throw fault('The coded residual gives a step that no residual has.');
  const model = new CoefficientModel();
  const codes = field.slice();
  const most = sampleMaximum(type);
  for (let channel = 0; channel < channels; channel++) {
    for (const brick of bricksOf(whole)) {
      const bands = bandsOf(brick.size);
      const integers = new Int32Array(pointCount(brick.size));
      codeCoefficients(decoder, model, bands, brick.size, integers, null);
      const offsets = new Int32Array(2 * (bands[0]!.level + 1));
      codeOffsets(decoder, offsets);
      dequantizeBrick(bands, units, brick.size, integers, offsets);
      inverseWavelet(integers, brick.size);
      eachRow(brick, whole, (row, first) => {
        for (let x = 0; x < brick.size[0]; x++) {
          const at = (first + x) * channels + channel;
          const value = field[at]! + ((integers[row + x]! + SCALE / 2) >> 4);
          codes[at] = value < 0 ? 0 : value > most ? most : value;
        }
      });
    }
  }
  if (!decoder.atEnd()) throw fault('The coded residual goes on after its end, or is not in its canonical coding.');
  return codes;
}
