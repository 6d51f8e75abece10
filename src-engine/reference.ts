/**
 * The slow, obvious engine: forward pass, gradient and update (reference-update.ts) of a Field written out in float64, one sample at a time. It exists
 * to be read and to be compared with: every fast engine must agree with it (engine.ts says how closely). No tricks, no padding,
 * no folding of omega into weights; the formulas are those of src-core/field and src-core/fit, word by word.
 *
 * Backward pass of a dense layer z = W^T x + b under the loss L (Rumelhart et al. 1986):
 * dL/dW[i][o] = x[i] dL/dz[o],  dL/db[o] = dL/dz[o],  dL/dx[i] = sum_o W[i][o] dL/dz[o].
 */
import { activate, headSample } from '#core/field/activation';
import { fourierMatrix } from '#core/field/encoding';
import { closesBlock, encodedWidth, gridOf, headOf, type Field } from '#core/field/field';
import { vectorIndex } from '#core/field/grid';
import { initialParameters } from '#core/field/init';
import { parameterLayout, type ParameterLayout, type TableSlot } from '#core/field/layout';
import { lossOf } from '#core/fit/loss';
import type { DrawTable } from '#core/fit/importance';
import { drawIndex, effectiveBatch } from '#core/fit/sampling';
import { gridCoordinate } from '#core/signal/coordinates';
import { pointCount, sampleMaximum } from '#core/signal/signal';
import type { TrainingSet, TrainReport, Trainer, TrainerRequest, TrainState } from './engine';
import { referenceUpdate, type ReferenceState } from './reference-update';

type Matrix = Float32Array;

/** Coordinates in [-1, 1]^d of grid point `index` (x fastest). */
export function pointCoordinates(size: readonly number[], index: number): number[] {
  let rest = index;
  return size.map((extent) => {
    const position = rest % extent;
    rest = Math.floor(rest / extent);
    return gridCoordinate(position, extent);
  });
}

/** Coordinates of point `index` of a data set. */
function dataCoordinates({ size, coordinates }: TrainingSet, inputs: number, index: number): number[] {
  if (!coordinates) return pointCoordinates(size, index);
  return Array.from(coordinates.subarray(index * inputs, (index + 1) * inputs), (x) => Math.max(-1, Math.min(1, x)));
}

/** One corner of a cell of a grid: where its vector begins in the flat parameters, and its interpolation weight. */
interface Corner {
  readonly offset: number;
  readonly weight: number;
}

/** The 2^d corners around a point in one level, as field/grid.ts numbers and weighs them. */
function cornersOf(table: TableSlot, features: number, point: readonly number[]): Corner[] {
  const half = (table.resolution - 1) / 2;
  const places = point.map((x) => Math.fround(Math.fround(half * x) + half));
  const cells = places.map((h) => Math.min(Math.max(Math.floor(h), 0), table.resolution - 2));
  return Array.from({ length: 2 ** point.length }, (_, corner) => {
    let weight = 1;
    const node = cells.map((cell, axis) => {
      const above = (corner >> axis) & 1;
      const within = places[axis]! - cell;
      weight *= above ? within : 1 - within;
      return cell + above;
    });
    return { offset: table.offset + vectorIndex(table, node) * features, weight };
  });
}

/** Features of one point, in the order that field.ts defines. `matrix` is fourierMatrix(...) for Fourier features. */
function encodePoint(field: Field, layout: ParameterLayout, parameters: Float64Array, matrix: Matrix | null, point: readonly number[]): Float64Array {
  const { encoding } = field;
  const features = new Float64Array(encodedWidth(encoding, field.inputs));
  let at = 0;
  switch (encoding.kind) {
    case 'identity':
      features.set(point);
      break;
    case 'octaves':
      if (encoding.includeInput) for (const x of point) features[at++] = x;
      for (let octave = 0; octave < encoding.octaves; octave++) {
        for (const x of point) {
          features[at++] = Math.sin(2 ** octave * Math.PI * x);
          features[at++] = Math.cos(2 ** octave * Math.PI * x);
        }
      }
      break;
    case 'fourier':
      for (let feature = 0; feature < encoding.features; feature++) {
        let halfTurns = 0;
        for (let input = 0; input < field.inputs; input++) halfTurns += matrix![feature * field.inputs + input]! * point[input]!;
        features[feature] = Math.sin(Math.PI * halfTurns);
        features[encoding.features + feature] = Math.cos(Math.PI * halfTurns);
      }
      break;
    case 'dense-grid':
    case 'hash-grid':
      for (const table of layout.tables) {
        for (const { offset, weight } of cornersOf(table, encoding.features, point)) {
          for (let j = 0; j < encoding.features; j++) features[table.level * encoding.features + j]! += weight * parameters[offset + j]!;
        }
      }
      break;
    default:
      encoding satisfies never;
  }
  return features;
}

