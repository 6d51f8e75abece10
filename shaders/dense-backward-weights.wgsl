// Weight and bias gradients of one layer over one chunk of the slice: partials[chunk] holds the gradient of all dense parameters;
// weight[i][o] = sum over samples of inputs[sample][i] deltas[sample][o], bias[o] = sum of deltas[sample][o].
// CPU twin: backward pass of src-engine/reference.ts. There are no float atomics: gradient-partials.wgsl adds the chunks up in order.
@group(1) @binding(1) var<storage, read> inputs: array<f32>;
@group(1) @binding(2) var<storage, read> deltas: array<f32>;
@group(1) @binding(3) var<storage, read_write> partials: array<f32>;

fn inputAt(feature: u32, sample: u32, end: u32) -> f32 {
  if (sample >= end) {
    return 0.0;
  }
  return inputs[sample * FAN_IN + feature];
}

fn leftVector(feature: u32, sample: u32, end: u32) -> vec4f {
  if (feature >= FAN_IN) {
    return vec4f();
  }
  return vec4f(
    inputAt(feature, sample, end),
    inputAt(feature, sample + 1u, end),
    inputAt(feature, sample + 2u, end),
    inputAt(feature, sample + 3u, end),
  );
}

fn deltaAt(sample: u32, unit: u32) -> f32 {
  if (unit >= FAN_OUT) {
    return 0.0;
  }
  return deltas[sample * FAN_OUT + unit];
}

fn rightVector(sample: u32, unit: u32, end: u32) -> vec4f {
  if (sample >= end) {
    return vec4f();
  }
  return vec4f(deltaAt(sample, unit), deltaAt(sample, unit + 1u), deltaAt(sample, unit + 2u), deltaAt(sample, unit + 3u));
}

// Writes up to four neighbouring gradients, or adds them to those of the slices before.
fn finish(at: u32, lanes: u32, sums: vec4f) {
  for (var lane = 0u; lane < lanes; lane++) {
    if (work.accumulate == 1u) {
      partials[at + lane] += sums[lane];
    } else {
      partials[at + lane] = sums[lane];
    }
  }
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let number = groupNumber(group, groups);
  if (number >= ROW_TILES * COL_TILES * CHUNKS) {
    return;
  }
  let chunk = number / (ROW_TILES * COL_TILES);
  let tile = number % (ROW_TILES * COL_TILES);
  let firstFeature = tile / COL_TILES * TILE_ROWS;
  let firstUnit = tile % COL_TILES * TILE_COLS;
  let chunkLength = (work.count + CHUNKS - 1u) / CHUNKS;
  let begin = min(work.count, chunk * chunkLength);
  let end = min(work.count, begin + chunkLength);
  var block = tileProduct(firstFeature, firstUnit, begin, end, local);
  let feature = firstFeature + blockRow(local);
  let unit = firstUnit + blockCol(local);
  if (unit >= FAN_OUT) {
    return;
  }
  let lanes = min(4u, FAN_OUT - unit);
  let partial = chunk * DENSE - DENSE_FIRST;
  let at = partial + layer.weightOffset + unit;
  for (var row = 0u; row < 4u && feature + row < FAN_IN; row++) {
    finish(at + (feature + row) * FAN_OUT, lanes, block.rows[row]);
  }
  if (feature == 0u) {
    finish(partial + layer.biasOffset + unit, lanes, block.sum);
  }
}
