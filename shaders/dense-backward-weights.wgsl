// Operands of the weight and bias gradients of one layer over one part (chunk) of the slice: partials[chunk] holds the gradient of all
// dense parameters; weight[i][o] = sum over samples of inputs[sample][i] deltas[sample][o], bias[o] = sum of deltas[sample][o]. Rows
// are features, columns units, depth is samples. CPU twin: backward pass of src-engine/reference.ts. There are no float atomics:
// gradient-partials.wgsl adds the chunks up in order.
@group(1) @binding(1) var<storage, read> inputs: array<array<f32, FAN_IN>>;
@group(1) @binding(2) var<storage, read> deltas: array<array<f32, FAN_OUT>>;
@group(1) @binding(3) var<storage, read_write> partials: array<f32>;

fn rowEnd() -> u32 {
  return FAN_IN;
}

// Chunks are whole numbers of what a product takes at once.
fn depthRange(chunk: u32) -> vec2u {
  let length = (work.count + PARTS * DEPTH_STEP - 1u) / (PARTS * DEPTH_STEP) * DEPTH_STEP;
  let begin = min(work.count, chunk * length);
  return vec2u(begin, min(work.count, begin + length));
}

fn leftAt(chunk: u32, feature: u32, sample: u32) -> f32 {
  return inputs[sample][feature];
}

fn rightAt(chunk: u32, sample: u32, unit: u32) -> f32 {
  return deltas[sample][unit];
}

fn columnTerm(unit: u32) -> f32 {
  return 0.0;
}

// Writes a gradient, or adds it to that of the slices before.
fn finishAt(at: u32, sum: f32) {
  if (work.accumulate == 1u) {
    partials[at] += sum;
  } else {
    partials[at] = sum;
  }
}

fn finish(chunk: u32, feature: u32, unit: u32, sum: f32) {
  finishAt(chunk * DENSE - DENSE_FIRST + layer.weightOffset + feature * FAN_OUT + unit, sum);
}

fn finishColumn(chunk: u32, unit: u32, sum: f32) {
  finishAt(chunk * DENSE - DENSE_FIRST + layer.biasOffset + unit, sum);
}
