// Dense layer and activation: values[sample][o] = act(bias[o] + sum_i inputs[sample][i] weight[i][o]).
// CPU twin: forward pass of src-engine/reference.ts.
@group(1) @binding(1) var<storage, read> parameters: array<f32>;
@group(1) @binding(2) var<storage, read> inputs: array<f32>;
@group(1) @binding(3) var<storage, read_write> values: array<f32>;

fn inputAt(sample: u32, feature: u32) -> f32 {
  if (feature >= FAN_IN) {
    return 0.0;
  }
  return inputs[sample * FAN_IN + feature];
}

fn leftVector(sample: u32, feature: u32, end: u32) -> vec4f {
  if (sample >= work.count) {
    return vec4f();
  }
  return vec4f(inputAt(sample, feature), inputAt(sample, feature + 1u), inputAt(sample, feature + 2u), inputAt(sample, feature + 3u));
}

fn weightAt(feature: u32, unit: u32) -> f32 {
  if (unit >= FAN_OUT) {
    return 0.0;
  }
  return parameters[layer.weightOffset + feature * FAN_OUT + unit];
}

fn rightVector(feature: u32, unit: u32, end: u32) -> vec4f {
  if (feature >= end) {
    return vec4f();
  }
  return vec4f(weightAt(feature, unit), weightAt(feature, unit + 1u), weightAt(feature, unit + 2u), weightAt(feature, unit + 3u));
}

fn finish(sample: u32, unit: u32, sums: vec4f) {
  if (sample >= work.count) {
    return;
  }
  for (var lane = 0u; lane < 4u && unit + lane < FAN_OUT; lane++) {
    store(sample * FAN_OUT + unit + lane, activated(sums[lane] + parameters[layer.biasOffset + unit + lane]));
  }
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let tile = groupNumber(group, groups);
  let firstSample = tile / COL_TILES * TILE_ROWS;
  let firstUnit = tile % COL_TILES * TILE_COLS;
  var block = tileProduct(firstSample, firstUnit, 0u, FAN_IN, local);
  let sample = firstSample + blockRow(local);
  let unit = firstUnit + blockCol(local);
  for (var row = 0u; row < 4u; row++) {
    finish(sample + row, unit, block.rows[row]);
  }
}
