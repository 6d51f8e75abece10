// Keeps a layer's output and its slope; the backward pass turns the slope into the layer's delta, in place.
@group(1) @binding(4) var<storage, read_write> slopes: array<f32>;

fn store(at: u32, output: Activated) {
  values[at] = output.value;
  slopes[at] = output.slope;
}
