/**
 * A whole sweep of a slice through the network in one dispatch: forward, loss, and deltas back to the first layer. It takes the place of the
 * forward, loss and backward-input stages of unit.ts; the weight gradients are formed by products of their own from what it
 * leaves: outputs of the hidden layers in 'activations', deltas in 'deltas' and 'deltas of the head'.
 *
 * Why. Layer by layer a network of width 64 moves 3 numbers a unit and layer through memory forwards and 3 backwards for 256 operations:
 * 11 operations a byte, which is less than what GPUs need to be busy. Here a workgroup keeps a tile of samples in workgroup memory
 * from the first layer to the last and back; memory sees each output and each delta once for the weight gradients, and slopes on their
 * way out and in.
 *
 * Workgroup memory: `tile`, the current layer's values as [unit][vec4 of samples], in the forward pass outputs, in the
 * backward pass deltas; `slab`, DEPTH rows of the weights. As in tiled.ts a thread has a block of results in registers and reads 4 vec4s for
 * 64 multiply-adds; its vec4s are as far apart as there are threads side by side. A thread has the same samples and units in all hidden
 * layers, so that it reads those slopes from memory that it wrote itself. Activations are applied in a loop over the tile and not on
 * registers: 64 copies of a sine would not fit in instruction caches.
 *
 * Samples beyond the end of the slice take the place of its last one, with deltas of 0, and are not written. Every sum has a fixed order.
 */
import { headOf, type Field } from '#core/field/field';
import { parameterLayout } from '#core/field/layout';
import { multiplyAdds } from '#core/field/cost';
import type { FitPlan } from '#core/fit/config';
import type { SampleType } from '#core/signal/signal';
import type { BindingKind } from './context';
import { headParts, layeredActivation, lossConstants, pointPart, renamedHead, targetPart, type TargetSource } from './parts';
import type { KernelPlan } from './program';
import { composeShader, type Constants, type ModuleName } from './shader';

/** Rows of a slab of weights. */
const DEPTH = 16;
/** Wider tiles leave no workgroup memory. */
const WIDEST = 128;
/** Operations of the longest dispatch, about 0.1 s on the weakest GPUs. */
const MOST_OPERATIONS = 2 ** 35;

/** How many samples a workgroup has, and the block of results of a thread. */
export interface SweepShape {
  readonly samples: 16 | 32 | 64;
  readonly blockSamples: 4 | 8;
  readonly blockUnits: 4 | 8;
}

/** Vec4s of a slab, which also has the head's deltas for a moment. */
function slabVectors({ width, outputs }: Field, samples: number): number {
  return Math.max((DEPTH * width) / 4, (outputs * samples) / 4);
}

