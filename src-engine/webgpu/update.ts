/**
 * What ends an optimizer step, as a list of stages: from 'partial gradients' to new 'parameters', 'first moments', 'second moments' and
 * 'average parameters' (fit/optimizer.ts defines all of it).
 *
 * Plain Adam is one kernel, which also reduces the partial gradients. With clipping or Muon the gradients are reduced once into
 * 'gradients', followed there by the clipping factor. Muon then takes the hidden matrices, all of one shape, in turns of one dispatch
 * for all: momentum, scale, three products for each of five Newton-Schulz steps, apply. Tables of a grid follow (tables.ts). Every sum
 * has a fixed order.
 */
import { gridOf, type Field } from '#core/field/field';
import { parameterLayout } from '#core/field/layout';
import type { FitPlan } from '#core/fit/config';
import { NEWTON_SCHULZ } from '#core/fit/optimizer';
import type { BindingKind } from './context';
import { productFor } from './products';
import { denseRange, kernelPlan, productPlan, type KernelPlan } from './program';
import type { Constants, ModuleName } from './shader';
import type { Program, Stage } from './step';
import { tableAdamStage, tableSquareStages, tableSums, TABLE_SQUARES } from './tables';
import type { Tuning } from './tuning';
import type { Cut } from './unit';

/** Workgroups of 256 threads for `length` numbers. */
const groupsFor = (length: number): number => Math.ceil(length / 256);

/** Places of the dense layers' parameters: shaders/parameter-roles.wgsl. */
function roleConstants(field: Field): Constants {
  const { layers } = parameterLayout(field);
  const { first, length } = denseRange(field);
  const head = layers[field.depth];
  return {
    DENSE: length,
    DENSE_FIRST: first,
    FIRST_LAYER: layers[1].weightOffset - first,
    FIRST_WEIGHTS: layers[0].fanIn * field.width,
    HIDDEN_WEIGHTS: field.width ** 2,
    HIDDEN_LAYER: field.width * (field.width + 1),
    HEAD_BEGIN: head.weightOffset - first,
    HEAD_WEIGHTS: head.fanIn * head.fanOut,
  };
}

/** How a kernel that writes parameters does so, and the buffer that it wants for it at binding `binding`. */
export function settling(plan: FitPlan, binding: number): { modules: ModuleName[]; constants: Constants; bindings: BindingKind[]; buffers: string[] } {
  if (plan.average === null) return { modules: ['settle-plain'], constants: {}, bindings: [], buffers: [] };
  return { modules: ['settle-average'], constants: { AVERAGE_BINDING: binding }, bindings: ['write'], buffers: ['average parameters'] };
}

export function adamConstants({ beta1, beta2, epsilon }: FitPlan['optimizer']): Constants {
  return {
    BETA1: { float: beta1 },
    ONE_MINUS_BETA1: { float: 1 - beta1 },
    BETA2: { float: beta2 },
    ONE_MINUS_BETA2: { float: 1 - beta2 },
    EPSILON: { float: epsilon },
  };
}

/** One step of Adam, of the partial gradients or of the reduced ones. */
function adamStage(field: Field, plan: FitPlan, chunks: number, reduced: boolean): Stage {
  const { weightDecay, kind } = plan.optimizer;
  const settle = settling(plan, 4);
  const constants: Constants = {
    ...roleConstants(field),
    ...(reduced ? {} : { CHUNKS: chunks }),
    LEAVES_HIDDEN: kind === 'muon',
    DECAYS: weightDecay > 0,
    ...adamConstants(plan.optimizer),
    ...settle.constants,
  };
  const gradient: ModuleName = reduced ? 'gradient-whole' : 'gradient-partials';
  const { length } = denseRange(field);
  return {
    plan: kernelPlan('adam', constants, ['work', 'parameter-roles', gradient, ...settle.modules, 'adam'], ['read', 'write', 'write', 'write', ...settle.bindings], () => Math.ceil(length / 64)),
    buffers: [reduced ? 'gradients' : 'partial gradients', 'parameters', 'first moments', 'second moments', ...settle.buffers],
  };
}

/** 'gradients' and, behind them, the clipping factor. */
function reduceStages(field: Field, plan: FitPlan, chunks: number): Stage[] {
  const { length } = denseRange(field);
  const groups = groupsFor(length);
  const { clip } = plan;
  const tables = clip === null || !gridOf(field.encoding) ? null : tableSquareStages(field, groups);
  const reduce = kernelPlan('reduce gradients', { DENSE: length, CHUNKS: chunks }, ['work', 'gradient-partials', 'workgroup-sum', 'gradient-reduce'], ['read', 'write', 'write'], () => groups);
  const norm = kernelPlan('norm of the gradient', { DENSE: length, SQUARES: groups + (tables?.squares ?? 0), CLIPS: clip !== null, CLIP: { float: clip ?? 1 } }, ['work', 'workgroup-sum', 'gradient-norm'], ['read', 'write'], () => 1);
  return [
    { plan: reduce, buffers: ['partial gradients', 'gradients', 'squared gradients'] },
    ...(tables?.stages ?? []),
    { plan: norm, buffers: ['squared gradients', 'gradients'] },
  ];
}

