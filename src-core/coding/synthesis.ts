/**
 * The normative synthesis in plain TypeScript: decoded parameters -> samples, to the bit. docs/FORMAT.md part 3 is its
 * specification, exact-math.ts, exact-activations.ts and exact-tables.ts its arithmetic. It is the oracle that the WebAssembly decoder is hash-matched against, so it
 * stays slow and obvious.
 *
 * Points are evaluated in blocks, activations stored [feature][point]: the innermost loop runs over points that do not
 * depend on each other, and each sum keeps its normative order (bias first, then inputs ascending) whatever the block size.
 * Storing into a Float32Array rounds as well; Math.fround is written all the same, because it is the specification.
 */
import { StudioError } from '../errors';
import { fourierMatrix } from '../field/encoding';
import { closesBlock, encodedWidth, headOf, type Field } from '../field/field';
import { parameterLayout, type LayerSlot, type ParameterLayout } from '../field/layout';
import { axisCoordinates } from '../signal/coordinates';
import { pointCount, sampleMaximum } from '../signal/signal';
import { exactActivation, exactHead, residualMean } from './exact-activations';
import { cosHalfTurns, sampleOf, sinHalfTurns } from './exact-math';
import { encodeTables } from './exact-tables';
import type { Synthesizer } from './types';

const { fround } = Math;

/** Points evaluated together: large enough to hide the loop overhead, small enough for 512 features to stay in the cache. */
const BLOCK = 256;

/** The event loop gets its turn after this many milliseconds. */
const TURN_MILLISECONDS = 40;

/** Coordinates of the grid points [first, first + count) as rows [axis][point] of `out`. Axis 0 varies fastest. */
function blockCoordinates(axes: readonly Float32Array[], first: number, count: number, out: Float32Array): void {
  for (let point = 0; point < count; point++) {
    let rest = first + point;
    axes.forEach((axis, index) => {
      out[index * BLOCK + point] = axis[rest % axis.length]!;
      rest = Math.floor(rest / axis.length);
    });
  }
}

/** What evaluation of a field needs beside its parameters. */
interface Plan {
  readonly field: Field;
  readonly layout: ParameterLayout;
  /** fourierMatrix of Fourier features, else empty. */
  readonly matrix: Float32Array;
}

/** Features of a block of coordinates as rows [feature][point] of `out`. */
function encodeBlock({ field, layout, matrix }: Plan, parameters: Float32Array, coordinates: Float32Array, count: number, out: Float32Array): void {
  const { encoding, inputs } = field;
  switch (encoding.kind) {
    case 'identity':
      out.set(coordinates.subarray(0, inputs * BLOCK));
      return;
    case 'octaves': {
      let feature = 0;
      if (encoding.includeInput) {
        out.set(coordinates.subarray(0, inputs * BLOCK));
        feature = inputs;
      }
      for (let octave = 0; octave < encoding.octaves; octave++) {
        for (let input = 0; input < inputs; input++, feature += 2) {
          for (let point = 0; point < count; point++) {
            const h = coordinates[input * BLOCK + point]! * 2 ** octave; // exact
            out[feature * BLOCK + point] = sinHalfTurns(h);
            out[(feature + 1) * BLOCK + point] = cosHalfTurns(h);
          }
        }
      }
      return;
    }
    case 'fourier':
      for (let feature = 0; feature < encoding.features; feature++) {
        for (let point = 0; point < count; point++) {
          let h = fround(coordinates[point]! * matrix[feature * inputs]!);
          for (let input = 1; input < inputs; input++) {
            h = fround(h + fround(coordinates[input * BLOCK + point]! * matrix[feature * inputs + input]!));
          }
          out[feature * BLOCK + point] = sinHalfTurns(h);
          out[(encoding.features + feature) * BLOCK + point] = cosHalfTurns(h);
        }
      }
      return;
    case 'dense-grid':
    case 'hash-grid':
      encodeTables(layout.tables, encoding.features, parameters, inputs, coordinates, { stride: BLOCK, count }, out);
      return;
    default:
      encoding satisfies never;
  }
}

/** Dense layer on a block: out[o][p] = bias[o] + sum over i ascending of in[i][p] * weight[i][o]. */
function denseBlock(layer: LayerSlot, parameters: Float32Array, input: Float32Array, count: number, out: Float32Array): void {
  const { fanIn, fanOut, weightOffset, biasOffset } = layer;
  for (let o = 0; o < fanOut; o++) {
    const row = o * BLOCK;
    out.fill(parameters[biasOffset + o]!, row, row + count);
    for (let i = 0; i < fanIn; i++) {
      const weight = parameters[weightOffset + i * fanOut + o]!;
      const source = i * BLOCK;
      for (let point = 0; point < count; point++) {
        out[row + point] = fround(out[row + point]! + fround(input[source + point]! * weight));
      }
    }
  }
}

/** Applies `change` to `rows` rows in place. */
function mapBlock(rows: number, count: number, values: Float32Array, change: (value: number, at: number) => number): void {
  for (let row = 0; row < rows; row++) {
    for (let at = row * BLOCK; at < row * BLOCK + count; at++) values[at] = change(values[at]!, at);
  }
}

