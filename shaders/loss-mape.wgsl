// Absolute error over |t| + epsilon. CPU twin: lossOf in src-core/fit/loss.ts.
fn sampleLoss(y: f32, t: f32) -> LossAndSlope {
  let error = y - t;
  let weight = 1.0 / (abs(t) + LOSS_EPSILON);
  return LossAndSlope(abs(error) * weight, sign(error) * weight);
}
