/**
 * The kernels of a Field, as data: which modules make each, with which constants, bindings and number of workgroups. Trainer and
 * evaluator only bind buffers to them. Fused kernels can later take the place of runs of these without either noticing more than
 * a shorter list.
 */
import { closesBlock, encodedWidth, headOf, type Field } from '#core/field/field';
import { parameterLayout, type LayerSlot } from '#core/field/layout';
import type { FitPlan } from '#core/fit/config';
import type { SampleType } from '#core/signal/signal';
import type { BindingKind, KernelSource } from './context';
import { activationParts, encodingConstants, headParts, lossConstants, placePart, pointPart, targetPart, type PlaceSource, type TargetSource } from './parts';
import { productFor, type Product } from './products';
import { composeShader, type Constants, type ModuleName } from './shader';
import type { Tuning } from './tuning';
import type { Cut } from './unit';

/** A kernel's source and how many workgroups handle `samples` samples. */
export interface KernelPlan extends KernelSource {
  groups(samples: number): number;
}

/** A kernel of these constants and modules. */
export function kernelPlan(label: string, constants: Constants, modules: readonly ModuleName[], bindings: readonly BindingKind[], groups: (samples: number) => number): KernelPlan {
  return { label, code: composeShader(constants, modules), bindings, groups };
}

/** A kernel that is a product of what `modules`, the last of them with the operands, say. */
export function productPlan(label: string, constants: Constants, modules: readonly ModuleName[], bindings: readonly BindingKind[], product: Product): KernelPlan {
  const whole = kernelPlan(label, { ...constants, ...product.constants }, modules, bindings, product.groups);
  const enables = product.enables.map((name) => `enable ${name};\n`).join('');
  return { ...whole, code: `${enables}${whole.code}\n${product.code}` };
}

/** The dense layers' part of the parameter vector: what has partial gradients. */
export function denseRange(field: Field): { readonly first: number; readonly length: number } {
  const { tableLength, length } = parameterLayout(field);
  return { first: tableLength, length: length - tableLength };
}

/** The layer's shape. Its place in the parameter vector is bound (shaders/layer.wgsl), so that equal layers share a kernel. */
function layerConstants(layer: LayerSlot): Constants {
  return { FAN_IN: layer.fanIn, FAN_OUT: layer.fanOut };
}

/** Features of a slice's points. Bindings: features, the directions of a Fourier encoding, and what the points are read from. */
export function encodeKernel(field: Field, places: PlaceSource): KernelPlan {
  const { encoding, inputs } = field;
  const features = encodedWidth(encoding, inputs);
  const fourier = encoding.kind === 'fourier';
  const place = placePart(places, fourier ? 2 : 1);
  const constants: Constants = { ...encodingConstants(field, 1), ...place.constants };
  const modules: ModuleName[] = ['work', ...place.modules, 'sine', `encoding-${encoding.kind}` as ModuleName, 'encode'];
  const bindings: BindingKind[] = ['write', ...(fourier ? (['read'] as const) : []), ...place.bindings];
  return kernelPlan('encode', constants, modules, bindings, (samples) => Math.ceil((samples * features) / 256));
}

/**
 * A dense layer. Bindings: the layer's place, parameters, inputs, values, in the hidden layers while training slopes, and where such a
 * layer closes a residual block the values two layers below. While evaluating these are overwritten.
 */
export function forwardKernel(field: Field, layer: LayerSlot, purpose: 'train' | 'evaluate', tuning: Tuning, samples: number): KernelPlan {
  const head = layer.index === field.depth;
  const closes = !head && closesBlock(field, layer.index);
  const keepsSlope = purpose === 'train' && !head;
  const activation = !head ? activationParts(field.activation, layer.index) : purpose === 'train' ? { modules: ['activation-linear' as const], constants: {} } : headParts(headOf(field));
  const modules: ModuleName[] = ['work', 'layer', ...activation.modules, `store-${closes ? 'block' : 'value'}${keepsSlope ? '-slope' : ''}` as const, 'dense-forward'];
  const constants: Constants = { ...layerConstants(layer), ...activation.constants };
  const bindings: BindingKind[] = ['uniform', 'read', 'read', 'write'];
  if (keepsSlope) bindings.push('write');
  if (keepsSlope && closes) bindings.push('read');
  const product = productFor(tuning, { rows: 'samples', cols: layer.fanOut, depth: layer.fanIn, leftAlong: 'depth', rightAlong: 'cols', parts: 1, columnSums: false, samples });
  return productPlan(`forward ${layer.index} ${purpose}`, constants, modules, bindings, product);
}

/** What shortcuts do to the gradient of hidden layer `index`: it gives half where it closes a block, and takes where it begins one. */
function carries(field: Field, index: number): { readonly takes: boolean; readonly gives: boolean } {
  return { takes: index + 2 < field.depth && closesBlock(field, index + 2), gives: closesBlock(field, index) };
}

