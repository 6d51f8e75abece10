// The gradient of number `at` of the tables, where slices were folded into it (table-fold.wgsl), clipped: the factor stands behind the
// last gradient of the dense layers (gradient-norm.wgsl).
@group(1) @binding(0) var<storage, read> gradients: array<f32>;
@group(1) @binding(1) var<storage, read> folded: array<f32>;

fn takeSum(at: u32) -> f32 {
  return folded[at] * gradients[DENSE];
}
