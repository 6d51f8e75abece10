// What a loss module gives of one sample y and its target t.
struct LossAndSlope {
  loss: f32,
  // Derivative by y.
  slope: f32,
}
