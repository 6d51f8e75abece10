// Squared error. CPU twin: lossOf in src-core/fit/loss.ts.
fn sampleLoss(y: f32, t: f32) -> LossAndSlope {
  let error = y - t;
  return LossAndSlope(error * error, 2.0 * error);
}
