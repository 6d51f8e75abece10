/**
 * Forward and backward pass of one tile of samples through all layers.
 */
import { ActivationKind, LayerSlot, Slot } from '../slots';
import { activateRelu, activateSine } from './activations';
import { backProduct, biasGradient, product, weightGradient } from './dense';
import { encode } from './grid';
import { narrowBackProduct, narrowProduct, narrowWeightGradient } from './narrow';
import { pairProduct, pairWeightGradient } from './pair';
import { floatWord, layerAt, word } from './record';
import { closeBlock, joinGradients } from './residual';
import { activateFiner, activateGabor, activateGaussian, activateGelu, activateSnake } from './smooth';
import { encodeTables } from './tables';

/** In place sums of `layer` -> values; derivatives to `slope`. `bytes` is a multiple of 64. */
export function activate(kind: u32, layer: usize, at: usize, slope: usize, bytes: usize): void {
  if (kind == ActivationKind.Sine) activateSine(at, slope, bytes, word(Slot.Coefficients));
  else if (kind == ActivationKind.Relu) activateRelu(at, slope, bytes);
  else if (kind == ActivationKind.Gelu) activateGelu(at, slope, bytes);
  else if (kind == ActivationKind.Finer) activateFiner(at, slope, bytes, load<f64>(layer, LayerSlot.HalfTurns << 2));
  else if (kind == ActivationKind.Gabor) activateGabor(at, slope, bytes, load<f64>(layer, LayerSlot.HalfTurns << 2), floatWord(Slot.ActivationRate));
  else if (kind == ActivationKind.Gaussian) activateGaussian(at, slope, bytes, floatWord(Slot.ActivationRate));
  else activateSnake(at, slope, bytes);
}

/** Coordinates at the start of `scratch` -> head, through encoding and all layers. `training`: there are backward weights. */
export function forwardTile(scratch: usize, samples: usize, training: bool): void {
  const features = scratch + load<u32>(layerAt(0), LayerSlot.Input << 2);
  if (word(Slot.Levels) != 0) encodeTables(scratch, features, samples);
  else encode(scratch, features, samples);
  forwardLayers(scratch, samples, training);
}

/** Features, the input of the first layer, -> head. */
export function forwardLayers(scratch: usize, samples: usize, training: bool): void {
  const stride: usize = (<usize>word(Slot.Tile)) << 6;
  const forward: usize = word(Slot.Forward);
  const last: i32 = <i32>word(Slot.Layers) - 1;
  const kind = word(Slot.Activation);
  const backward: usize = word(Slot.Backward);
  for (let l = 0; l <= last; l++) {
    const layer = layerAt(l);
    const panels: usize = load<u32>(layer, LayerSlot.OutPanels << 2);
    const panelBytes: usize = (<usize>load<u32>(layer, LayerSlot.InBlocks << 2)) << 8;
    const input = scratch + load<u32>(layer, LayerSlot.Input << 2);
    const result = scratch + load<u32>(layer, LayerSlot.Result << 2);
    const slope = scratch + load<u32>(layer, LayerSlot.Slope << 2);
    const shortcut: usize = load<u32>(layer, LayerSlot.Shortcut << 2);
    const fanIn: usize = load<u32>(layer, LayerSlot.FanIn << 2);
    const weight = forward + load<u32>(layer, LayerSlot.Weight << 2);
    const bias = forward + load<u32>(layer, LayerSlot.Bias << 2);
    if (l == last) {
      if (l > 0 && training && word(Slot.Outputs) <= 3) narrowProduct(input, stride, panelBytes >> 3, backward + load<u32>(layer, LayerSlot.Weight << 2), bias, result, samples);
      else product(input, stride, fanIn, weight, panelBytes, bias, panels, result, stride, samples);
      return;
    }
    // Block by block, so that the activation finds its sums in the first-level cache.
    for (let p: usize = 0; p < panels; p += 2) {
      const at = (p >> 1) * stride;
      const some = min(<usize>2, panels - p);
      if (l == 0 && fanIn == 2) pairProduct(input, weight + p * panelBytes, panelBytes, bias + (p << 5), some, result + at, stride, samples);
      else product(input, stride, fanIn, weight + p * panelBytes, panelBytes, bias + (p << 5), some, result + at, stride, samples);
      activate(kind, layer, result + at, slope + at, samples << 6);
      if (shortcut != 0) closeBlock(result + at, slope + at, scratch + shortcut + at, samples << 6);
    }
  }
}

