// Squared error over y^2 + epsilon, which counts as a constant. CPU twin: lossOf in src-core/fit/loss.ts.
fn sampleLoss(y: f32, t: f32) -> LossAndSlope {
  let error = y - t;
  let weight = 1.0 / (y * y + LOSS_EPSILON);
  return LossAndSlope(error * error * weight, 2.0 * error * weight);
}
