// Sphere tracing (Hart 1996) of a network whose output stands for a truncated distance, one thread a pixel: where the ray meets the surface,
// with normal, mean curvature and openness there. Steps are nine tenths of the distance and at least STEP: a network is no true distance.
// The sign changes within a step; rounds of regula falsi find the place. Normal and curvature come from the same six neighbours: the
// gradient and half the Laplacian. CPU twin: the test beside src-engine/webgpu/trace.ts, on src-engine/reference.ts.
//
// The network stands in the program once: a ray is a chain of questions, and its phase says what the next answer is for. Compilers that put
// functions in place of their calls have one network to compile, and rays in different phases still go through it together.
struct View {
  eye: vec4f,
  right: vec4f,     // from the middle of the picture to its edge, at distance 1
  up: vec4f,
  forward: vec4f,
  least: vec4f,     // box around the surface
  most: vec4f,
  cut: vec4f,       // points with cut.xyz . p > cut.w are not there
  extent: vec2u,
  firstRow: u32,
  steps: u32,
  truncation: f32,
  occlusion: u32,   // 1: openness is wanted
}

@group(0) @binding(0) var<uniform> view: View;
// Normal and openness.
@group(0) @binding(1) var normals: texture_storage_2d<rgba16float, write>;
// Distance along the ray in two parts, high and low, since a half has eleven bits; curvature; 1 where the surface is met.
@group(0) @binding(2) var places: texture_storage_2d<rgba16float, write>;

const STEP = 0.006;
const REACH = 0.008;
const ROUNDS = 4u;
const TAPS = 4u;
const OPEN_REACH = 0.16;

// Phases of a ray: at the box, on the way, between two signs, at the neighbours (the place itself is the last), along the normal.
const ENTERS = 0u;
const MARCHES = 1u;
const CLOSES_IN = 2u;
const FEELS = 3u;
const LOOKS_OUT = 4u;

fn distanceAt(point: vec3f) -> f32 {
  return view.truncation * (2.0 * networkAt(vec4f(point, 0.0)) - 1.0);
}

fn neighbour(number: u32) -> vec3f {
  var offset = vec3f();
  if (number < 6u) {
    offset[number / 2u] = select(-REACH, REACH, number % 2u == 0u);
  }
  return offset;
}

// Where the sign changes between a place outside and one inside, and how far from either end a guess must keep.
fn between(outer: f32, inner: f32, outerValue: f32, innerValue: f32, margin: f32) -> f32 {
  return outer + (inner - outer) * clamp(outerValue / (outerValue - innerValue), margin, 1.0 - margin);
}

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let pixel = vec2u(id.x, id.y + view.firstRow);
  if (any(pixel >= view.extent)) {
    return;
  }
  textureStore(places, pixel, vec4f());
  let place = (vec2f(pixel) + 0.5) / vec2f(view.extent) * 2.0 - 1.0;
  let direction = normalize(view.forward.xyz + place.x * view.right.xyz - place.y * view.up.xyz);
  let first = (view.least.xyz - view.eye.xyz) / direction;
  let last = (view.most.xyz - view.eye.xyz) / direction;
  let near = min(first, last);
  let far = max(first, last);
  var enter = max(max(near.x, near.y), max(near.z, 0.0));
  var leave = min(min(far.x, far.y), far.z);
  let slope = dot(direction, view.cut.xyz);
  let crossing = (view.cut.w - dot(view.eye.xyz, view.cut.xyz)) / slope;
  if (slope > 0.0) {
    leave = min(leave, crossing);
  } else if (slope < 0.0) {
    enter = max(enter, crossing);
  }
  if (!(enter < leave)) {
    return;
  }
  var phase = ENTERS;
  var count = 0u;
  var asked = enter;
  var outer = enter;
  var outerValue = 0.0;
  var inner = enter;
  var innerValue = 0.0;
  var met = 0.0;
  var gradient = vec3f();
  var around = 0.0;
  var curvature = 0.0;
  var normal = vec3f();
  var shortfall = 0.0;
  let openReach = min(0.95 * view.truncation, OPEN_REACH);
  loop {
    var query = view.eye.xyz + asked * direction;
    var height = 1.0;
    if (phase == FEELS) {
      query += neighbour(count);
    } else if (phase == LOOKS_OUT) {
      height = openReach * f32(count + 1u) / f32(TAPS);
      query += height * normal;
    }
    let value = distanceAt(query);
    if (phase <= MARCHES) {
      if (value > 0.0) {
        outer = asked;
        outerValue = value;
        asked += max(0.9 * value, STEP);
        phase = MARCHES;
        count++;
        if (asked > leave || count > view.steps) {
          return;
        }
      } else if (phase == ENTERS) {
        // A ray that begins inside goes through the cut: the slice stands there.
        return;
      } else {
        inner = asked;
        innerValue = value;
        phase = CLOSES_IN;
        count = 0u;
        asked = between(outer, inner, outerValue, innerValue, 0.02);
      }
    } else if (phase == CLOSES_IN) {
      if (value > 0.0) {
        outer = asked;
        outerValue = value;
      } else {
        inner = asked;
        innerValue = value;
      }
      count++;
      if (count < ROUNDS) {
        asked = between(outer, inner, outerValue, innerValue, 0.02);
      } else {
        asked = between(outer, inner, outerValue, innerValue, 0.0);
        met = asked;
        phase = FEELS;
        count = 0u;
      }
    } else if (phase == FEELS) {
      if (count < 6u) {
        gradient += neighbour(count) / REACH * value;
        around += value;
        count++;
      } else {
        normal = normalize(gradient - 1e-12 * direction);
        // Of a distance the Laplacian is twice the mean curvature; divided by the slope, also of what is none.
        curvature = (around - 6.0 * value) / (2.0 * REACH * REACH * max(length(gradient) / (2.0 * REACH), 1e-3));
        if (view.occlusion == 0u) {
          break;
        }
        phase = LOOKS_OUT;
        count = 0u;
      }
    } else {
      shortfall += clamp((height - value) / height, 0.0, 1.6) * 0.8 / f32(TAPS);
      count++;
      if (count == TAPS) {
        break;
      }
    }
  }
  let high = unpack2x16float(pack2x16float(vec2f(met, 0.0))).x;
  textureStore(normals, pixel, vec4f(normal, clamp(1.0 - shortfall, 0.0, 1.0)));
  textureStore(places, pixel, vec4f(high, met - high, clamp(curvature, -1e4, 1e4), 1.0));
}
