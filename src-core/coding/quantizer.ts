/**
 * Uniform symmetric quantizer, one step size a tensor: q = round(parameter / step) clipped to [-L, L], L = 2^(bits-1) - 1;
 * the decoder's value is fround(q * step). Layers behind tables get more bits than the tables (tensorBits in field/cost.ts).
 *
 * The step. Without clipping it is max|parameter| / L. A smaller step clips a few large parameters and represents all others
 * better, which wins on long tails and few bits, so steps down to 0.6 of the start are tried and the one with the least
 * squared error is taken.
 *
 * Steps have 8 significant bits (the upper half of a float32): the candidates then lie at most 0.8% apart, which moves rate and
 * distortion along the same curve, and each costs the file two bytes less.
 *
 * A tensor whose integers are all zero has step 0: one way to say it, not many.
 */
import { StudioError } from '../errors';
import { tensorBits } from '../field/cost';
import type { Field } from '../field/field';
import { parameterLayout } from '../field/layout';
import type { QuantizedParameters } from './types';

/** Bits a quantizer may have; one of them is the sign. */
export const QUANTIZER_BITS = [3, 16] as const;

/** Largest |integer| that a file holds. */
export const LARGEST_INTEGER = 2 ** (QUANTIZER_BITS[1] - 1) - 1;

const SMALLEST_SCALE = 0.6;
/** Every third representable step: about 2% apart. */
const CANDIDATE_STRIDE = 3;

const word = new Uint32Array(1);
const float = new Float32Array(word.buffer);

/** Number formed by the upper 16 bits of a float32. */
function stepFromCode(code: number): number {
  word[0] = code << 16;
  return float[0]!;
}

/** Code of the smallest 16-bit step that is not below `value` and is a normal number. */
function codeNotBelow(value: number): number {
  float[0] = value;
  const code = word[0]! >>> 16;
  return Math.max(0x0080, stepFromCode(code) < value ? code + 1 : code);
}

function integerFor(value: number, step: number, largest: number): number {
  return Math.max(-largest, Math.min(largest, Math.round(value / step)));
}

/** Sum of squared errors; Infinity as soon as it is beyond `least`. Tables have millions of numbers: no calls in the loop. */
function squaredError(values: Float32Array, step: number, largest: number, least: number): number {
  let sum = 0;
  for (let first = 0; first < values.length; first += 4096) {
    const end = Math.min(first + 4096, values.length);
    for (let i = first; i < end; i++) {
      const value = values[i]!;
      const nearest = Math.round(value / step);
      const integer = nearest > largest ? largest : nearest < -largest ? -largest : nearest;
      const error = value - integer * step;
      sum += error * error;
    }
    if (sum >= least) return Infinity;
  }
  return sum;
}

function bestStep(values: Float32Array, largest: number): number {
  let maximum = 0;
  for (const value of values) maximum = Math.max(maximum, Math.abs(value));
  if (maximum === 0) return 0;
  let code = codeNotBelow(maximum / largest);
  // Near the largest float32 the rounded-up step would overflow in the decoder.
  while (!Number.isFinite(Math.fround(stepFromCode(code) * largest))) code--;
  const smallest = stepFromCode(code) * SMALLEST_SCALE;
  let best = stepFromCode(code);
  let least = Infinity;
  for (; code >= 0x0080 && stepFromCode(code) >= smallest; code -= CANDIDATE_STRIDE) {
    const step = stepFromCode(code);
    const error = squaredError(values, step, largest, least);
    if (error < least) {
      least = error;
      best = step;
    }
  }
  return best;
}

/**
 * Quantizes a flat parameter vector (parameterLayout(field)) at `bits`, 3 to 16 (tensorBits says what each tensor gets of them).
 * Throws StudioError 'usage'/'quantize.bits' for other bits, 'failed'/'quantize.shape' for a vector of the wrong length and
 * 'failed'/'quantize.diverged' for NaN or infinite parameters.
 */
export function quantize(field: Field, parameters: Float32Array, bits: number): QuantizedParameters {
  if (!Number.isInteger(bits) || bits < QUANTIZER_BITS[0] || bits > QUANTIZER_BITS[1]) {
    throw new StudioError('usage', 'quantize.bits', `Bits per parameter must be a whole number from ${QUANTIZER_BITS[0]} to ${QUANTIZER_BITS[1]}, not ${bits}.`);
  }
  const layout = parameterLayout(field);
  if (parameters.length !== layout.length) {
    throw new StudioError('failed', 'quantize.shape', `The field has ${layout.length} parameters, ${parameters.length} were given.`);
  }
  const tensors = layout.tensors.map((slot) => {
    const values = parameters.subarray(slot.offset, slot.offset + slot.length);
    if (!values.every(Number.isFinite)) {
      throw new StudioError(
        'failed',
        'quantize.diverged',
        `The fit has diverged: ${slot.name} holds values that are not finite. Fit again with a lower learning rate.`,
      );
    }
    const largest = 2 ** (tensorBits(layout, slot, bits) - 1) - 1;
    const step = bestStep(values, largest);
    if (step === 0) return { step: 0, values: new Int32Array(slot.length) };
    const integers = new Int32Array(values.length);
    for (let i = 0; i < integers.length; i++) integers[i] = integerFor(values[i]!, step, largest);
    return { step: integers.some((q) => q !== 0) ? step : 0, values: integers };
  });
  return { tensors };
}

/**
 * Decoded parameters, flat (parameterLayout(field)): fround(integer * step), the same on every machine.
 * Throws StudioError 'failed'/'quantize.shape' when the tensors do not fit the field.
 */
export function dequantize(field: Field, quantized: QuantizedParameters): Float32Array {
  const layout = parameterLayout(field);
  if (quantized.tensors.length !== layout.tensors.length) {
    throw new StudioError('failed', 'quantize.shape', `The field has ${layout.tensors.length} tensors, ${quantized.tensors.length} were given.`);
  }
  const parameters = new Float32Array(layout.length);
  layout.tensors.forEach((slot, index) => {
    const { step, values } = quantized.tensors[index]!;
    if (values.length !== slot.length) {
      throw new StudioError('failed', 'quantize.shape', `${slot.name} has ${slot.length} parameters, ${values.length} were given.`);
    }
    for (let i = 0; i < values.length; i++) parameters[slot.offset + i] = Math.fround(values[i]! * step);
  });
  return parameters;
}
