/**
 * The unit of work of a fit as a list of stages: encode, forward, loss, backward, weight gradients into per-chunk partial sums; and the
 * same for evaluation: encode and forward. Fused kernels replace runs of these stages.
 *
 * Names of the buffers that the stages share with the outside: 'parameters', 'partial gradients', 'partial losses', 'samples of the
 * input' and 'places', the coordinates of a list of points (all, or those of a submit), 'draw table', 'point list', and what addConstants makes.
 */
import { closesBlock, encodedWidth, gridOf, type Field } from '#core/field/field';
import { fourierMatrix } from '#core/field/encoding';
import { parameterLayout } from '#core/field/layout';
import type { FitPlan } from '#core/fit/config';
import type { SampleType } from '#core/signal/signal';
import type { Allocation, BufferPart } from './allocation';
import { USAGE } from './context';
import { onGrid, placePart, pointPart, type PlaceSource, type TargetSource } from './parts';
import { backwardCarries, backwardInputKernel, backwardWeightsKernel, denseRange, encodeKernel, forwardKernel, lossGroups, lossKernel } from './program';
import type { Program, Stage } from './step';
import { sweepKernel, type SweepShape } from './sweep';
import { gridEncodeStage, levelBytes, tableScratch, tableStages } from './tables';
import type { Tuning } from './tuning';
import { layerBytes } from './work';

/** How a batch is cut. */
export interface Cut {
  /** Samples of the longest slice. */
  readonly longest: number;
  /** Partial sums that a slice's gradient is made of. */
  readonly chunks: number;
  /** Most units of work in one submit. */
  readonly units: number;
  /** Whether the batch is one slice. */
  readonly whole: boolean;
  readonly tuning: Tuning;
  /** What a sweep has of samples, null where layers follow one another in dispatches of their own. */
  readonly sweep: SweepShape | null;
}

/** Evaluation is rarer than training: its kernels are compiled as for slices of this many samples. */
const EVALUATED = 2048;

/** The directions of a Fourier encoding, and where every layer begins: what stages read beside parameters and data. */
export function addConstants(field: Field, allocation: Allocation): void {
  const { encoding, inputs } = field;
  if (encoding.kind === 'fourier') {
    allocation.add('Fourier directions', 0, USAGE.storage, fourierMatrix(encoding.features, inputs, encoding.sigma, encoding.seed));
  }
  if (gridOf(encoding)) allocation.add('levels', 0, USAGE.uniform, levelBytes(field));
  for (const layer of parameterLayout(field).layers) allocation.add(`layer ${layer.index}`, 0, USAGE.uniform, layerBytes(layer));
}

function encodeStage(field: Field, places: PlaceSource): Stage {
  if (gridOf(field.encoding)) return gridEncodeStage(field, places);
  const directions = field.encoding.kind === 'fourier' ? ['Fourier directions'] : [];
  return { plan: encodeKernel(field, places), buffers: ['encoded features', ...directions, ...placePart(places, 0).buffers] };
}

/** Where the data of a fit are. */
export interface DataSource {
  readonly targets: TargetSource;
  readonly places: PlaceSource['places'];
  readonly type: SampleType;
}

/** Loss and partial gradients of one slice of a batch. */
export function trainingUnit(field: Field, plan: FitPlan, { targets, places, type }: DataSource, cut: Cut): Program {
  const { longest, chunks, tuning, sweep } = cut;
  const { layers } = parameterLayout(field);
  const last = field.depth;
  const inputOf = (index: number): string => (index === 0 ? 'encoded features' : `activations ${index - 1}`);
  const stages: Stage[] = [encodeStage(field, { points: plan, places })];
  // A sweep has the activations and the deltas of all hidden layers in one buffer each.
  const rows = sweep ? Math.ceil(longest / 64) * 64 : longest;
  const drawn = targets === 'signal' ? pointPart(plan, 0).buffers : [];
  for (const layer of sweep ? [] : layers) {
    const i = layer.index;
    // Slopes of the hidden layers and the head's outputs; the backward pass turns both into deltas.
    const outputs = i === last ? [`deltas ${i}`] : [`activations ${i}`, `deltas ${i}`];
    if (i < last && closesBlock(field, i)) outputs.push(`activations ${i - 2}`);
    stages.push({ plan: forwardKernel(field, layer, 'train', tuning, longest), buffers: [`layer ${i}`, 'parameters', inputOf(i), ...outputs] });
  }
  if (sweep) {
    const buffers = ['parameters', 'samples of the input', 'encoded features', 'activations', 'deltas', `deltas ${last}`, 'partial losses', ...drawn];
    stages.push({ plan: sweepKernel(field, plan, targets, type, sweep, rows), buffers });
  } else {
    stages.push({ plan: lossKernel(field, plan, targets, type, tuning), buffers: [`deltas ${last}`, 'samples of the input', 'partial losses', ...drawn] });
  }
  for (let i = last; i >= 0; i--) {
    stages.push({ plan: backwardWeightsKernel(field, layers[i], chunks, tuning, longest), buffers: [`layer ${i}`, inputOf(i), `deltas ${i}`, 'partial gradients'] });
    if (i === 0) break;
    if (sweep) continue;
    const carried = backwardCarries(field, layers[i]) ? ['carried gradients'] : [];
    stages.push({ plan: backwardInputKernel(field, layers[i], tuning, longest), buffers: [`layer ${i}`, 'parameters', `deltas ${i}`, `deltas ${i - 1}`, ...carried] });
  }
  const scratch: Record<string, number> = { 'encoded features': longest * encodedWidth(field.encoding, field.inputs) };
  const parts: Record<string, BufferPart> = {};
  for (let i = 0; i < last; i++) {
    for (const kind of ['activations', 'deltas']) {
      const length = rows * field.width;
      if (sweep) parts[`${kind} ${i}`] = { of: kind, first: i * length, length };
      else scratch[`${kind} ${i}`] = length;
    }
  }
  if (sweep) scratch.activations = scratch.deltas = last * rows * field.width;
  scratch[`deltas ${last}`] = longest * field.outputs;
  if (layers.some((layer) => layer.index > 0 && backwardCarries(field, layer))) scratch['carried gradients'] = longest * field.width;
  scratch['partial gradients'] = chunks * denseRange(field).length;
  scratch['partial losses'] = 2 * cut.units * lossGroups(field, cut);
  if (!gridOf(field.encoding)) return { stages, scratch, parts };
  return { stages: [...stages, ...tableStages(field, plan, { points: plan, places }, cut)], scratch: { ...scratch, ...tableScratch(field, plan, cut) }, parts };
}

/** Samples of one slice of a grid or of a list of its points, in 'samples'. */
export function evaluationUnit(field: Field, points: 'grid' | 'list', capacity: number, tuning: Tuning): Program {
  const stages: Stage[] = [encodeStage(field, onGrid(points))];
  let below = 'encoded features';
  for (const layer of parameterLayout(field).layers) {
    const above = layer.index === field.depth ? 'samples' : `activations ${layer.index % 2}`;
    stages.push({ plan: forwardKernel(field, layer, 'evaluate', tuning, EVALUATED), buffers: [`layer ${layer.index}`, 'parameters', below, above] });
    below = above;
  }
  const scratch: Record<string, number> = { 'encoded features': capacity * encodedWidth(field.encoding, field.inputs) };
  for (let i = 0; i < Math.min(2, field.depth); i++) scratch[`activations ${i}`] = capacity * field.width;
  return { stages, scratch };
}
