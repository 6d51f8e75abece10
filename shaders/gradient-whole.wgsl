// Gradient of a dense parameter, reduced before and clipped here: the factor stands behind the last gradient. CPU twin: clipFactor in
// src-core/fit/optimizer.ts.
@group(1) @binding(0) var<storage, read> gradients: array<f32>;

fn gradientAt(number: u32) -> f32 {
  return gradients[number] * gradients[DENSE];
}
