// Fits many small networks at once, a workgroup each, any number of steps in one dispatch. CPU twin: src-engine/reference.ts, one trainer
// a member.
//
// A workgroup takes its member through `span.count` steps: tiles of TILE samples go through encoding, layers, loss and back, gradients add up
// in the scratch of the workgroup, then one step of Adam. Between any two phases stands a barrier. Each phase shares out blocks of 4 x 4
// results over the threads; the same thread has the same block of every hidden layer, so slopes, deltas and shortcuts need no
// barrier of their own. All sums have a fixed order.
//
// Everything lies in vec4s: fan-ins, fan-outs and channels are padded to multiples of 4. What is padded is 0 and stays 0: its weights are 0
// at the start, its features 0 always, so its gradients are 0, and so is Adam's step. A member's numbers are PARAMETER_VECTORS vec4s each of
// parameters, first moments, second moments and, where asked for, average.
// Accumulators in inner loops are plain variables, not arrays: those stay in registers everywhere.
//
// Modules beside this one are those of a trainer: points, encodings, activations, heads and losses read `work` and `domain`, which are a
// workgroup's own here.
const THREADS = 64u;
const TILE = 64u;
const BLOCKS = TILE / 4u;
const LAYERS = DEPTH + 1u;

// Vec4s of the first layer, of a hidden one, and of all.
const FIRST_VECTORS = (4u * FEATURE_VECTORS + 1u) * WIDTH_VECTORS;
const HIDDEN_VECTORS = (4u * WIDTH_VECTORS + 1u) * WIDTH_VECTORS;
const PARAMETER_VECTORS = FIRST_VECTORS + (DEPTH - 1u) * HIDDEN_VECTORS + (4u * WIDTH_VECTORS + 1u) * OUTPUT_VECTORS;
const MEMBER_VECTORS = PARAMETER_VECTORS * select(3u, 4u, AVERAGES);

// Scratch of a workgroup: features and outputs of the hidden layers, their slopes or deltas, those of the head, what shortcuts carry,
// and the gradient.
const DELTAS_AT = TILE * (FEATURE_VECTORS + DEPTH * WIDTH_VECTORS);
const CARRIED_AT = DELTAS_AT + TILE * (DEPTH * WIDTH_VECTORS + OUTPUT_VECTORS);
const GRADIENT_AT = CARRIED_AT + TILE * WIDTH_VECTORS;
const SCRATCH_VECTORS = GRADIENT_AT + PARAMETER_VECTORS;

struct Member {
  extent: vec4u,
  points: u32,
  seed: u32,
  // First sample in `data`.
  data: u32,
  unused: u32,
}

@group(0) @binding(0) var<uniform> span: Work;  // start: first member, count: steps
@group(1) @binding(0) var<storage, read> members: array<Member>;
@group(1) @binding(2) var<storage, read_write> state: array<vec4f>;
@group(1) @binding(3) var<storage, read_write> scratch: array<vec4f>;
@group(1) @binding(4) var<storage, read_write> losses: array<f32>;
@group(1) @binding(5) var<storage, read> schedule: array<Work>;

var<private> work: Work;
var<private> domain: Domain;
var<private> firstSample: u32;
var<private> stateAt: u32;
var<private> scratchAt: u32;

var<workgroup> gathered: array<f32, THREADS>;

fn targetOf(sample: u32, channel: u32) -> f32 {
  return rawSample((firstSample + pointOf(sample)) * OUTPUTS + channel);
}

fn fanInVectors(layer: u32) -> u32 {
  return select(WIDTH_VECTORS, FEATURE_VECTORS, layer == 0u);
}

fn fanOutVectors(layer: u32) -> u32 {
  return select(WIDTH_VECTORS, OUTPUT_VECTORS, layer == DEPTH);
}

// Where the weights of a layer begin among a member's parameters; its biases follow.
fn layerAt(layer: u32) -> u32 {
  return select(FIRST_VECTORS + (layer - 1u) * HIDDEN_VECTORS, 0u, layer == 0u);
}

fn inputsAt(layer: u32) -> u32 {
  return scratchAt + select(TILE * (FEATURE_VECTORS + (layer - 1u) * WIDTH_VECTORS), 0u, layer == 0u);
}

fn deltasAt(layer: u32) -> u32 {
  return scratchAt + DELTAS_AT + TILE * layer * WIDTH_VECTORS;
}

fn closesBlock(layer: u32) -> bool {
  return RESIDUAL && layer >= 2u && layer % 2u == 0u;
}

fn encodeTile(local: u32) {
  for (var i = local; i < TILE * FEATURE_VECTORS; i += THREADS) {
    let point = pointCoordinates(pointOf(min(i / FEATURE_VECTORS, work.count - 1u)));
    var features = vec4f();
    for (var lane = 0u; lane < 4u; lane++) {
      let feature = 4u * (i % FEATURE_VECTORS) + lane;
      features[lane] = select(0.0, encodedFeature(point, min(feature, FEATURES - 1u)), feature < FEATURES);
    }
    scratch[scratchAt + i] = features;
  }
}

