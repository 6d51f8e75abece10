// Gradient of a layer's output in a residual network. A layer that closes a block passes half of its gradient on to the layer two
// below (CARRY_GIVES), which adds it to what comes from the layer above (CARRY_TAKES); a layer may do both. One buffer serves all
// blocks, for each thread takes an element before it gives it. CPU twin: backward pass of src-engine/reference.ts.
@group(1) @binding(4) var<storage, read_write> carried: array<f32>;

fn received(at: u32, sum: f32) -> f32 {
  var gradient = sum;
  if (CARRY_TAKES) {
    gradient += carried[at];
  }
  if (CARRY_GIVES) {
    carried[at] = 0.5 * gradient;
  }
  return gradient;
}