/** Rows that the products of one step have together, roughly. */
const MUON_ROWS = 2048;

/** A product of Newton-Schulz: base, left, right and result by name. */
function productKernel(side: number, matrices: number, baseFactor: number, productFactor: number, transposed: boolean, tuning: Tuning): KernelPlan {
  const constants: Constants = { SIDE: side, RIGHT_TRANSPOSED: transposed, BASE_FACTOR: { float: baseFactor }, PRODUCT_FACTOR: { float: productFactor } };
  const product = productFor(tuning, { rows: side, cols: side, depth: side, leftAlong: 'depth', rightAlong: transposed ? 'depth' : 'cols', parts: matrices, columnSums: false, samples: MUON_ROWS });
  return productPlan('muon product', constants, ['work', 'muon-product'], ['read', 'read', 'read', 'write'], product);
}

/** The step of the hidden matrices, from 'gradients'. */
function muonStages(field: Field, plan: FitPlan, tuning: Tuning): Stage[] {
  const { optimizer } = plan;
  if (optimizer.kind !== 'muon') return [];
  const matrices = field.depth - 1;
  const matrixGroups = groupsFor(field.width ** 2);
  const constants: Constants = {
    ...roleConstants(field),
    MATRICES: matrices,
    MATRIX_GROUPS: matrixGroups,
    MOMENTUM: { float: optimizer.momentum },
    ONE_MINUS_MOMENTUM: { float: 1 - optimizer.momentum },
    NORM_EPSILON: { float: NEWTON_SCHULZ.epsilon },
  };
  const groups = (): number => matrices * matrixGroups;
  const stages: Stage[] = [
    {
      plan: kernelPlan('muon momentum', constants, ['work', 'gradient-whole', 'workgroup-sum', 'muon-momentum'], ['read', 'write', 'write', 'write'], groups),
      buffers: ['gradients', 'first moments', 'directions', 'squared directions'],
    },
    { plan: kernelPlan('muon scale', constants, ['work', 'workgroup-sum', 'muon-scale'], ['read', 'write'], groups), buffers: ['squared directions', 'directions'] },
  ];
  const { a, b, c, steps } = NEWTON_SCHULZ;
  const gram = productKernel(field.width, matrices, 0, 1, true, tuning);
  const polynomial = productKernel(field.width, matrices, b, c, false, tuning);
  const product = productKernel(field.width, matrices, a, 1, false, tuning);
  let [x, free] = ['directions', 'gram matrices'];
  for (let step = 0; step < steps; step++) {
    stages.push({ plan: gram, buffers: [x, x, x, free] });
    stages.push({ plan: polynomial, buffers: [free, free, free, 'polynomials'] });
    stages.push({ plan: product, buffers: ['polynomials', x, x, free] });
    [x, free] = [free, x];
  }
  const settle = settling(plan, 2);
  stages.push({
    plan: kernelPlan('muon apply', { ...constants, ...settle.constants }, ['work', ...settle.modules, 'muon-apply'], ['read', 'write', ...settle.bindings], () => Math.ceil((matrices * field.width ** 2) / 64)),
    buffers: [x, 'parameters', ...settle.buffers],
  });
  return stages;
}

/** The update that ends a step whose gradient was summed up as `cut` says. Its scratch is the same for all cuts. */
export function updateProgram(field: Field, plan: FitPlan, cut: Cut): Program {
  const { chunks } = cut;
  const grid = gridOf(field.encoding) !== null;
  const tables = grid ? [tableAdamStage(field, plan, cut)] : [];
  const sums = grid ? tableSums(field) : {};
  const muon = plan.optimizer.kind === 'muon' && field.depth > 1;
  const reduced = muon || plan.clip !== null;
  if (!reduced) return { stages: [adamStage(field, plan, chunks, false), ...tables], scratch: sums };
  const { length } = denseRange(field);
  const scratch: Record<string, number> = { ...sums, gradients: length + 1, 'squared gradients': groupsFor(length) + TABLE_SQUARES };
  if (muon) {
    const elements = (field.depth - 1) * field.width ** 2;
    for (const name of ['directions', 'gram matrices', 'polynomials']) scratch[name] = elements;
    scratch['squared directions'] = (field.depth - 1) * groupsFor(field.width ** 2);
  }
  return { stages: [...reduceStages(field, plan, chunks), adamStage(field, plan, chunks, true), ...(muon ? muonStages(field, plan, cut.tuning) : []), ...tables], scratch };
}