fn forwardLayer(layer: u32, local: u32) {
  let fanIn = fanInVectors(layer);
  let fanOut = fanOutVectors(layer);
  let weights = stateAt + layerAt(layer);
  enterLayer(layer);
  for (var block = local; block < BLOCKS * fanOut; block += THREADS) {
    let col = block % fanOut;
    let row = block / fanOut * 4u;
    var sum0 = state[weights + 4u * fanIn * fanOut + col];
    var sum1 = sum0;
    var sum2 = sum0;
    var sum3 = sum0;
    for (var k = 0u; k < fanIn; k++) {
      let at = weights + 4u * k * fanOut + col;
      let w0 = state[at];
      let w1 = state[at + fanOut];
      let w2 = state[at + 2u * fanOut];
      let w3 = state[at + 3u * fanOut];
      let at0 = inputsAt(layer) + row * fanIn + k;
      let x0 = scratch[at0];
      let x1 = scratch[at0 + fanIn];
      let x2 = scratch[at0 + 2u * fanIn];
      let x3 = scratch[at0 + 3u * fanIn];
      sum0 += x0.x * w0 + x0.y * w1 + x0.z * w2 + x0.w * w3;
      sum1 += x1.x * w0 + x1.y * w1 + x1.z * w2 + x1.w * w3;
      sum2 += x2.x * w0 + x2.y * w1 + x2.z * w2 + x2.w * w3;
      sum3 += x3.x * w0 + x3.y * w1 + x3.z * w2 + x3.w * w3;
    }
    var sums = array<vec4f, 4>(sum0, sum1, sum2, sum3);
    for (var r = 0u; r < 4u; r++) {
      let place = (row + r) * fanOut + col;
      if (layer == DEPTH) {
        scratch[deltasAt(layer) + place] = sums[r];
        continue;
      }
      let a = activated(sums[r].x);
      let b = activated(sums[r].y);
      let c = activated(sums[r].z);
      let d = activated(sums[r].w);
      var value = vec4f(a.value, b.value, c.value, d.value);
      var slope = vec4f(a.slope, b.slope, c.slope, d.slope);
      if (closesBlock(layer)) {
        value = 0.5 * (scratch[inputsAt(layer - 1u) + place] + value);
        slope *= 0.5;
      }
      scratch[inputsAt(layer + 1u) + place] = value;
      scratch[deltasAt(layer) + place] = slope;
    }
  }
}

// Turns the head's sums into deltas; the tile's loss of this thread.
fn lossOfTile(local: u32) -> f32 {
  var loss = 0.0;
  for (var i = local; i < TILE * OUTPUT_VECTORS; i += THREADS) {
    let sample = i / OUTPUT_VECTORS;
    let z = scratch[deltasAt(DEPTH) + i];
    var delta = vec4f();
    for (var lane = 0u; lane < 4u; lane++) {
      let channel = 4u * (i % OUTPUT_VECTORS) + lane;
      if (sample < work.count && channel < OUTPUTS) {
        let y = headActivated(z[lane]);
        let own = sampleLoss(y.value, targetOf(sample, channel));
        delta[lane] = own.slope * y.slope * domain.lossScale;
        loss += own.loss;
      }
    }
    scratch[deltasAt(DEPTH) + i] = delta;
  }
  return loss;
}

fn addGradient(at: u32, sum: vec4f) {
  if (work.accumulate == 1u) {
    scratch[scratchAt + GRADIENT_AT + at] += sum;
  } else {
    scratch[scratchAt + GRADIENT_AT + at] = sum;
  }
}

fn backwardWeights(layer: u32, local: u32) {
  let fanIn = fanInVectors(layer);
  let fanOut = fanOutVectors(layer);
  for (var block = local; block < fanIn * fanOut; block += THREADS) {
    let col = block % fanOut;
    let row = block / fanOut;
    var sum0 = vec4f();
    var sum1 = vec4f();
    var sum2 = vec4f();
    var sum3 = vec4f();
    var bias = vec4f();
    for (var sample = 0u; sample < TILE; sample++) {
      let x = scratch[inputsAt(layer) + sample * fanIn + row];
      let delta = scratch[deltasAt(layer) + sample * fanOut + col];
      sum0 += x.x * delta;
      sum1 += x.y * delta;
      sum2 += x.z * delta;
      sum3 += x.w * delta;
      bias += delta;
    }
    let at = layerAt(layer) + 4u * row * fanOut + col;
    addGradient(at, sum0);
    addGradient(at + fanOut, sum1);
    addGradient(at + 2u * fanOut, sum2);
    addGradient(at + 3u * fanOut, sum3);
    if (row == 0u) {
      addGradient(layerAt(layer) + 4u * fanIn * fanOut + col, bias);
    }
  }
}

