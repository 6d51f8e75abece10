// What one unit of work is about, and where workgroups stand. CPU twin: src-engine/webgpu/work.ts (the same two structs).
struct Work {
  step: u32,        // optimizer step, from 0
  start: u32,       // first sample of the slice: batch element, or grid point
  count: u32,       // samples in the slice
  slot: u32,        // place of the unit in its submit
  accumulate: u32,  // 1: add to the weight gradients of the slices before, 0: begin anew
  rate: f32,        // learning rate / (1 - beta1^(step+1))
  correction: f32,  // 1 / (1 - beta2^(step+1))
  decay: f32,       // learning rate * weight decay
  muonRate: f32,    // learning rate of the hidden matrices
  muonDecay: f32,   // muonRate * weight decay
  blend: f32,       // share of the new parameters in their average
  targets: u32,     // first sample of the slice among those that are streamed
}

struct Domain {
  extent: vec4u,    // grid points along each axis, 1 where there is no such axis; of a list of points their number
  points: u32,      // product of the extents
  seed: u32,
  lossGroups: u32,  // partial losses a unit writes
  lossScale: f32,   // 1 / (batch * channels)
}

// Linear number of a workgroup: counts above 65535 are folded into two dimensions, and the last row may be too long.
fn groupNumber(group: vec3u, groups: vec3u) -> u32 {
  return group.y * groups.x + group.x;
}
