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
import { activationParts, headParts, lossConstants, pointPart, targetPart, type PointSource, type TargetSource } from './parts';
import { composeShader, type Constants, type ModuleName } from './shader';
import { compactTiling, tallTiling, TILE_DEPTH, type Tiling } from './tiles';

/** A kernel's source and how many workgroups handle `samples` samples. */
export interface KernelPlan extends KernelSource {
  groups(samples: number): number;
}

/** A kernel of these constants and modules. */
export function kernelPlan(label: string, constants: Constants, modules: readonly ModuleName[], bindings: readonly BindingKind[], groups: (samples: number) => number): KernelPlan {
  return { label, code: composeShader(constants, modules), bindings, groups };
}

export function tileConstants(tiling: Tiling): Constants {
  return {
    TILE_ROWS: tiling.tileRows,
    TILE_COLS: tiling.tileCols,
    TILE_DEPTH,
    ROW_TILES: tiling.rowTiles,
    COL_TILES: tiling.colTiles,
  };
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
export function encodeKernel(field: Field, points: PointSource): KernelPlan {
  const { encoding, inputs } = field;
  const features = encodedWidth(encoding, inputs);
  const fourier = encoding.kind === 'fourier';
  const point = pointPart(points, fourier ? 2 : 1);
  const constants: Constants = {
    INPUTS: inputs,
    FEATURES: features,
    INCLUDE_INPUT: encoding.kind === 'octaves' && encoding.includeInput,
    FOURIER_FEATURES: fourier ? encoding.features : 0,
    ...point.constants,
  };
  const modules: ModuleName[] = ['work', ...point.modules, 'sine', 'coordinates', `encoding-${encoding.kind}` as ModuleName, 'encode'];
  const bindings: BindingKind[] = ['write', ...(fourier ? (['read'] as const) : []), ...point.bindings];
  return kernelPlan('encode', constants, modules, bindings, (samples) => Math.ceil((samples * features) / 256));
}

/**
 * A dense layer. Bindings: the layer's place, parameters, inputs, values, in the hidden layers while training slopes, and where such a
 * layer closes a residual block the values two layers below. While evaluating these are overwritten.
 */
export function forwardKernel(field: Field, layer: LayerSlot, purpose: 'train' | 'evaluate'): KernelPlan {
  const head = layer.index === field.depth;
  const tiling = tallTiling(1, layer.fanOut);
  const closes = !head && closesBlock(field, layer.index);
  const keepsSlope = purpose === 'train' && !head;
  const activation = !head ? activationParts(field.activation, layer.index) : purpose === 'train' ? { modules: ['activation-linear' as const], constants: {} } : headParts(headOf(field));
  const modules: ModuleName[] = ['work', 'layer', ...activation.modules, `store-${closes ? 'block' : 'value'}${keepsSlope ? '-slope' : ''}` as const, 'tile-product', 'dense-forward'];
  const constants: Constants = {
    ...layerConstants(layer),
    ...tileConstants(tiling),
    ...activation.constants,
    LEFT_TRANSPOSED: false,
    COLUMN_SUMS: false,
  };
  const bindings: BindingKind[] = ['uniform', 'read', 'read', 'write'];
  if (keepsSlope) bindings.push('write');
  if (keepsSlope && closes) bindings.push('read');
  return kernelPlan(`forward ${layer.index} ${purpose}`, constants, modules, bindings, (samples) => Math.ceil(samples / tiling.tileRows) * tiling.colTiles);
}

/** What shortcuts do to the gradient of hidden layer `index`: it gives half where it closes a block, and takes where it begins one. */
function carries(field: Field, index: number): { readonly takes: boolean; readonly gives: boolean } {
  return { takes: index + 2 < field.depth && closesBlock(field, index + 2), gives: closesBlock(field, index) };
}

/**
 * Delta of the layer below `layer`; for the first layer the gradient of the features. Bindings: the layer's place, parameters, deltas of `layer`, slopes of the layer below (become its
 * deltas), and the gradients that shortcuts carry where one begins or ends there (backwardCarries).
 */
export function backwardInputKernel(field: Field, layer: LayerSlot): KernelPlan {
  const tiling = tallTiling(1, layer.fanIn);
  const { takes, gives } = carries(field, layer.index - 1);
  const carry = takes || gives;
  const constants: Constants = {
    ...layerConstants(layer),
    ...tileConstants(tiling),
    LEFT_TRANSPOSED: false,
    COLUMN_SUMS: false,
    SLOPED: layer.index > 0,
    ...(carry ? { CARRY_TAKES: takes, CARRY_GIVES: gives } : {}),
  };
  return kernelPlan(
    `backward input ${layer.index}`,
    constants,
    ['work', 'layer', 'tile-product', carry ? 'carry' : 'carry-none', 'dense-backward-input'],
    carry ? ['uniform', 'read', 'read', 'write', 'write'] : ['uniform', 'read', 'read', 'write'],
    (samples) => Math.ceil(samples / tiling.tileRows) * tiling.colTiles,
  );
}

/** Whether a shortcut begins or ends at the layer below `layer`. */
export function backwardCarries(field: Field, layer: LayerSlot): boolean {
  const { takes, gives } = carries(field, layer.index - 1);
  return takes || gives;
}

/** Gradients of `layer`, one partial result a chunk. Bindings: the layer's place, inputs, deltas, partials. */
export function backwardWeightsKernel(field: Field, layer: LayerSlot, chunks: number): KernelPlan {
  const tiling = compactTiling(layer.fanIn, layer.fanOut);
  const { first, length } = denseRange(field);
  const constants: Constants = {
    ...layerConstants(layer),
    ...tileConstants(tiling),
    LEFT_TRANSPOSED: true,
    COLUMN_SUMS: true,
    DENSE: length,
    DENSE_FIRST: first,
    CHUNKS: chunks,
  };
  const groups = tiling.rowTiles * tiling.colTiles * chunks;
  return kernelPlan(`backward weights ${layer.index}`, constants, ['work', 'layer', 'tile-product', 'dense-backward-weights'], ['uniform', 'read', 'read', 'write'], () => groups);
}

/** Loss and delta of the head. Bindings: head (becomes its delta), raw data, partial losses, and what the points are read from. */
export function lossKernel(field: Field, plan: FitPlan, targets: TargetSource, type: SampleType): KernelPlan {
  const head = headParts(headOf(field));
  const target = targetPart(targets, type);
  const point = pointPart(targets === 'signal' ? plan : 'grid', 3);
  const constants: Constants = { INPUTS: field.inputs, OUTPUTS: field.outputs, ...point.constants, ...target.constants, ...head.constants, ...lossConstants(plan.loss) };
  const modules: ModuleName[] = ['work', ...point.modules, ...target.modules, ...head.modules, 'loss-terms', `loss-${plan.loss.kind}`, 'loss'];
  return kernelPlan('loss', constants, modules, ['write', 'read', 'write', ...point.bindings], (samples) => lossGroups(field, samples));
}

/** Pairs of partial sums, of losses and of squared errors, that a slice of `samples` writes. */
export function lossGroups(field: Field, samples: number): number {
  return Math.ceil((samples * field.outputs) / 256);
}

/** Sums of the partial losses of a submit. Bindings: partial losses, totals. */
export function lossSumKernel(): KernelPlan {
  return kernelPlan('loss sum', {}, ['work', 'loss-sum'], ['read', 'write'], () => 1);
}

/** Samples to texels. Bindings: samples, texture. */
export function presentKernel(field: Field): KernelPlan {
  return kernelPlan('present', { OUTPUTS: field.outputs }, ['work', 'present'], ['read', 'texture'], (samples) => Math.ceil(samples / 256));
}
