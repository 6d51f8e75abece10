// The gradient of number `at` of the tables, where slices were folded into it (table-fold.wgsl). In the place of
// table-words.wgsl, whose scale, binding 0, it does not need.
@group(1) @binding(1) var<storage, read> folded: array<f32>;

fn takeSum(at: u32) -> f32 {
  return folded[at];
}
