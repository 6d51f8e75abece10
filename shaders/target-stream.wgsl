// Target of a sample of the slice where the signal is streamed: the CPU sent the samples of the submit in order. CPU twin:
// src-engine/webgpu/stream.ts.
fn targetOf(sample: u32, channel: u32) -> f32 {
  return rawSample((work.targets + sample) * OUTPUTS + channel);
}
