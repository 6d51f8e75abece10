// The factor that clips the gradient to Euclidean norm CLIP, written behind the last gradient; one workgroup, fixed order. A norm beyond
// float32 gives 0. CPU twin: clipFactor in src-core/fit/optimizer.ts.
@group(1) @binding(0) var<storage, read> squares: array<f32>;
@group(1) @binding(1) var<storage, read_write> gradients: array<f32>;

alias Summand = f32;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) local: u32) {
  var sum = 0.0;
  for (var i = local; i < SQUARES; i += 256u) {
    sum += squares[i];
  }
  let whole = workgroupSum(local, sum);
  if (local == 0u) {
    let norm = sqrt(whole);
    gradients[DENSE] = select(1.0, CLIP / norm, CLIPS && norm > CLIP);
  }
}
