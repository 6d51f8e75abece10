// Half the squared error up to LOSS_DELTA, straight beyond. CPU twin: lossOf in src-core/fit/loss.ts.
fn sampleLoss(y: f32, t: f32) -> LossAndSlope {
  let error = y - t;
  let size = abs(error);
  if (size <= LOSS_DELTA) {
    return LossAndSlope(0.5 * error * error, error);
  }
  return LossAndSlope(LOSS_DELTA * (size - 0.5 * LOSS_DELTA), LOSS_DELTA * sign(error));
}