/** Adds the gradient of one tile, whose head holds its gradient, to the buffer at `gradient`; `first`: what it holds counts as 0. */
export function backwardTile(scratch: usize, gradient: usize, samples: usize, first: bool): void {
  const stride: usize = (<usize>word(Slot.Tile)) << 6;
  const backward: usize = word(Slot.Backward);
  const residual = word(Slot.Residual);
  const last: i32 = <i32>word(Slot.Layers) - 1;
  for (let l = last; l >= 0; l--) {
    const layer = layerAt(l);
    const panels: usize = load<u32>(layer, LayerSlot.OutPanels << 2);
    const fanIn: usize = load<u32>(layer, LayerSlot.FanIn << 2);
    const inBlocks: usize = load<u32>(layer, LayerSlot.InBlocks << 2);
    const weight: usize = load<u32>(layer, LayerSlot.Weight << 2);
    const g = scratch + (l == last ? load<u32>(layer, LayerSlot.Result << 2) : load<u32>(layer, LayerSlot.Slope << 2));
    const input = scratch + load<u32>(layer, LayerSlot.Input << 2);
    biasGradient(g, stride, panels, gradient + load<u32>(layer, LayerSlot.Bias << 2), samples, first);
    if (l == last && word(Slot.Outputs) <= 4) narrowWeightGradient(input, stride, (fanIn + 3) >> 2, g, gradient + weight, samples, first);
    else if (l == 0 && fanIn == 2) pairWeightGradient(input, g, stride, panels, gradient + weight, inBlocks << 8, samples, first);
    else weightGradient(input, stride, (fanIn + 3) >> 2, g, stride, panels, gradient + weight, inBlocks << 8, samples, first);
    if (l > 0) {
      const slope = scratch + load<u32>(layerAt(l - 1), LayerSlot.Slope << 2);
      const fanOut: usize = load<u32>(layer, LayerSlot.FanOut << 2);
      if (residual != 0 && (l & 1) != 0) backBlock(scratch, g, l, backward + weight, slope, samples);
      else if (l == last && fanOut <= 3) narrowBackProduct(g, backward + weight, inBlocks, slope, stride, samples);
      else backProduct(g, stride, fanOut, backward + weight, panels << 8, inBlocks, slope, stride, samples);
    }
  }
}

/** As backProduct of layer `l` of a residual network, where layer l - 1 begins or closes a block. */
export function backBlock(scratch: usize, g: usize, l: i32, weights: usize, slope: usize, samples: usize): void {
  const stride: usize = (<usize>word(Slot.Tile)) << 6;
  const layer = layerAt(l);
  const panels: usize = load<u32>(layer, LayerSlot.OutPanels << 2);
  const inBlocks: usize = load<u32>(layer, LayerSlot.InBlocks << 2);
  const blocks = (inBlocks + 1) >> 1;
  const carry = scratch + word(Slot.Residual);
  const gradient = carry + blocks * stride;
  product(g, stride, load<u32>(layer, LayerSlot.FanOut << 2), weights, panels << 8, word(Slot.Zeros), inBlocks, gradient, stride, samples);
  // The last layer is the head; a shortcut joins layer l - 1 where l + 1 is a hidden one.
  const joins = l + 1 < <i32>word(Slot.Layers) - 1;
  const closes = load<u32>(layerAt(l - 1), LayerSlot.Shortcut << 2) != 0;
  for (let at: usize = 0; at < blocks * stride; at += stride) joinGradients(slope + at, gradient + at, carry + at, samples << 6, joins, closes);
}