/** Inputs of every layer and its weighted sums; the last `sums` is the head. */
interface Trace {
  readonly inputs: Float64Array[];
  readonly sums: Float64Array[];
}

function forward(field: Field, layout: ParameterLayout, parameters: Float64Array, features: Float64Array): Trace {
  const inputs: Float64Array[] = [];
  const sums: Float64Array[] = [];
  const outputs: Float64Array[] = [];
  let x = features;
  for (const layer of layout.layers) {
    const z = new Float64Array(layer.fanOut);
    for (let o = 0; o < layer.fanOut; o++) {
      let sum = parameters[layer.biasOffset + o]!;
      for (let i = 0; i < layer.fanIn; i++) sum += x[i]! * parameters[layer.weightOffset + i * layer.fanOut + o]!;
      z[o] = sum;
    }
    inputs.push(x);
    sums.push(z);
    if (layer.index === field.depth) break;
    x = z.map((value) => activate(field.activation, layer.index, value).value);
    if (closesBlock(field, layer.index)) {
      const shortcut = outputs[layer.index - 2]!;
      x = x.map((value, i) => 0.5 * (shortcut[i]! + value));
    }
    outputs.push(x);
  }
  return { inputs, sums };
}

/** Adds the gradient of one sample to `gradient`, given dL/d(head); returns dL/d(features). */
function backward(field: Field, layout: ParameterLayout, parameters: Float64Array, trace: Trace, headGradient: Float64Array, gradient: Float64Array): Float64Array {
  let dz = headGradient;
  /** dL/d(a_l) of hidden layers that shortcuts have contributed to. */
  const shortcuts: (Float64Array | undefined)[] = [];
  for (let index = field.depth; ; index--) {
    const layer = layout.layers[index]!;
    const x = trace.inputs[index]!;
    const dx = new Float64Array(layer.fanIn);
    for (let o = 0; o < layer.fanOut; o++) gradient[layer.biasOffset + o]! += dz[o]!;
    for (let i = 0; i < layer.fanIn; i++) {
      for (let o = 0; o < layer.fanOut; o++) {
        const at = layer.weightOffset + i * layer.fanOut + o;
        gradient[at]! += x[i]! * dz[o]!;
        dx[i]! += parameters[at]! * dz[o]!;
      }
    }
    if (index === 0) return dx;
    const below = index - 1;
    const z = trace.sums[below]!;
    const shortcut = shortcuts[below];
    let da = shortcut ? dx.map((value, i) => value + shortcut[i]!) : dx;
    if (closesBlock(field, below)) {
      da = da.map((value) => 0.5 * value);
      shortcuts[below - 2] = da;
    }
    dz = da.map((value, i) => value * activate(field.activation, below, z[i]!).slope);
  }
}

/** The sample of every channel at one point, in float64. */
export function referenceSample(field: Field, parameters: ArrayLike<number>, point: readonly number[]): Float64Array {
  const layout = parameterLayout(field);
  const weights = Float64Array.from(parameters);
  const { sums } = forward(field, layout, weights, encodePoint(field, layout, weights, matrixOf(field), point));
  return sums[field.depth]!.map((z) => headSample(headOf(field), z).value);
}

export interface ReferenceGradient {
  readonly loss: number;
  readonly squaredError: number;
  readonly gradient: Float64Array;
}

