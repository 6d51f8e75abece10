/**
 * A field plus an entropy-coded residual: what a network leaves of a volume is transformed, quantized and coded, so that any error can be
 * reached. Networks alone do not represent noise or hard edges well in few bytes; a transform codec with learned contexts does. With a
 * field of a constant this is that codec alone.
 *
 * Per channel and brick (bricks.ts): residual = original - field; 9/7 wavelet in integers (wavelet.ts); uniform quantizer with step / norm of the
 * band, so that each coefficient's error weighs the same in the samples (dequantization.ts); contexts, mixing and a range coder
 * (coefficients.ts). Everything is whole numbers, or doubles that hold them exactly: the decoder gives the same samples on every machine.
 *
 * Pictures work too but are not what contexts and bricks were chosen for. Channels are coded one after the other, each as if it were alone,
 * with the statistics of those before it.
 *
 * Message: step in 1/256 of a code (24 bits), then for each channel, for each brick: integers, offsets. docs/FORMAT.md is the specification.
 *
 * Bricks do not need the field before they are added to it: a thread may decode them while others still synthesize.
 */
import { StudioError } from '../../errors';
import { pointCount, sampleMaximum, type SampleType } from '../../signal/signal';
import { RangeDecoder, RangeEncoder } from '../range-coder';
import type { SampleGrid } from '../types';
import { bricksOf, eachRow, wholeOf, type Brick } from './bricks';
import { codeCoefficients, CoefficientModel } from './coefficients';
import { bandStep, codeOffsets, dequantize, FINE, meanOffsets, newOffsets, STEP_UNITS } from './dequantization';
import { bandsOf, forwardWavelet, inverseWavelet, SCALE } from './wavelet';

export type Codes = Uint8Array | Uint16Array;

/** Steps that a residual may have, in codes: the step of a uniform quantizer whose cells give an orthonormal transform the same error. */
export const RESIDUAL_STEPS = [0.25, 65535] as const;

const STEP_BITS = 24;

/** What one channel of one brick lacks: samples times SCALE, not yet rounded. */
export interface ResidualBrick {
  readonly channel: number;
  readonly brick: Brick;
  readonly deltas: Int32Array;
}

function fault(message: string): StudioError {
  return new StudioError('container', 'container.residual', message);
}

/** Step in codes for a step that is given as a share of the full scale of a type: not below the finest. */
export const stepInCodes = (share: number, type: SampleType): number => Math.max(RESIDUAL_STEPS[0], share * sampleMaximum(type));

/** How many bricks, over all channels, a residual on this grid has. Throws StudioError 'usage'/'residual.axes'. */
export const brickCount = ({ size, channels }: SampleGrid): number => bricksOf(wholeOf(size)).length * channels;

/** Throws StudioError 'failed'/'residual.shape' unless these are codes of that grid. */
export function requireCodes(codes: Codes, { size, channels, type }: SampleGrid): void {
  const right = codes instanceof (type === 'uint8' ? Uint8Array : Uint16Array) && codes.length === pointCount(size) * channels;
  if (!right) throw new StudioError('failed', 'residual.shape', `A residual of ${size.join(' x ')} x ${channels} ${type} codes was given ${codes.length} codes of another shape or type.`);
}

/** Adds what a brick lacks to the codes of the field, in place; sums are clamped to the type. */
export function addBrick(codes: Codes, { channel, brick, deltas }: ResidualBrick, { size, channels, type }: SampleGrid): void {
  const most = sampleMaximum(type);
  const length = brick.size[0];
  eachRow(brick, wholeOf(size), (row, first) => {
    for (let x = 0; x < length; x++) {
      const at = (first + x) * channels + channel;
      const value = codes[at]! + ((deltas[row + x]! + SCALE / 2) >> 4);
      codes[at] = value < 0 ? 0 : value > most ? most : value;
    }
  });
}

