// Gradient of a dense parameter: the chunks' partial sums, added up in order. CPU twin: the gradient of src-engine/reference.ts.
@group(1) @binding(0) var<storage, read> partials: array<f32>;

fn gradientAt(number: u32) -> f32 {
  var gradient = 0.0;
  for (var chunk = 0u; chunk < CHUNKS; chunk++) {
    gradient += partials[chunk * DENSE + number];
  }
  return gradient;
}
