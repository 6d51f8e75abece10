// Operands of the delta of the layer below: deltas[sample][i] = slope[sample][i] * sum_o upper[sample][o] weight[i][o], written over
// the slope; in residual networks the sum changes on its way (received). Rows are samples, columns features. CPU twin: backward
// pass of src-engine/reference.ts.
@group(1) @binding(1) var<storage, read> parameters: array<f32>;
@group(1) @binding(2) var<storage, read> upper: array<array<f32, FAN_OUT>>;
@group(1) @binding(3) var<storage, read_write> deltas: array<f32>;

fn rowEnd() -> u32 {
  return work.count;
}

fn depthRange(part: u32) -> vec2u {
  return vec2u(0u, FAN_OUT);
}

fn leftAt(part: u32, sample: u32, unit: u32) -> f32 {
  return upper[sample][unit];
}

fn rightAt(part: u32, unit: u32, feature: u32) -> f32 {
  return parameters[layer.weightOffset + feature * FAN_OUT + unit];
}

fn columnTerm(feature: u32) -> f32 {
  return 0.0;
}

fn finish(part: u32, sample: u32, feature: u32, sum: f32) {
  let at = sample * FAN_IN + feature;
  if (SLOPED) {
    deltas[at] *= received(at, sum);
  } else {
    deltas[at] = sum;
  }
}

fn finishColumn(part: u32, feature: u32, sum: f32) {
}
