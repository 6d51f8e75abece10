// Uniform sampling: the grid point of a sample of the slice, drawn anew in each step. CPU twin: drawIndex in src-core/fit/sampling.ts, to
// the bit.
fn pointOf(sample: u32) -> u32 {
  return batchIndex(domain.seed, work.step, work.start + sample, domain.points);
}
