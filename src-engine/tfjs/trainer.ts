/**
 * Training with tfjs: batches of fit/sampling.ts, losses of fit/loss.ts, gradients by tfjs, updates of fit/optimizer.ts.
 *
 * Calls wait for one another. Every synchronous piece of work runs inside tf.tidy: between calls a trainer holds three tensors a parameter tensor, four with an
 * average, and no more.
 */
import type * as TfNamespace from '@tensorflow/tfjs';
import { StudioError } from '#core/errors';
import type { Field } from '#core/field/field';
import { initialParameters } from '#core/field/init';
import { parameterLayout, type TensorSlot } from '#core/field/layout';
import type { DrawTable } from '#core/fit/importance';
import { drawIndex, effectiveBatch } from '#core/fit/sampling';
import { pointCount, sampleMaximum } from '#core/signal/signal';
import { requireRates, requireTrainable } from '../checks';
import type { Trainer, TrainerRequest, TrainReport, TrainState } from '../engine';
import { allocateGrid } from '../grid';
import { errorTable, resumedTable, stretches, tableState, type Probe } from '../importance';
import { Turns } from '../turns';
import { tfLoss } from './loss';
import { evaluationChunk, memoryRefusal } from './memory';
import { tfModel, type Tf } from './model';
import { tfUpdate, type TfState } from './optimizer';
import { listWriter, pointWriter } from './points';

/** Chooses the engine's backend; between its end and the next await the backend is certain (tfjs has one global backend). */
export type ActivateBackend = () => Promise<void>;

/** The event loop gets a turn after this many milliseconds of synchronous work. */
const BURST_MILLISECONDS = 40;

type Tensor = TfNamespace.Tensor;
type Variables = readonly TfNamespace.Variable[];

function toVariables(tf: Tf, tensors: readonly TensorSlot[], values: Float32Array): Variables {
  return tensors.map((slot) =>
    tf.tidy(() => tf.variable(tf.tensor(values.slice(slot.offset, slot.offset + slot.length), [...slot.shape]), false)),
  );
}

async function toVector(variables: Variables, tensors: readonly TensorSlot[], length: number): Promise<Float32Array> {
  const vector = new Float32Array(length);
  for (const [index, slot] of tensors.entries()) vector.set(await variables[index]!.data<'float32'>(), slot.offset);
  return vector;
}

/** Writes to `out` the samples at grid points of `size`, interleaved; `indexOf` names the grid index of point i. */
async function evaluateAt(
  tf: Tf,
  activate: ActivateBackend,
  field: Field,
  parameters: readonly Tensor[],
  size: readonly number[],
  out: Float32Array,
  indexOf: (point: number) => number,
): Promise<Float32Array> {
  const count = out.length / field.outputs;
  const model = tfModel(tf, field);
  const writePoint = pointWriter(size);
  const chunk = evaluationChunk(field);
  for (let start = 0; start < count; start += chunk) {
    const length = Math.min(chunk, count - start);
    const coordinates = new Float32Array(length * field.inputs);
    for (let i = 0; i < length; i++) writePoint(indexOf(start + i), coordinates, i * field.inputs);
    await activate();
    const values = tf.tidy(() => model.samples(model.points(coordinates), parameters));
    out.set(await values.data<'float32'>(), start * field.outputs);
    values.dispose();
  }
  return out;
}

/** Evaluates a Field with given parameter tensors on a grid; samples, interleaved, first axis fastest. Throws StudioError as allocateGrid. */
export async function evaluateOnGrid(tf: Tf, activate: ActivateBackend, field: Field, parameters: readonly Tensor[], size: readonly number[]): Promise<Float32Array> {
  const out = allocateGrid(size, field.inputs, (points) => new Float32Array(points * field.outputs));
  return evaluateAt(tf, activate, field, parameters, size, out, (point) => point);
}

