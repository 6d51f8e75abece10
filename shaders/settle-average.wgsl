// Writes a parameter's new value and moves its average: d average + (1 - d) value, with 1 - d from the CPU, for it cancels in
// float32. CPU twin: averageDecay in src-core/fit/optimizer.ts.
@group(1) @binding(AVERAGE_BINDING) var<storage, read_write> average: array<f32>;

fn settle(at: u32, value: f32) {
  parameters[at] = value;
  average[at] += work.blend * (value - average[at]);
}