/** The largest shape that fits into workgroup memory, or null: the network is not for this kernel. */
export function sweepShape(field: Field, longest: number, workgroupBytes: number): SweepShape | null {
  const { width, residual, outputs } = field;
  const operations = 4 * multiplyAdds(field).dense * longest;
  if (residual || width > WIDEST || width < 8 || outputs > width || operations > MOST_OPERATIONS) return null;
  for (const samples of [64, 32, 16] as const) {
    // The sums of the losses need 8 bytes a thread, 256 threads at most.
    if (4 * width * samples + 16 * slabVectors(field, samples) + 2048 > workgroupBytes) continue;
    const blockUnits = width % 8 === 0 ? 8 : 4;
    return { samples, blockSamples: samples === 64 ? 8 : 4, blockUnits };
  }
  return null;
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const lines = (count: number, line: (i: number) => string): string => range(count).map(line).join('\n');

/** A thread's block of results: its sums `sum{q}_{j}_{p}` for unit j of its unit vector q and its sample vector p. */
function blockOf({ samples, blockSamples, blockUnits }: SweepShape, width: number) {
  const parts = blockSamples / 4;
  const columns = blockUnits / 4;
  const each = (line: (sum: string, unit: string, q: number, j: number, p: number) => string): string =>
    range(columns)
      .flatMap((q) => range(4).flatMap((j) => range(parts).map((p) => line(`sum${q}_${j}_${p}`, `(4u * (unitThread + ${(q * width) / blockUnits}u) + ${j}u)`, q, j, p))))
      .join('\n');
  return { parts, columns, beside: samples / blockSamples, across: width / blockUnits, each };
}

/** Declares the sums, beginning at `start`, where UNIT stands for the unit. */
function beginCode(shape: SweepShape, width: number, start: string): string {
  return blockOf(shape, width).each((sum, unit) => `var ${sum} = vec4f(${start.replace('UNIT', unit)});`);
}

/**
 * Adds the product of the tile with a matrix of `depth` rows, whose numbers are `right` with k for the row and UNIT for the column; they are contiguous
 * along units, or along depth. The tile is free afterwards.
 */
function addCode(shape: SweepShape, width: number, depth: string, right: string, alongDepth: boolean): string {
  const [sampleVectors, unitVectors] = [shape.samples / 4, width / 4];
  const { parts, columns, beside, across, each } = blockOf(shape, width);
  const [v, d] = alongDepth ? [`i / ${DEPTH}u`, `i % ${DEPTH}u`] : [`i % ${unitVectors}u`, `i / ${unitVectors}u`];
  return `
  for (var first = 0u; first < ${depth}; first += ${DEPTH}u) {
    let rows = min(${DEPTH}u, ${depth} - first);
    for (var i = local; i < ${DEPTH * unitVectors}u; i += THREADS) {
      let unit = 4u * (${v});
      let k = first + ${d};
      if (k < ${depth}) {
        slab[(${d}) * ${unitVectors}u + ${v}] = vec4f(${range(4).map((lane) => right.replace('UNIT', `(unit + ${lane}u)`)).join(', ')});
      }
    }
    workgroupBarrier();
    for (var d = 0u; d < rows; d++) {
      ${lines(parts, (p) => `let left${p} = tile[(first + d) * ${sampleVectors}u + sampleThread + ${p * beside}u];`)}
      ${lines(columns, (q) => `let right${q} = slab[d * ${unitVectors}u + unitThread + ${q * across}u];`)}
      ${each((sum, _, q, j, p) => `${sum} += right${q}[${j}] * left${p};`)}
    }
    workgroupBarrier();
  }`;
}

/** Puts the sums into the tile. */
function keepCode(shape: SweepShape, width: number): string {
  const { beside, each } = blockOf(shape, width);
  return each((sum, unit, _q, _j, p) => `tile[${unit} * ${shape.samples / 4}u + sampleThread + ${p * beside}u] = ${sum};`);
}

/** A loop over the 4 x 4 pieces of a thread's block in the tile: `at` is the place of its first vec4, `unitVector` and `sample` its corner. */
function piecesCode({ samples, blockSamples, blockUnits }: SweepShape, width: number, body: string): string {
  const parts = blockSamples / 4;
  return `
  for (var piece = 0u; piece < ${(blockUnits / 4) * parts}u; piece++) {
    let unitVector = unitThread + piece / ${parts}u * ${width / blockUnits}u;
    let sampleVector = sampleThread + piece % ${parts}u * ${samples / blockSamples}u;
    let at = 4u * unitVector * ${samples / 4}u + sampleVector;
    let sample = firstSample + 4u * sampleVector;
    ${body}
  }`;
}

/** WGSL of the sweep, after its constants and modules. */
function sweepCode(field: Field, shape: SweepShape): string {
  const { samples } = shape;
  const { width, depth, outputs } = field;
  const vectors = samples / 4;
  const units = width / 4;
  const threads = (samples / shape.blockSamples) * (width / shape.blockUnits);
  const { layers } = parameterLayout(field);
  const [first, head] = [layers[0]!, layers[depth]!];
  const transposed = (name: string): string => range(4).map((row) => `vec4f(${name}[0][${row}], ${name}[1][${row}], ${name}[2][${row}], ${name}[3][${row}])`).join(', ');
  const activate = `
    var values: array<vec4f, 4>;
    var slopes: array<vec4f, 4>;
    for (var j = 0u; j < 4u; j++) {
      let z = tile[at + j * ${vectors}u];
      let a = activated(z.x);
      let b = activated(z.y);
      let c = activated(z.z);
      let d = activated(z.w);
      values[j] = vec4f(a.value, b.value, c.value, d.value);
      slopes[j] = vec4f(a.slope, b.slope, c.slope, d.slope);
      tile[at + j * ${vectors}u] = values[j];
    }
    let outputs = array<vec4f, 4>(${transposed('values')});
    let gradients = array<vec4f, 4>(${transposed('slopes')});
    for (var s = 0u; s < 4u && sample + s < work.count; s++) {
      let place = (LAYER * ROWS + sample + s) * ${units}u + unitVector;
      activations[place] = outputs[s];
      deltas[place] = gradients[s];
    }`;
  const back = `
    var slopes: array<vec4f, 4>;
    for (var s = 0u; s < 4u; s++) {
      slopes[s] = deltas[(below * ROWS + min(sample + s, work.count - 1u)) * ${units}u + unitVector];
    }
    var turned = array<vec4f, 4>(${transposed('slopes')});
    for (var j = 0u; j < 4u; j++) {
      turned[j] *= tile[at + j * ${vectors}u];
      tile[at + j * ${vectors}u] = turned[j];
    }
    let results = array<vec4f, 4>(${transposed('turned')});
    for (var s = 0u; s < 4u && sample + s < work.count; s++) {
      deltas[(below * ROWS + sample + s) * ${units}u + unitVector] = results[s];
    }`;
  return `
const THREADS = ${threads}u;

@group(1) @binding(0) var<storage, read> parameters: array<f32>;
@group(1) @binding(2) var<storage, read> features: array<array<f32, ${first.fanIn}>>;
@group(1) @binding(3) var<storage, read_write> activations: array<vec4f>;
@group(1) @binding(4) var<storage, read_write> deltas: array<vec4f>;
@group(1) @binding(5) var<storage, read_write> headDeltas: array<f32>;
@group(1) @binding(6) var<storage, read_write> losses: array<vec2f>;

var<workgroup> tile: array<vec4f, ${width * vectors}>;
var<workgroup> slab: array<vec4f, ${slabVectors(field, samples)}>;
var<workgroup> sums: array<vec2f, THREADS>;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let number = groupNumber(group, groups);
  let firstSample = number * ${samples}u;
  let sampleThread = local / ${width / shape.blockUnits}u;
  let unitThread = local % ${width / shape.blockUnits}u;
  var own = vec2f();
  if (firstSample < work.count) {
    // First layer: features go through the tile, as many at a time as it has rows.
    ${firstLayerCode(field, shape)}
    enterLayer(0u);
    ${piecesCode(shape, width, activate.replace('LAYER', '0u'))}
    workgroupBarrier();
    enterLayer(1u);
    for (var layer = 1u; layer < ${depth}u; layer++) {
      let weights = ${first.biasOffset + first.fanOut}u + (layer - 1u) * ${width * (width + 1)}u;
      ${beginCode(shape, width, `parameters[weights + ${width * width}u + UNIT]`)}
      ${addCode(shape, width, `${width}u`, `parameters[weights + k * ${width}u + UNIT]`, false)}
      ${keepCode(shape, width)}
      ${piecesCode(shape, width, activate.replace('LAYER', 'layer'))}
      workgroupBarrier();
    }
    // Head, loss and its deltas: [channel][vec4 of samples] in the slab.
    for (var i = local; i < ${outputs * vectors}u; i += THREADS) {
      let channel = i / ${vectors}u;
      let sampleVector = i % ${vectors}u;
      var z = vec4f(parameters[${head.biasOffset}u + channel]);
      for (var k = 0u; k < ${width}u; k++) {
        z += parameters[${head.weightOffset}u + k * ${outputs}u + channel] * tile[k * ${vectors}u + sampleVector];
      }
      var delta = vec4f();
      for (var lane = 0u; lane < 4u; lane++) {
        let sample = firstSample + 4u * sampleVector + lane;
        if (sample < work.count) {
          let y = headActivated(z[lane]);
          let goal = targetOf(sample, channel);
          let loss = sampleLoss(y.value, goal);
          delta[lane] = loss.slope * y.slope * domain.lossScale;
          headDeltas[sample * ${outputs}u + channel] = delta[lane];
          own += vec2f(loss.loss, (y.value - goal) * (y.value - goal));
        }
      }
      slab[i] = delta;
    }
    workgroupBarrier();
    for (var i = local; i < ${outputs * vectors}u; i += THREADS) {
      tile[i] = slab[i];
    }
    workgroupBarrier();
    for (var above = ${depth}u; above > 0u; above--) {
      let below = above - 1u;
      let isHead = above == ${depth}u;
      let depth = select(${width}u, ${outputs}u, isHead);
      let weights = select(${first.biasOffset + first.fanOut}u + below * ${width * (width + 1)}u, ${head.weightOffset}u, isHead);
      ${beginCode(shape, width, '0.0')}
      ${addCode(shape, width, 'depth', 'parameters[weights + UNIT * depth + k]', true)}
      ${keepCode(shape, width)}
      ${piecesCode(shape, width, back)}
      workgroupBarrier();
    }
  }
  sums[local] = own;
  workgroupBarrier();
  if (local == 0u && number < domain.lossGroups) {
    for (var other = 1u; other < THREADS; other++) {
      own += sums[other];
    }
    losses[work.slot * domain.lossGroups + number] = own;
  }
}`;
}

/** The first layer's sums in the tile. */
function firstLayerCode(field: Field, shape: SweepShape): string {
  const { fanIn, weightOffset, biasOffset } = parameterLayout(field).layers[0]!;
  const { width } = field;
  const feature = (lane: number): string => `features[min(sample + ${lane}u, work.count - 1u)][base + k]`;
  return `
    ${beginCode(shape, width, `parameters[${biasOffset}u + UNIT]`)}
    for (var base = 0u; base < ${fanIn}u; base += ${width}u) {
      let count = min(${width}u, ${fanIn}u - base);
      for (var i = local; i < count * ${shape.samples / 4}u; i += THREADS) {
        let k = i % count;
        let sample = firstSample + 4u * (i / count);
        tile[k * ${shape.samples / 4}u + i / count] = vec4f(${range(4).map(feature).join(', ')});
      }
      workgroupBarrier();
      ${addCode(shape, width, 'count', `parameters[${weightOffset}u + (base + k) * ${width}u + UNIT]`, false)}
    }
    ${keepCode(shape, width)}`;
}

/**
 * The kernel. Bindings: parameters, raw data, features, activations, deltas of the hidden layers, those of the head, partial losses, and
 * what the points are read from. `rows`: samples between two layers in activations and deltas.
 */
export function sweepKernel(field: Field, plan: FitPlan, targets: TargetSource, type: SampleType, shape: SweepShape, rows: number): KernelPlan {
  const head = headParts(headOf(field));
  const target = targetPart(targets, type);
  const point = pointPart(targets === 'signal' ? plan : 'grid', 7);
  const activation = layeredActivation(field);
  const constants: Constants = { INPUTS: field.inputs, OUTPUTS: field.outputs, ROWS: rows, ...point.constants, ...target.constants, ...head.constants, ...lossConstants(plan.loss) };
  const modules: ModuleName[] = ['work', ...point.modules, ...target.modules, ...activation.modules, 'loss-terms', `loss-${plan.loss.kind}`];
  const code = [activation.code, renamedHead(head), composeShader(constants, [...new Set(modules)]), sweepCode(field, shape)].join('\n');
  const bindings: BindingKind[] = ['read', 'read', 'read', 'write', 'write', 'write', 'write', ...point.bindings];
  return { label: 'sweep', code, bindings, groups: (samples) => Math.ceil(samples / shape.samples) };
}
