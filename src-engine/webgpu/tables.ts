/**
 * Trainable grids on the GPU, as stages for unit.ts and machinery.ts. Forward: interpolation of the vectors at the corners
 * (shaders/encode-grid.wgsl). Backward: the first layer hands down the gradient of the features, its largest value gives the scale of
 * fixed-point sums, and atomic additions scatter it into two words a number (shaders/table-scatter.wgsl has the proof that they
 * cannot overflow and that their order does not matter). With one slice a batch Adam reads the words; with several, or with clipping,
 * the words of each slice are folded into a float32 gradient first, which Adam reads.
 *
 * Names of the buffers: 'levels' (uniform), 'feature gradients', 'largest gradients', 'table scale', 'table sums' (two words a number),
 * 'table gradients' (folded).
 */
import { gridOf, type Encoding, type Field, type GridShape } from '#core/field/field';
import { HASH_PRIMES } from '#core/field/grid';
import { parameterLayout } from '#core/field/layout';
import type { FitPlan } from '#core/fit/config';
import type { BindingKind } from './context';
import { placePart, type PlaceSource } from './parts';
import { backwardInputKernel, denseRange, kernelPlan } from './program';
import type { Constants, ModuleName } from './shader';
import type { Stage } from './step';
import type { Cut } from './unit';
import { adamConstants, settling } from './update';

/** Numbers that one workgroup searches for the largest gradient, as far as 256 workgroups go. */
const LARGEST_NUMBERS = 4096;
/** Partial sums of squares of the tables' gradients. */
export const TABLE_SQUARES = 256;
/** The struct Level of shaders/grid-corners.wgsl. */
const LEVEL_BYTES = 32;

/** Samples of a slice for which the sums of shaders/table-scatter.wgsl cannot overflow. */
export function largestTableSlice(inputs: number): number {
  return 2 ** Math.min(17, 20 - inputs);
}

/** null when the tables of a field fit into the buffers of a device, else a sentence. */
export function tableRefusal(field: Field, maxStorageBufferBindingSize: number): string | null {
  const bytes = 8 * parameterLayout(field).tableLength;
  if (bytes <= maxStorageBufferBindingSize) return null;
  const most = Math.floor(maxStorageBufferBindingSize / 8).toLocaleString('en');
  return `This GPU can train tables of ${most} numbers and this grid has ${(bytes / 8).toLocaleString('en')}; use fewer levels or features, smaller tables, or the cpu engine.`;
}

function gridOfField(field: Field): Extract<Encoding, GridShape> {
  const grid = gridOf(field.encoding);
  if (!grid) throw new Error('The field has no grid.');
  return grid;
}

function gridConstants(field: Field): Constants {
  const { levels, features } = gridOfField(field);
  return { INPUTS: field.inputs, LEVELS: levels, GRID_FEATURES: features, TABLE_NUMBERS: parameterLayout(field).tableLength };
}

/** Workgroups that look for the largest gradient, and threads of the one that joins their results: a power of two. */
function largestGroups(field: Field, { longest }: Cut): number {
  const { levels, features } = gridOfField(field);
  return 2 ** Math.min(8, Math.ceil(Math.log2(Math.max(1, (longest * levels * features) / LARGEST_NUMBERS))));
}

/** The levels as shaders/grid-corners.wgsl reads them. */
export function levelBytes(field: Field): DataView<ArrayBuffer> {
  const { tables } = parameterLayout(field);
  const view = new DataView(new ArrayBuffer(tables.length * LEVEL_BYTES));
  tables.forEach(({ level, resolution, entries, hashed, offset }) => {
    const at = level * LEVEL_BYTES;
    view.setFloat32(at, (resolution - 1) / 2, true);
    view.setFloat32(at + 4, resolution - 2, true);
    view.setUint32(at + 8, hashed ? entries - 1 : 0, true);
    view.setUint32(at + 12, offset, true);
    for (let axis = 0; axis < field.inputs; axis++) view.setUint32(at + 16 + 4 * axis, hashed ? HASH_PRIMES[axis] : resolution ** axis, true);
  });
  return view;
}

function cornerGroups(field: Field): (samples: number) => number {
  const { levels } = gridOfField(field);
  return (samples) => levels * Math.ceil(samples / 256);
}

/** A kernel on the corners of points; 'levels' stand at binding 0, what the points need behind `buffers`. */
function cornerStage(field: Field, places: PlaceSource, name: ModuleName, bindings: readonly BindingKind[], buffers: readonly string[]): Stage {
  const place = placePart(places, 1 + bindings.length);
  const modules: readonly ModuleName[] = ['work', ...place.modules, 'grid-corners', name];
  return {
    plan: kernelPlan(name, { ...gridConstants(field), ...place.constants }, modules, ['uniform', ...bindings, ...place.bindings], cornerGroups(field)),
    buffers: ['levels', ...buffers, ...place.buffers],
  };
}

