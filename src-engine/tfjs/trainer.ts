/**
 * Training with tfjs, the project's reference: the batch of batchIndex, mean squared error of samples in [0, 1], gradients by
 * tfjs, Adam in the form of its paper (Kingma and Ba 2015, algorithm 1) with its moments in the open, so that a fit can stop
 * and go on here or on another engine. tfjs's own Adam keeps its moments to itself and adds epsilon differently.
 *
 * Every synchronous piece of work runs inside tf.tidy: between calls a trainer holds three tensors a parameter tensor and
 * no more.
 */
import type * as TfNamespace from '@tensorflow/tfjs';
import type { Field } from '#core/field/field';
import { initialParameters } from '#core/field/init';
import { parameterLayout, type TensorSlot } from '#core/field/layout';
import { batchIndex } from '#core/fit/random';
import { pointCount, sampleMaximum } from '#core/signal/signal';
import { StudioError } from '#core/errors';
import type { Trainer, TrainerRequest, TrainReport, TrainState } from '../engine';
import { tfModel, type Tf } from './model';
import { pointWriter } from './points';

/** Chooses the engine's backend; between its end and the next await the backend is certain (tfjs has one global backend). */
export type ActivateBackend = () => Promise<void>;

/** Points evaluated at once. */
const EVALUATION_CHUNK = 16384;
/** The event loop gets a turn after this many milliseconds of synchronous work. */
const BURST_MILLISECONDS = 40;

type Variables = readonly TfNamespace.Variable[];

function toVariables(tf: Tf, tensors: readonly TensorSlot[], values: Float32Array): Variables {
  return tensors.map((slot) =>
    tf.tidy(() => tf.variable(tf.tensor(values.slice(slot.offset, slot.offset + slot.length), [...slot.shape]), false)),
  );
}

async function toVector(variables: Variables, tensors: readonly TensorSlot[], length: number): Promise<Float32Array> {
  const vector = new Float32Array(length);
  for (const [index, slot] of tensors.entries()) vector.set(await variables[index].data<'float32'>(), slot.offset);
  return vector;
}

/** Evaluates a Field with given parameter tensors on a grid; values 0.5 + 0.5 * head, interleaved, first axis fastest. */
export async function evaluateOnGrid(
  tf: Tf,
  activate: ActivateBackend,
  field: Field,
  parameters: readonly TfNamespace.Tensor[],
  size: readonly number[],
): Promise<Float32Array> {
  if (size.length !== field.inputs) {
    throw new StudioError('usage', 'engine.grid', `A field of ${field.inputs} coordinates cannot be shown on a grid of ${size.length}.`);
  }
  const model = tfModel(tf, field);
  const points = pointCount(size);
  const writePoint = pointWriter(size);
  const out = new Float32Array(points * field.outputs);
  for (let start = 0; start < points; start += EVALUATION_CHUNK) {
    const count = Math.min(EVALUATION_CHUNK, points - start);
    const coordinates = new Float32Array(count * field.inputs);
    for (let i = 0; i < count; i++) writePoint(start + i, coordinates, i * field.inputs);
    await activate();
    const values = tf.tidy(() => model.samples(tf.tensor2d(coordinates, [count, field.inputs]), parameters));
    out.set(await values.data<'float32'>(), start * field.outputs);
    values.dispose();
  }
  return out;
}

