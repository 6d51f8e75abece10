/**
 * Head and loss: weighted sums -> samples -> loss and gradient. Twin of headSample (src-core/field/activation.ts) and of lossOf
 * (src-core/fit/loss.ts), the definitions. Both heads that are not linear are one function: 0.5 + 0.5 tanh(z / 2) = 1 / (1 + exp(-z)), and
 * with tanh(z) it is exp(-2 z); the derivative of s = 1 / (1 + exp(-k z)) is k s (1 - s).
 */
import { LayerSlot, LossKind, Slot } from '../slots';
import { logistic } from './elementary';
import { floatWord, layerAt, rowBytes, word } from './record';

// @ts-ignore: decorator
@inline
function sampleOf(z: v128, rate: f32): v128 {
  if (rate == 0) return f32x4.add(f32x4.splat(0.5), f32x4.mul(f32x4.splat(0.5), z));
  return logistic(f32x4.mul(z, f32x4.splat(rate)));
}

/** 1 with the sign of `error`, 0 at 0. */
// @ts-ignore: decorator
@inline
function signOf(error: v128): v128 {
  const one = v128.or(f32x4.splat(1), v128.and(error, i32x4.splat(0x80000000)));
  return v128.and(one, f32x4.ne(error, f32x4.splat(0)));
}

/** In place the sums of `samples` rows of the head -> samples. */
export function headSamples(head: usize, samples: usize): void {
  const rate = floatWord(Slot.HeadRate);
  const row = rowBytes();
  for (let s: usize = 0; s < samples; s++) {
    for (let at: usize = 0; at < row; at += 16) v128.store(head + (s << 6) + at, sampleOf(v128.load(head + (s << 6) + at), rate));
  }
}

/**
 * In place the sums of `count` samples of the head -> derivative of their loss (the gradient up to GradientScale); rows up to `samples`
 * become 0. Adds the loss and the squared error of all channels to the two f64 at `sums`.
 */
export function headErrors(head: usize, targets: usize, count: usize, samples: usize, sums: usize): void {
  const outputs: i32 = word(Slot.Outputs);
  const row = rowBytes();
  const rate = floatWord(Slot.HeadRate);
  const kind = word(Slot.Loss);
  if (kind == LossKind.L2 && rate == 0 && row == 16) {
    squaredErrors(head, targets, count, outputs, sums);
    padHead(head, count, samples);
    return;
  }
  const constant = f32x4.splat(floatWord(Slot.LossConstant));
  const half = f32x4.splat(0.5);
  const one = f32x4.splat(1);
  const factor = f32x4.splat(rate);
  let losses = f64x2.splat(0);
  let squares = f64x2.splat(0);
  for (let s: usize = 0; s < count; s++) {
    for (let at: usize = 0; at < row; at += 16) {
      const place = head + (s << 6) + at;
      const sample = sampleOf(v128.load(place), rate);
      const target = v128.load(targets);
      targets += 16;
      // Lanes beyond the last channel have no error, and so no loss and no gradient.
      const channels = i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(outputs - <i32>(at >> 2)));
      const error = v128.and(f32x4.sub(sample, target), channels);
      const square = f32x4.mul(error, error);
      let loss = square;
      let slope = f32x4.add(error, error);
      if (kind == LossKind.L1) {
        loss = f32x4.abs(error);
        slope = signOf(error);
      } else if (kind == LossKind.RelativeL2) {
        const weight = f32x4.div(one, f32x4.add(f32x4.mul(sample, sample), constant));
        loss = f32x4.mul(loss, weight);
        slope = f32x4.mul(slope, weight);
      } else if (kind == LossKind.Huber) {
        slope = f32x4.pmin(f32x4.pmax(error, f32x4.neg(constant)), constant);
        loss = f32x4.mul(slope, f32x4.sub(error, f32x4.mul(half, slope)));
      } else if (kind == LossKind.Mape) {
        const weight = f32x4.div(one, f32x4.add(f32x4.abs(target), constant));
        loss = f32x4.mul(f32x4.abs(error), weight);
        slope = f32x4.mul(signOf(error), weight);
      }
      const inner = rate == 0 ? half : f32x4.mul(factor, f32x4.mul(sample, f32x4.sub(one, sample)));
      v128.store(place, f32x4.mul(slope, inner));
      losses = f64x2.add(losses, pairwise(loss));
      squares = f64x2.add(squares, pairwise(square));
    }
  }
  padHead(head, count, samples);
  addTo(sums, losses);
  addTo(sums + 8, squares);
}

/** Clears rows [count, samples) of the head. */
function padHead(head: usize, count: usize, samples: usize): void {
  const padded: usize = (<usize>load<u32>(layerAt(<i32>word(Slot.Layers) - 1), LayerSlot.OutPanels << 2)) << 5;
  for (let s = count; s < samples; s++) memory.fill(head + (s << 6), 0, padded);
}

/**
 * headErrors for the usual case, to the same bits: the mean squared error of a linear head of at most four outputs, where loss and square
 * are one, and the gradient, 2 e / 2, is the error itself.
 */
function squaredErrors(head: usize, targets: usize, count: usize, outputs: i32, sums: usize): void {
  const half = f32x4.splat(0.5);
  const channels = i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(outputs));
  let squares = f64x2.splat(0);
  for (const end = targets + (count << 4); targets < end; targets += 16) {
    const sample = f32x4.add(half, f32x4.mul(half, v128.load(head)));
    const error = v128.and(f32x4.sub(sample, v128.load(targets)), channels);
    v128.store(head, error);
    squares = f64x2.add(squares, pairwise(f32x4.mul(error, error)));
    head += 64;
  }
  addTo(sums, squares);
  addTo(sums + 8, squares);
}

/** Lanes 0 and 2, 1 and 3 of a vector of float32 added as float64. */
// @ts-ignore: decorator
@inline
function pairwise(values: v128): v128 {
  return f64x2.add(f64x2.promote_low_f32x4(values), f64x2.promote_low_f32x4(v128.shuffle<f64>(values, values, 1, 1)));
}

// @ts-ignore: decorator
@inline
function addTo(sum: usize, values: v128): void {
  store<f64>(sum, load<f64>(sum) + (f64x2.extract_lane(values, 0) + f64x2.extract_lane(values, 1)));
}
