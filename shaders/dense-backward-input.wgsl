// Delta of the layer below: deltas[sample][i] = slope[sample][i] * sum_o upper[sample][o] weight[i][o], written over the slope; in
// residual networks the sum changes on its way (received). CPU twin: backward pass of src-engine/reference.ts.
@group(1) @binding(1) var<storage, read> parameters: array<f32>;
@group(1) @binding(2) var<storage, read> upper: array<f32>;
@group(1) @binding(3) var<storage, read_write> deltas: array<f32>;

fn upperAt(sample: u32, unit: u32) -> f32 {
  if (unit >= FAN_OUT) {
    return 0.0;
  }
  return upper[sample * FAN_OUT + unit];
}

fn leftVector(sample: u32, unit: u32, end: u32) -> vec4f {
  if (sample >= work.count) {
    return vec4f();
  }
  return vec4f(upperAt(sample, unit), upperAt(sample, unit + 1u), upperAt(sample, unit + 2u), upperAt(sample, unit + 3u));
}

fn weightAt(feature: u32, unit: u32) -> f32 {
  if (feature >= FAN_IN) {
    return 0.0;
  }
  return parameters[layer.weightOffset + feature * FAN_OUT + unit];
}

fn rightVector(unit: u32, feature: u32, end: u32) -> vec4f {
  if (unit >= end) {
    return vec4f();
  }
  return vec4f(weightAt(feature, unit), weightAt(feature + 1u, unit), weightAt(feature + 2u, unit), weightAt(feature + 3u, unit));
}

fn finish(sample: u32, feature: u32, sums: vec4f) {
  if (sample >= work.count) {
    return;
  }
  for (var lane = 0u; lane < 4u && feature + lane < FAN_IN; lane++) {
    let at = sample * FAN_IN + feature + lane;
    if (SLOPED) {
      deltas[at] *= received(at, sums[lane]);
    } else {
      deltas[at] = sums[lane];
    }
  }
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let tile = groupNumber(group, groups);
  let firstSample = tile / COL_TILES * TILE_ROWS;
  let firstFeature = tile % COL_TILES * TILE_COLS;
  var block = tileProduct(firstSample, firstFeature, 0u, FAN_OUT, local);
  let sample = firstSample + blockRow(local);
  let feature = firstFeature + blockCol(local);
  for (var row = 0u; row < 4u; row++) {
    finish(sample + row, feature, block.rows[row]);
  }
}