/** Starts a fit, or goes on from `request.state`. */
export async function createTfjsTrainer(tf: Tf, activate: ActivateBackend, request: TrainerRequest): Promise<Trainer> {
  const { field, plan, data, seed } = request;
  if (data.channels !== field.outputs || data.size.length !== field.inputs) {
    throw new StudioError(
      'usage',
      'engine.mismatch',
      `The field maps ${field.inputs} coordinates to ${field.outputs} channels, but the data has ${data.size.length} axes and ${data.channels} channels.`,
    );
  }
  const layout = parameterLayout(field);
  const model = tfModel(tf, field);
  const { beta1, beta2, epsilon } = plan.optimizer;
  const points = pointCount(data.size);
  const samples = data.samples.slice();
  const maximum = sampleMaximum(data.type);
  const writePoint = pointWriter(data.size);
  let step = request.state?.step ?? 0;
  let disposed = false;

  await activate();
  const zeros = new Float32Array(layout.length);
  const parameters = toVariables(tf, layout.tensors, request.state?.parameters ?? initialParameters(field, seed));
  const moment1 = toVariables(tf, layout.tensors, request.state?.moment1 ?? zeros);
  const moment2 = toVariables(tf, layout.tensors, request.state?.moment2 ?? zeros);

  function drawBatch(): { coordinates: TfNamespace.Tensor2D; targets: TfNamespace.Tensor2D } {
    const coordinates = new Float32Array(plan.batch * field.inputs);
    const targets = new Float32Array(plan.batch * field.outputs);
    for (let element = 0; element < plan.batch; element++) {
      const index = batchIndex(seed, step, element, points);
      writePoint(index, coordinates, element * field.inputs);
      for (let channel = 0; channel < field.outputs; channel++) {
        targets[element * field.outputs + channel] = samples[index * field.outputs + channel] / maximum;
      }
    }
    return {
      coordinates: tf.tensor2d(coordinates, [plan.batch, field.inputs]),
      targets: tf.tensor2d(targets, [plan.batch, field.outputs]),
    };
  }

  /** One step of Adam; returns the loss, a scalar that outlives the tidy around it. */
  function trainStep(rate: number): TfNamespace.Tensor {
    return tf.tidy(() => {
      const { coordinates, targets } = drawBatch();
      const features = model.encode(coordinates);
      const loss = (...tensors: TfNamespace.Tensor[]) =>
        tf.mean(tf.square(tf.sub(tf.add(tf.mul(model.head(features, tensors), 0.5), 0.5), targets))) as TfNamespace.Scalar;
      const { value, grads } = tf.valueAndGrads(loss)([...parameters]);
      step += 1;
      const correction1 = 1 / (1 - beta1 ** step);
      const correction2 = 1 / (1 - beta2 ** step);
      grads.forEach((gradient, i) => {
        moment1[i].assign(tf.add(tf.mul(moment1[i], beta1), tf.mul(gradient, 1 - beta1)));
        moment2[i].assign(tf.add(tf.mul(moment2[i], beta2), tf.mul(tf.square(gradient), 1 - beta2)));
        const direction = tf.div(tf.mul(moment1[i], correction1), tf.add(tf.sqrt(tf.mul(moment2[i], correction2)), epsilon));
        parameters[i].assign(tf.sub(parameters[i], tf.mul(direction, rate)));
      });
      return value;
    });
  }

  return {
    field,

    async run(learningRates: Float32Array): Promise<TrainReport> {
      await activate();
      let lossSum: TfNamespace.Tensor = tf.scalar(0);
      let burstStart = performance.now();
      for (const rate of learningRates) {
        if (performance.now() - burstStart > BURST_MILLISECONDS) {
          await new Promise((resolve) => setTimeout(resolve, 0));
          await activate();
          burstStart = performance.now();
        }
        const previous = lossSum;
        const loss = trainStep(rate);
        lossSum = tf.add(previous, loss);
        previous.dispose();
        loss.dispose();
      }
      const [total] = await lossSum.data();
      lossSum.dispose();
      const mean = learningRates.length > 0 ? total / learningRates.length : 0;
      return { step, loss: mean, squaredError: mean };
    },

    async checkpoint(): Promise<TrainState> {
      await activate();
      return {
        step,
        parameters: await toVector(parameters, layout.tensors, layout.length),
        moment1: await toVector(moment1, layout.tensors, layout.length),
        moment2: await toVector(moment2, layout.tensors, layout.length),
      };
    },

    reconstruct: (size) => evaluateOnGrid(tf, activate, field, parameters, size),

    dispose(): void {
      if (disposed) return;
      disposed = true;
      for (const variable of [...parameters, ...moment1, ...moment2]) variable.dispose();
    },
  };
}
