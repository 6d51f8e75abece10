// Target of a sample of the slice where the whole signal is bound. CPU twin: the targets of src-engine/reference.ts.
fn targetOf(sample: u32, channel: u32) -> f32 {
  return rawSample(pointOf(sample) * OUTPUTS + channel);
}