// Deltas of the layer below a hidden layer or the head.
fn backwardInput(layer: u32, local: u32) {
  let fanOut = fanOutVectors(layer);
  let below = layer - 1u;
  for (var block = local; block < BLOCKS * WIDTH_VECTORS; block += THREADS) {
    let col = block % WIDTH_VECTORS;
    let row = block / WIDTH_VECTORS * 4u;
    var sum0 = vec4f();
    var sum1 = vec4f();
    var sum2 = vec4f();
    var sum3 = vec4f();
    for (var k = 0u; k < fanOut; k++) {
      let at = stateAt + layerAt(layer) + 4u * col * fanOut + k;
      let w0 = state[at];
      let w1 = state[at + fanOut];
      let w2 = state[at + 2u * fanOut];
      let w3 = state[at + 3u * fanOut];
      let at0 = deltasAt(layer) + row * fanOut + k;
      let delta0 = scratch[at0];
      let delta1 = scratch[at0 + fanOut];
      let delta2 = scratch[at0 + 2u * fanOut];
      let delta3 = scratch[at0 + 3u * fanOut];
      sum0 += vec4f(dot(delta0, w0), dot(delta0, w1), dot(delta0, w2), dot(delta0, w3));
      sum1 += vec4f(dot(delta1, w0), dot(delta1, w1), dot(delta1, w2), dot(delta1, w3));
      sum2 += vec4f(dot(delta2, w0), dot(delta2, w1), dot(delta2, w2), dot(delta2, w3));
      sum3 += vec4f(dot(delta3, w0), dot(delta3, w1), dot(delta3, w2), dot(delta3, w3));
    }
    var sums = array<vec4f, 4>(sum0, sum1, sum2, sum3);
    for (var r = 0u; r < 4u; r++) {
      let place = (row + r) * WIDTH_VECTORS + col;
      var gradient = sums[r];
      if (below + 2u < DEPTH && closesBlock(below + 2u)) {
        gradient += scratch[scratchAt + CARRIED_AT + place];
      }
      if (closesBlock(below)) {
        scratch[scratchAt + CARRIED_AT + place] = 0.5 * gradient;
      }
      scratch[deltasAt(below) + place] *= gradient;
    }
  }
}

// Sum over the workgroup, in order; all threads get it.
fn total(local: u32, own: f32) -> f32 {
  gathered[local] = own;
  workgroupBarrier();
  var sum = 0.0;
  for (var i = 0u; i < THREADS; i++) {
    sum += gathered[i];
  }
  workgroupBarrier();
  return sum;
}

// Factor that clips the gradient to norm CLIP.
fn clipFactor(local: u32) -> f32 {
  var squares = 0.0;
  for (var i = local; i < PARAMETER_VECTORS; i += THREADS) {
    let gradient = scratch[scratchAt + GRADIENT_AT + i];
    squares += dot(gradient, gradient);
  }
  let norm = sqrt(total(local, squares));
  return select(1.0, CLIP / norm, norm > CLIP);
}

fn adam(factor: f32, local: u32) {
  for (var layer = 0u; layer < LAYERS; layer++) {
    let begin = layerAt(layer);
    let weights = 4u * fanInVectors(layer) * fanOutVectors(layer);
    for (var i = local; i < weights + fanOutVectors(layer); i += THREADS) {
      let at = stateAt + begin + i;
      let gradient = factor * scratch[scratchAt + GRADIENT_AT + begin + i];
      let m = BETA1 * state[at + PARAMETER_VECTORS] + ONE_MINUS_BETA1 * gradient;
      let v = BETA2 * state[at + 2u * PARAMETER_VECTORS] + ONE_MINUS_BETA2 * gradient * gradient;
      state[at + PARAMETER_VECTORS] = m;
      state[at + 2u * PARAMETER_VECTORS] = v;
      let before = state[at];
      let decay = select(0.0, work.decay, i < weights) * before;
      let value = before - (work.rate * m / (sqrt(v * work.correction) + EPSILON) + decay);
      state[at] = value;
      if (AVERAGES) {
        state[at + 3u * PARAMETER_VECTORS] += work.blend * (value - state[at + 3u * PARAMETER_VECTORS]);
      }
    }
  }
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let number = span.start + group.x;
  let member = members[number];
  domain = Domain(member.extent, member.points, member.seed, 0u, LOSS_SCALE);
  firstSample = member.data;
  stateAt = number * MEMBER_VECTORS;
  scratchAt = group.x * SCRATCH_VECTORS;
  var loss = 0.0;
  for (var step = 0u; step < span.count; step++) {
    work = schedule[step];
    for (var first = 0u; first < BATCH; first += TILE) {
      work.start = first;
      work.count = min(TILE, BATCH - first);
      work.accumulate = select(0u, 1u, first > 0u);
      encodeTile(local);
      storageBarrier();
      for (var layer = 0u; layer < LAYERS; layer++) {
        forwardLayer(layer, local);
        storageBarrier();
      }
      loss += lossOfTile(local);
      storageBarrier();
      for (var above = LAYERS; above > 1u; above--) {
        backwardWeights(above - 1u, local);
        backwardInput(above - 1u, local);
        storageBarrier();
      }
      backwardWeights(0u, local);
      storageBarrier();
    }
    var factor = 1.0;
    if (CLIPS) {
      factor = clipFactor(local);
    }
    adam(factor, local);
    storageBarrier();
  }
  let sum = total(local, loss);
  if (local == 0u) {
    losses[number] += sum;
  }
}