/** Loss and gradient of batch `step` (0-based) at `parameters`, as engine.ts defines both; not clipped. */
export function referenceGradient(request: TrainerRequest, parameters: ArrayLike<number>, step: number, table?: DrawTable): ReferenceGradient {
  const { field, data, plan, seed } = request;
  const layout = parameterLayout(field);
  const weights = Float64Array.from(parameters);
  const gradient = new Float64Array(layout.length);
  const matrix = matrixOf(field);
  const points = pointCount(data.size);
  const maximum = sampleMaximum(data.type);
  const batch = effectiveBatch(plan, points);
  const share = 1 / (batch * data.channels);
  const grid = gridOf(field.encoding);
  let loss = 0;
  let squaredError = 0;
  for (let element = 0; element < batch; element++) {
    const index = drawIndex(plan, seed, step, element, points, table);
    const point = dataCoordinates(data, field.inputs, index);
    const trace = forward(field, layout, weights, encodePoint(field, layout, weights, matrix, point));
    const headGradient = trace.sums[field.depth]!.map((z, channel) => {
      const target = data.samples[index * data.channels + channel]! / maximum;
      const sample = headSample(headOf(field), z);
      const { loss: own, slope } = lossOf(plan.loss, sample.value, target);
      loss += own * share;
      squaredError += (sample.value - target) ** 2 * share;
      return slope * sample.slope * share;
    });
    const features = backward(field, layout, weights, trace, headGradient, gradient);
    if (!grid) continue;
    for (const slot of layout.tables) {
      for (const { offset, weight } of cornersOf(slot, grid.features, point)) {
        for (let j = 0; j < grid.features; j++) gradient[offset + j]! += weight * features[slot.level * grid.features + j]!;
      }
    }
  }
  return { loss, squaredError, gradient };
}

function matrixOf(field: Field): Matrix | null {
  const { encoding } = field;
  return encoding.kind === 'fourier' ? fourierMatrix(encoding.features, field.inputs, encoding.sigma, encoding.seed) : null;
}

/**
 * A Trainer in plain float64 TypeScript. Exact enough to be the yardstick, several thousand times slower than the engines: meant for
 * tests with small networks and batches. Its state is float64 between calls; checkpoints are rounded to float32. Error-driven
 * sampling stays uniform here: its tables are the engines' own.
 */
export function referenceTrainer(request: TrainerRequest): Trainer {
  const { field, plan, seed } = request;
  const start = request.state?.parameters ?? initialParameters(field, seed);
  const numbers = (values?: Float32Array): Float64Array => Float64Array.from(values ?? new Float32Array(start.length));
  const state: ReferenceState = {
    parameters: numbers(start),
    moment1: numbers(request.state?.moment1),
    moment2: numbers(request.state?.moment2),
    average: plan.average === null ? null : numbers(request.state?.average ?? start),
  };
  let step = request.state?.step ?? 0;

  return {
    field,
    async run(learningRates: Float32Array): Promise<TrainReport> {
      let loss = 0;
      let squaredError = 0;
      for (const rate of learningRates) {
        const report = referenceGradient(request, state.parameters, step);
        loss += report.loss / learningRates.length;
        squaredError += report.squaredError / learningRates.length;
        step++;
        referenceUpdate(request, state, report.gradient, step, rate);
      }
      return { step, loss, squaredError };
    },
    async checkpoint(): Promise<TrainState> {
      const { parameters, moment1, moment2, average } = state;
      const rounded = { parameters: Float32Array.from(parameters), moment1: Float32Array.from(moment1), moment2: Float32Array.from(moment2) };
      return { step, ...rounded, ...(average ? { average: Float32Array.from(average) } : {}) };
    },
    async reconstruct(size: readonly number[]): Promise<Float32Array> {
      const layout = parameterLayout(field);
      const matrix = matrixOf(field);
      const parameters = state.average ?? state.parameters;
      const values = new Float32Array(pointCount(size) * field.outputs);
      for (let index = 0; index < pointCount(size); index++) {
        const features = encodePoint(field, layout, parameters, matrix, pointCoordinates(size, index));
        const head = forward(field, layout, parameters, features).sums[field.depth]!;
        head.forEach((z, channel) => {
          values[index * field.outputs + channel] = headSample(headOf(field), z).value;
        });
      }
      return values;
    },
    dispose(): void {},
  };
}
