// The same while training: the output two layers below is needed again for its own gradients, so it stays where it is. The slope is
// that of the mean. CPU twin: forward pass of src-engine/reference.ts.
@group(1) @binding(4) var<storage, read_write> slopes: array<f32>;
@group(1) @binding(5) var<storage, read> shortcut: array<f32>;

fn store(at: u32, output: Activated) {
  values[at] = 0.5 * (shortcut[at] + output.value);
  slopes[at] = 0.5 * output.slope;
}
