/**
 * The slow, obvious engine: forward pass, gradient and Adam of a Field written out in float64, one sample at a time. It exists
 * to be read and to be compared with: every fast engine must agree with it (engine.ts says how closely). No tricks, no padding,
 * no folding of omega into weights; the formulas are those of field.ts and engine.ts, word by word.
 *
 * Backward pass of a dense layer z = W^T x + b under the loss L (Rumelhart et al. 1986):
 * dL/dW[i][o] = x[i] dL/dz[o],  dL/db[o] = dL/dz[o],  dL/dx[i] = sum_o W[i][o] dL/dz[o].
 */
import { fourierMatrix } from '#core/field/encoding';
import { encodedWidth, omegaOf, type Field } from '#core/field/field';
import { initialParameters } from '#core/field/init';
import { parameterLayout, type ParameterLayout } from '#core/field/layout';
import { batchIndex } from '#core/fit/random';
import { gridCoordinate } from '#core/signal/coordinates';
import { pointCount, sampleMaximum } from '#core/signal/signal';
import type { TrainReport, Trainer, TrainerRequest, TrainState } from './engine';

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

/** Features of one point, in the order that field.ts defines. `matrix` is fourierMatrix(...) for Fourier features. */
export function encodePoint(field: Field, matrix: Matrix | null, point: readonly number[]): Float64Array {
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
    const omega = omegaOf(field.activation, layer.index);
    x = field.activation.kind === 'sine' ? z.map((value) => Math.sin(omega * value)) : z.map((value) => Math.max(0, value));
  }
  return { inputs, sums };
}

/** Adds the gradient of one sample to `gradient`, given dL/d(head). */
function backward(field: Field, layout: ParameterLayout, parameters: Float64Array, trace: Trace, headGradient: Float64Array, gradient: Float64Array): void {
  let dz = headGradient;
  for (let index = field.depth; index >= 0; index--) {
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
    if (index === 0) return;
    const z = trace.sums[index - 1]!;
    const omega = omegaOf(field.activation, index - 1);
    dz = dx.map((value, i) => value * (field.activation.kind === 'sine' ? omega * Math.cos(omega * z[i]!) : z[i]! > 0 ? 1 : 0));
  }
}

/** The field at one point: 0.5 + 0.5 * head for every channel, in float64. */
export function referenceSample(field: Field, parameters: ArrayLike<number>, point: readonly number[]): Float64Array {
  const layout = parameterLayout(field);
  return forward(field, layout, Float64Array.from(parameters), encodePoint(field, matrixOf(field), point)).sums[field.depth]!.map((z) => 0.5 + 0.5 * z);
}

/** Loss and gradient of batch `step` (0-based) at `parameters`, as engine.ts defines both. */
export function referenceGradient(request: TrainerRequest, parameters: ArrayLike<number>, step: number): { loss: number; gradient: Float64Array } {
  const { field, data, plan, seed } = request;
  const layout = parameterLayout(field);
  const weights = Float64Array.from(parameters);
  const gradient = new Float64Array(layout.length);
  const matrix = matrixOf(field);
  const points = pointCount(data.size);
  const maximum = sampleMaximum(data.type);
  let loss = 0;
  for (let element = 0; element < plan.batch; element++) {
    const index = batchIndex(seed, step, element, points);
    const trace = forward(field, layout, weights, encodePoint(field, matrix, pointCoordinates(data.size, index)));
    const headGradient = trace.sums[field.depth]!.map((z, channel) => {
      const error = 0.5 + 0.5 * z - data.samples[index * data.channels + channel]! / maximum;
      loss += (error * error) / (plan.batch * data.channels);
      return (2 * error * 0.5) / (plan.batch * data.channels);
    });
    backward(field, layout, weights, trace, headGradient, gradient);
  }
  return { loss, gradient };
}

function matrixOf(field: Field): Matrix | null {
  const { encoding } = field;
  return encoding.kind === 'fourier' ? fourierMatrix(encoding.features, field.inputs, encoding.sigma, encoding.seed) : null;
}

/**
 * A Trainer in plain float64 TypeScript. Exact enough to be the yardstick, several thousand times slower than the engines: meant for
 * tests with small networks and batches. Its state is float64 between calls; checkpoints are rounded to float32.
 */
export function referenceTrainer(request: TrainerRequest): Trainer {
  const { field, plan, seed } = request;
  const { beta1, beta2, epsilon } = plan.optimizer;
  const parameters = Float64Array.from(request.state?.parameters ?? initialParameters(field, seed));
  const moment1 = Float64Array.from(request.state?.moment1 ?? new Float32Array(parameters.length));
  const moment2 = Float64Array.from(request.state?.moment2 ?? new Float32Array(parameters.length));
  let step = request.state?.step ?? 0;

  return {
    field,
    async run(learningRates: Float32Array): Promise<TrainReport> {
      let total = 0;
      for (const rate of learningRates) {
        const { loss, gradient } = referenceGradient(request, parameters, step);
        total += loss;
        step++;
        for (let i = 0; i < parameters.length; i++) {
          const g = gradient[i]!;
          moment1[i] = beta1 * moment1[i]! + (1 - beta1) * g;
          moment2[i] = beta2 * moment2[i]! + (1 - beta2) * g * g;
          const corrected1 = moment1[i]! / (1 - beta1 ** step);
          const corrected2 = moment2[i]! / (1 - beta2 ** step);
          parameters[i]! -= (rate * corrected1) / (Math.sqrt(corrected2) + epsilon);
        }
      }
      return { step, loss: learningRates.length === 0 ? 0 : total / learningRates.length };
    },
    async checkpoint(): Promise<TrainState> {
      return { step, parameters: Float32Array.from(parameters), moment1: Float32Array.from(moment1), moment2: Float32Array.from(moment2) };
    },
    async reconstruct(size: readonly number[]): Promise<Float32Array> {
      const layout = parameterLayout(field);
      const matrix = matrixOf(field);
      const values = new Float32Array(pointCount(size) * field.outputs);
      for (let index = 0; index < pointCount(size); index++) {
        const head = forward(field, layout, parameters, encodePoint(field, matrix, pointCoordinates(size, index))).sums[field.depth]!;
        head.forEach((z, channel) => {
          values[index * field.outputs + channel] = 0.5 + 0.5 * z;
        });
      }
      return values;
    },
    dispose(): void {},
  };
}
