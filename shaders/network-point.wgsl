// A whole network at one point, by one thread: for points that depend on one another, as those along a ray. Values of a layer lie in memory of
// the thread's own; weights are read in the same order by all threads, so that one read serves many. Four units are summed at a time.
// CPU twin: referenceSample in src-engine/reference.ts.
@group(1) @binding(1) var<storage, read> parameters: array<f32>;

var<private> values: array<f32, SLOTS>;
var<private> results: array<f32, WIDTH>;
// What the last shortcut carries: the output of the layer two below a layer that closes a block.
var<private> carried: array<f32, CARRIED>;

fn hiddenLayer(layer: u32, at: u32, fanIn: u32) {
  enterLayer(layer);
  let closes = RESIDUAL && layer >= 2u && layer % 2u == 0u;
  for (var unit = 0u; unit < WIDTH; unit += 4u) {
    let bias = at + fanIn * WIDTH + unit;
    var sum = vec4f(parameters[bias], parameters[bias + 1u], parameters[bias + 2u], parameters[bias + 3u]);
    for (var i = 0u; i < fanIn; i++) {
      let weight = at + i * WIDTH + unit;
      sum += values[i] * vec4f(parameters[weight], parameters[weight + 1u], parameters[weight + 2u], parameters[weight + 3u]);
    }
    for (var lane = 0u; lane < 4u; lane++) {
      var result = activated(sum[lane]).value;
      if (closes) {
        result = 0.5 * (carried[unit + lane] + result);
      }
      results[unit + lane] = result;
    }
  }
  for (var unit = 0u; unit < WIDTH; unit++) {
    values[unit] = results[unit];
    if (RESIDUAL && layer % 2u == 0u) {
      carried[unit] = results[unit];
    }
  }
}

// The first output, 0.5 + 0.5 h(z).
fn networkAt(point: vec4f) -> f32 {
  encodePoint(point);
  var at = DENSE_FIRST;
  var fanIn = FEATURES;
  for (var layer = 0u; layer < DEPTH; layer++) {
    hiddenLayer(layer, at, fanIn);
    at += (fanIn + 1u) * WIDTH;
    fanIn = WIDTH;
  }
  var sum = parameters[at + WIDTH * OUTPUTS];
  for (var i = 0u; i < WIDTH; i++) {
    sum += values[i] * parameters[at + i * OUTPUTS];
  }
  return headActivated(sum).value;
}
