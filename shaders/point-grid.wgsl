// The grid point of a sample of the slice where points go one after the other: evaluation, and full batches. CPU twin: drawIndex in
// src-core/fit/sampling.ts.
fn pointOf(sample: u32) -> u32 {
  return work.start + sample;
}