/**
 * Delta of the layer below `layer`; for the first layer the gradient of the features. Bindings: the layer's place, parameters, deltas of `layer`, slopes of the layer below (become its
 * deltas), and the gradients that shortcuts carry where one begins or ends there (backwardCarries).
 */
export function backwardInputKernel(field: Field, layer: LayerSlot, tuning: Tuning, samples: number): KernelPlan {
  const { takes, gives } = carries(field, layer.index - 1);
  const carry = takes || gives;
  const constants: Constants = { ...layerConstants(layer), SLOPED: layer.index > 0, ...(carry ? { CARRY_TAKES: takes, CARRY_GIVES: gives } : {}) };
  const modules: ModuleName[] = ['work', 'layer', carry ? 'carry' : 'carry-none', 'dense-backward-input'];
  const bindings: BindingKind[] = carry ? ['uniform', 'read', 'read', 'write', 'write'] : ['uniform', 'read', 'read', 'write'];
  const product = productFor(tuning, { rows: 'samples', cols: layer.fanIn, depth: layer.fanOut, leftAlong: 'depth', rightAlong: 'depth', parts: 1, columnSums: false, samples });
  return productPlan(`backward input ${layer.index}`, constants, modules, bindings, product);
}

/** Whether a shortcut begins or ends at the layer below `layer`. */
export function backwardCarries(field: Field, layer: LayerSlot): boolean {
  const { takes, gives } = carries(field, layer.index - 1);
  return takes || gives;
}

/** Gradients of `layer`, one partial result a chunk. Bindings: the layer's place, inputs, deltas, partials. */
export function backwardWeightsKernel(field: Field, layer: LayerSlot, chunks: number, tuning: Tuning, samples: number): KernelPlan {
  const { first, length } = denseRange(field);
  const constants: Constants = { ...layerConstants(layer), DENSE: length, DENSE_FIRST: first };
  const modules: ModuleName[] = ['work', 'layer', 'dense-backward-weights'];
  const product = productFor(tuning, { rows: layer.fanIn, cols: layer.fanOut, depth: 'samples', leftAlong: 'rows', rightAlong: 'cols', parts: chunks, columnSums: true, samples });
  return productPlan(`backward weights ${layer.index}`, constants, modules, ['uniform', 'read', 'read', 'write'], product);
}

/** Loss and delta of the head. Bindings: head (becomes its delta), raw data, partial losses, and what the points are read from. */
export function lossKernel(field: Field, plan: FitPlan, targets: TargetSource, type: SampleType, tuning: Tuning): KernelPlan {
  const head = headParts(headOf(field));
  const target = targetPart(targets, type);
  const point = pointPart(targets === 'signal' ? plan : 'grid', 3);
  const constants: Constants = { INPUTS: field.inputs, OUTPUTS: field.outputs, LOSS_ITEMS: tuning.lossItems, ...point.constants, ...target.constants, ...head.constants, ...lossConstants(plan.loss) };
  const modules: ModuleName[] = ['work', ...point.modules, ...target.modules, ...head.modules, 'loss-terms', `loss-${plan.loss.kind}`, 'loss'];
  return kernelPlan('loss', constants, modules, ['write', 'read', 'write', ...point.bindings], (samples) => lossGroups(field, { longest: samples, tuning, sweep: null }));
}

/** Pairs of partial sums, of losses and of squared errors, that a slice writes. */
export function lossGroups(field: Field, { longest, tuning, sweep }: Pick<Cut, 'longest' | 'tuning' | 'sweep'>): number {
  return sweep ? Math.ceil(longest / sweep.samples) : Math.ceil((longest * field.outputs) / (256 * tuning.lossItems));
}

/** Partial losses of a submit stay below this. */
const LOSS_BYTES = 8 * 2 ** 20;

/** Units of work whose partial losses have room in one submit: few where slices are long and have many channels. */
export function lossUnits(field: Field, cut: Pick<Cut, 'longest' | 'tuning' | 'sweep'>, maximumBinding: number): number {
  return Math.max(1, Math.floor(Math.min(LOSS_BYTES, maximumBinding) / (8 * lossGroups(field, cut))));
}

/** Sums of the partial losses of a submit. Bindings: partial losses, totals. */
export function lossSumKernel(): KernelPlan {
  return kernelPlan('loss sum', {}, ['work', 'workgroup-sum', 'loss-sum'], ['read', 'write'], () => 1);
}

/** Samples to texels. Bindings: samples, texture. */
export function presentKernel(field: Field): KernelPlan {
  return kernelPlan('present', { OUTPUTS: field.outputs }, ['work', 'present'], ['read', 'texture'], (samples) => Math.ceil(samples / 256));
}