/**
 * Codes what `field` lacks of `original`, both interleaved codes of the grid, x fastest: yields each brick as decoders will get it, then returns the
 * message. `step` in codes (RESIDUAL_STEPS) sets the error: the root of the mean square is about 0.3 to 0.45 of it where the residual has
 * detail, less where it has none. The same input gives the same bytes.
 * Throws StudioError 'usage'/'residual.step', 'usage'/'residual.axes', 'failed'/'residual.shape'.
 */
export function* encodeBricks(original: Codes, field: Codes, grid: SampleGrid, step: number): Generator<ResidualBrick, Uint8Array> {
  if (!(step >= RESIDUAL_STEPS[0] && step <= RESIDUAL_STEPS[1])) {
    throw new StudioError('usage', 'residual.step', `The step of a residual must be a number from ${RESIDUAL_STEPS[0]} to ${RESIDUAL_STEPS[1]}, not ${step}.`);
  }
  const whole = wholeOf(grid.size);
  requireCodes(original, grid);
  requireCodes(field, grid);
  const { channels } = grid;
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
      const offsets = meanOffsets(bands, steps, brick.size, coefficients, integers);
      codeOffsets(encoder, offsets);
      dequantize(bands, units, brick.size, integers, offsets);
      inverseWavelet(integers, brick.size);
      yield { channel, brick, deltas: integers };
    }
  }
  return encoder.finish();
}

function readStep(decoder: RangeDecoder): number {
  const units = decoder.uniform(0, STEP_BITS);
  if (units < RESIDUAL_STEPS[0] * STEP_UNITS || units > RESIDUAL_STEPS[1] * STEP_UNITS) throw fault('The coded residual gives a step that no residual has.');
  return units;
}

/** Step of a message in codes, without decoding the rest. Throws StudioError 'container'/'container.residual' where there is none. */
export const stepOf = (bytes: Uint8Array): number => readStep(new RangeDecoder(bytes, 'residual')) / STEP_UNITS;

/**
 * The bricks of a message, each when it is asked for. The caller has checked the grid against its limits; memory follows from it alone, never
 * from the bytes. Throws StudioError 'container'/'container.residual' for bytes that encodeBricks does not write, 'usage'/'residual.axes'.
 */
export function* decodeBricks(bytes: Uint8Array, { size, channels }: SampleGrid): Generator<ResidualBrick, void> {
  const bricks = bricksOf(wholeOf(size));
  const decoder = new RangeDecoder(bytes, 'residual');
  const units = readStep(decoder);
  const model = new CoefficientModel();
  for (let channel = 0; channel < channels; channel++) {
    for (const brick of bricks) {
      const bands = bandsOf(brick.size);
      const integers = new Int32Array(pointCount(brick.size));
      codeCoefficients(decoder, model, bands, brick.size, integers, null);
      const offsets = newOffsets(bands);
      codeOffsets(decoder, offsets);
      const last = channel === channels - 1 && brick === bricks.at(-1);
      if (last && !decoder.atEnd()) throw fault('The coded residual goes on after its end, or is not in its canonical coding.');
      dequantize(bands, units, brick.size, integers, offsets);
      inverseWavelet(integers, brick.size);
      yield { channel, brick, deltas: integers };
    }
  }
}

/** The message of encodeBricks at once. Throws as it does. */
export function encodeResidual(original: Codes, field: Codes, grid: SampleGrid, step: number): Uint8Array {
  const bricks = encodeBricks(original, field, grid, step);
  for (;;) {
    const { done, value } = bricks.next();
    if (done) return value;
  }
}

/** The codes: field plus decoded residual. Throws as decodeBricks, and StudioError 'failed'/'residual.shape'. */
export function decodeResidual(bytes: Uint8Array, field: Codes, grid: SampleGrid): Codes {
  requireCodes(field, grid);
  const codes = field.slice();
  for (const brick of decodeBricks(bytes, grid)) addBrick(codes, brick, grid);
  return codes;
}
