// Absolute error; slope 0 at 0. CPU twin: lossOf in src-core/fit/loss.ts.
fn sampleLoss(y: f32, t: f32) -> LossAndSlope {
  let error = y - t;
  return LossAndSlope(abs(error), sign(error));
}