/**
 * The network of one field: evaluates blocks of up to BLOCK points. Coordinates come as rows [axis][point], the outputs leave as rows
 * [channel][point], before they become samples; they are overwritten by the next call. Throws StudioError 'failed'/'synthesis.shape' when
 * there are not as many parameters as the field has.
 */
function blockEvaluator(field: Field, parameters: Float32Array): (coordinates: Float32Array, count: number) => Float32Array {
  const layout = parameterLayout(field);
  if (parameters.length !== layout.length) {
    throw new StudioError('failed', 'synthesis.shape', `The field has ${layout.length} parameters, ${parameters.length} were given.`);
  }
  const { encoding, inputs } = field;
  const matrix = encoding.kind === 'fourier' ? fourierMatrix(encoding.features, inputs, encoding.sigma, encoding.seed) : new Float32Array(0);
  const plan: Plan = { field, layout, matrix };
  const rows = Math.max(encodedWidth(encoding, inputs), field.width, field.outputs);
  const activations = layout.layers.slice(0, field.depth).map(({ index }) => exactActivation(field.activation, index));
  const head = exactHead(headOf(field));
  /** Outputs of the layer before the last, of the last, and room for the next. */
  let before = new Float32Array(rows * BLOCK);
  let values = new Float32Array(rows * BLOCK);
  let next = new Float32Array(rows * BLOCK);
  return (coordinates, count) => {
    encodeBlock(plan, parameters, coordinates, count, values);
    for (const layer of layout.layers) {
      denseBlock(layer, parameters, values, count, next);
      mapBlock(layer.fanOut, count, next, activations[layer.index] ?? head);
      if (closesBlock(field, layer.index) && layer.index < field.depth) {
        const shortcut = before;
        mapBlock(layer.fanOut, count, next, (value, at) => residualMean(shortcut[at]!, value));
      }
      [before, values, next] = [values, next, before];
    }
    return values;
  };
}

/**
 * Decodes `parameters` (parameterLayout(field)) on a regular grid of `size` points, x first. Returns interleaved samples, x
 * fastest. Gives the event loop its turn now and then.
 *
 * Throws StudioError 'failed'/'synthesis.shape' when parameters or size do not fit the field, 'cancelled' after an abort.
 */
export const synthesize: Synthesizer = async (field, parameters, size, type, options = {}) => {
  const evaluate = blockEvaluator(field, parameters);
  if (size.length !== field.inputs) {
    throw new StudioError('failed', 'synthesis.shape', `The field takes ${field.inputs} coordinates, the grid has ${size.length}.`);
  }
  const points = pointCount(size);
  const maximum = sampleMaximum(type);
  const samples = type === 'uint8' ? new Uint8Array(points * field.outputs) : new Uint16Array(points * field.outputs);
  const axes = size.map(axisCoordinates);
  const coordinates = new Float32Array(field.inputs * BLOCK);
  let turnStart = performance.now();

  for (let first = 0; first < points; first += BLOCK) {
    if (performance.now() - turnStart > TURN_MILLISECONDS) {
      options.onProgress?.(first / points);
      await new Promise((resolve) => setTimeout(resolve, 0));
      turnStart = performance.now();
    }
    if (options.signal?.aborted) throw new StudioError('cancelled', 'cancelled', 'Cancelled.');

    const count = Math.min(BLOCK, points - first);
    blockCoordinates(axes, first, count, coordinates);
    const values = evaluate(coordinates, count);
    for (let point = 0; point < count; point++) {
      for (let channel = 0; channel < field.outputs; channel++) {
        samples[(first + point) * field.outputs + channel] = sampleOf(values[channel * BLOCK + point]!, maximum);
      }
    }
  }
  options.onProgress?.(1);
  return samples;
};

/**
 * Outputs of the network, float32 and interleaved, at a list of points: field.inputs coordinates each, interleaved, within [-1, 1]. At points of a
 * grid they are what becomes its samples. No zero is negative.
 *
 * Throws StudioError 'failed'/'synthesis.shape' when parameters or coordinates do not fit the field.
 */
export function synthesizePoints(field: Field, parameters: Float32Array, points: Float32Array): Float32Array {
  const evaluate = blockEvaluator(field, parameters);
  const { inputs, outputs } = field;
  const total = points.length / inputs;
  if (!Number.isInteger(total)) throw new StudioError('failed', 'synthesis.shape', `The field takes ${inputs} coordinates a point, ${points.length} were given.`);
  const out = new Float32Array(total * outputs);
  const coordinates = new Float32Array(inputs * BLOCK);
  for (let first = 0; first < total; first += BLOCK) {
    const count = Math.min(BLOCK, total - first);
    for (let point = 0; point < count; point++) {
      for (let axis = 0; axis < inputs; axis++) coordinates[axis * BLOCK + point] = points[(first + point) * inputs + axis]!;
    }
    const values = evaluate(coordinates, count);
    for (let point = 0; point < count; point++) {
      for (let channel = 0; channel < outputs; channel++) out[(first + point) * outputs + channel] = values[channel * BLOCK + point]! + 0;
    }
  }
  return out;
}