/** Features of drawn samples (training) or of grid points, in 'encoded features'. */
export function gridEncodeStage(field: Field, places: PlaceSource): Stage {
  return cornerStage(field, places, 'encode-grid', ['read', 'write'], ['parameters', 'encoded features']);
}

/** The end of a training unit: from the deltas of the first layer to the sums of the tables. */
export function tableStages(field: Field, plan: FitPlan, places: PlaceSource, cut: Cut): readonly Stage[] {
  const searching = largestGroups(field, cut);
  const constants = { ...gridConstants(field), LARGEST_GROUPS: searching };
  const stage = (label: string, modules: readonly ModuleName[], bindings: readonly BindingKind[], groups: (samples: number) => number, buffers: readonly string[]): Stage => ({
    plan: kernelPlan(label, constants, modules, bindings, groups),
    buffers,
  });
  const stages: Stage[] = [
    { plan: backwardInputKernel(field, parameterLayout(field).layers[0], cut.tuning, cut.longest), buffers: ['layer 0', 'parameters', 'deltas 0', 'feature gradients'] },
    stage('table largest', ['work', 'table-largest'], ['read', 'write'], () => searching, ['feature gradients', 'largest gradients']),
    stage('table scale', ['table-scale'], ['read', 'write'], () => 1, ['largest gradients', 'table scale']),
    cornerStage(field, places, 'table-scatter', ['read', 'read', 'write'], ['feature gradients', 'table scale', 'table sums']),
  ];
  if (folds(plan, cut)) {
    stages.push(stage('table fold', ['work', 'table-words', 'table-fold'], ['read', 'write', 'write'], numberGroups(field), ['table scale', 'table sums', 'table gradients']));
  }
  return stages;
}

/** Whether the sums of slices are folded into a gradient before Adam. */
function folds(plan: FitPlan, cut: Cut): boolean {
  return !cut.whole || plan.clip !== null;
}

function numberGroups(field: Field): () => number {
  const groups = Math.ceil(parameterLayout(field).tableLength / 64);
  return () => groups;
}

/** Storage of tableStages beside the parameters and the sums. */
export function tableScratch(field: Field, plan: FitPlan, cut: Cut): Readonly<Record<string, number>> {
  const { levels, features } = gridOfField(field);
  const { tableLength } = parameterLayout(field);
  return {
    'feature gradients': cut.longest * levels * features,
    'largest gradients': largestGroups(field, cut),
    'table scale': 2,
    ...(folds(plan, cut) ? { 'table gradients': tableLength } : {}),
  };
}

/** Storage that tableStages and tableAdamStage share, whatever the slices. */
export function tableSums(field: Field): Readonly<Record<string, number>> {
  return { 'table sums': 2 * parameterLayout(field).tableLength };
}

/** Sums of squares of the tables' gradients, behind the first `offset` of 'squared gradients'. */
export function tableSquareStages(field: Field, offset: number): { readonly stages: readonly Stage[]; readonly squares: number } {
  const constants = { ...gridConstants(field), TABLE_SQUARES, SQUARE_OFFSET: offset };
  const plan = kernelPlan('table squares', constants, ['workgroup-sum', 'table-squares'], ['read', 'write'], () => TABLE_SQUARES);
  return { stages: [{ plan, buffers: ['table gradients', 'squared gradients'] }], squares: TABLE_SQUARES };
}

/** Adam over the tables. */
export function tableAdamStage(field: Field, plan: FitPlan, cut: Cut): Stage {
  const folded = folds(plan, cut);
  const settle = settling(plan, 5);
  const constants: Constants = {
    ...gridConstants(field),
    ...adamConstants(plan.optimizer),
    ...settle.constants,
    ...(plan.clip === null ? {} : { DENSE: denseRange(field).length }),
    AVERAGES: plan.average !== null,
  };
  const sums: ModuleName = plan.clip !== null ? 'table-clipped' : folded ? 'table-folded' : 'table-words';
  const bindings: BindingKind[] = ['read', folded ? 'read' : 'write', 'write', 'write', 'write', ...settle.bindings];
  return {
    plan: kernelPlan('table adam', constants, ['work', sums, ...settle.modules, 'table-adam'], bindings, numberGroups(field)),
    buffers: [plan.clip === null ? 'table scale' : 'gradients', folded ? 'table gradients' : 'table sums', 'parameters', 'first moments', 'second moments', ...settle.buffers],
  };
}
