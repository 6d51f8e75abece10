// Operands of a dense layer with its activation: values[sample][o] = act(bias[o] + sum_i inputs[sample][i] weight[i][o]). Rows are
// samples, columns units. CPU twin: forward pass of src-engine/reference.ts.
@group(1) @binding(1) var<storage, read> parameters: array<f32>;
@group(1) @binding(2) var<storage, read> inputs: array<array<f32, FAN_IN>>;
@group(1) @binding(3) var<storage, read_write> values: array<f32>;

fn rowEnd() -> u32 {
  return work.count;
}

fn depthRange(part: u32) -> vec2u {
  return vec2u(0u, FAN_IN);
}

fn leftAt(part: u32, sample: u32, feature: u32) -> f32 {
  return inputs[sample][feature];
}

fn rightAt(part: u32, feature: u32, unit: u32) -> f32 {
  return parameters[layer.weightOffset + feature * FAN_OUT + unit];
}

fn columnTerm(unit: u32) -> f32 {
  return parameters[layer.biasOffset + unit];
}

fn finish(part: u32, sample: u32, unit: u32, sum: f32) {
  store(sample * FAN_OUT + unit, activated(sum));
}

fn finishColumn(part: u32, unit: u32, sum: f32) {
}