/** Starts a fit, or goes on from `request.state`. Throws StudioError 'usage' as requireTrainable, 'device' where a step would not fit. */
export async function createTfjsTrainer(tf: Tf, activate: ActivateBackend, request: TrainerRequest): Promise<Trainer> {
  const { field, plan, data, seed } = request;
  requireTrainable(request);
  const points = pointCount(data.size);
  const batch = effectiveBatch(plan, points);
  const refusal = memoryRefusal(field, plan, batch);
  if (refusal) throw new StudioError('device', 'device.memory', refusal);
  const layout = parameterLayout(field);
  const { tensors } = layout;
  const model = tfModel(tf, field);
  const samples = data.samples.slice();
  const maximum = sampleMaximum(data.type);
  const writePoint = data.coordinates ? listWriter(data.coordinates, field.inputs) : pointWriter(data.size);
  let step = request.state?.step ?? 0;
  let table: DrawTable | null = resumedTable(request);
  let disposed = false;
  let working = false;

  await activate();
  const start = request.state?.parameters ?? initialParameters(field, seed);
  const zeros = new Float32Array(layout.length);
  const state: TfState = {
    parameters: toVariables(tf, tensors, start),
    moment1: toVariables(tf, tensors, request.state?.moment1 ?? zeros),
    moment2: toVariables(tf, tensors, request.state?.moment2 ?? zeros),
    average: plan.average === null ? null : toVariables(tf, tensors, request.state?.average ?? start),
  };
  const update = tfUpdate(tf, field, plan, tensors, state);

  function drawBatch(): { coordinates: Float32Array; targets: Tensor } {
    const coordinates = new Float32Array(batch * field.inputs);
    const targets = new Float32Array(batch * field.outputs);
    for (let element = 0; element < batch; element++) {
      const index = drawIndex(plan, seed, step, element, points, table ?? undefined);
      writePoint(index, coordinates, element * field.inputs);
      for (let channel = 0; channel < field.outputs; channel++) {
        targets[element * field.outputs + channel] = samples[index * field.outputs + channel]! / maximum;
      }
    }
    return { coordinates, targets: tf.tensor2d(targets, [batch, field.outputs]) };
  }

  /** One step; returns its mean loss and mean squared error, [2], a tensor that outlives the tidy around it. */
  function trainStep(rate: number): Tensor {
    return tf.tidy(() => {
      const { coordinates, targets } = drawBatch();
      const batchPoints = model.points(coordinates);
      let squaredError: Tensor | undefined;
      const meanLoss = (...parameters: Tensor[]): TfNamespace.Scalar => {
        const y = model.samples(batchPoints, parameters);
        // Kept: tfjs ends a scope of its own around this function.
        squaredError = tf.keep(tf.mean(tf.squaredDifference(y, targets)));
        return tf.mean(tfLoss(tf, plan.loss, y, targets));
      };
      const { value, grads } = tf.valueAndGrads(meanLoss)([...state.parameters]);
      step += 1;
      update(grads, step, rate);
      const report = tf.stack([value, squaredError!]);
      squaredError!.dispose();
      return report;
    });
  }

  const probe: Probe = (indices) => evaluateAt(tf, activate, field, state.parameters, data.size, new Float32Array(indices.length * field.outputs), (point) => indices[point]!);

  const turns = new Turns();
  const open = (): void => {
    if (disposed) throw new StudioError('cancelled', 'cancelled', 'The fit was closed before its steps were done.');
  };
  const free = (): void => {
    for (const variables of Object.values(state)) for (const variable of variables ?? []) variable.dispose();
  };
  /** Calls wait for one another: between its steps a run lets others have the thread, and what they read must be of one step. */
  const exclusive = <Result>(work: () => Promise<Result>): Promise<Result> =>
    turns.take(async () => {
      open();
      working = true;
      try {
        return await work();
      } finally {
        working = false;
        // It was still read when the trainer was closed.
        if (disposed) free();
      }
    });

  return {
    field,

    run(learningRates: Float32Array): Promise<TrainReport> {
      const rates = learningRates.slice();
      return exclusive(async () => {
        requireRates(rates);
        await activate();
        let sums: Tensor = tf.zeros([2]);
        let burstStart = performance.now();
        try {
          for (const { first, count, refresh } of stretches(plan.sampling, step, rates.length, table !== null)) {
            if (refresh) {
              table = await errorTable({ ...data, samples }, plan, seed, step, probe);
              await activate();
              open();
            }
            for (const rate of rates.subarray(first, first + count)) {
              if (performance.now() - burstStart > BURST_MILLISECONDS) {
                await new Promise((resolve) => setTimeout(resolve, 0));
                await activate();
                open();
                burstStart = performance.now();
              }
              const previous = sums;
              const report = trainStep(rate);
              sums = tf.add(previous, report);
              previous.dispose();
              report.dispose();
            }
          }
          const [loss, squaredError] = await sums.data();
          const steps = Math.max(rates.length, 1);
          return { step, loss: loss! / steps, squaredError: squaredError! / steps };
        } finally {
          sums.dispose();
        }
      });
    },

    checkpoint: () =>
      exclusive(async (): Promise<TrainState> => {
        await activate();
        const vector = (variables: Variables): Promise<Float32Array> => toVector(variables, tensors, layout.length);
        return {
          step,
          parameters: await vector(state.parameters),
          moment1: await vector(state.moment1),
          moment2: await vector(state.moment2),
          ...(state.average ? { average: await vector(state.average) } : {}),
          ...tableState(table),
        };
      }),

    reconstruct: (size) => exclusive(() => evaluateOnGrid(tf, activate, field, state.average ?? state.parameters, size)),

    dispose(): void {
      if (disposed) return;
      disposed = true;
      if (!working) free();
    },
  };
}
