// The grid point of a sample of the slice while training: drawn anew in each step. CPU twin: batchIndex in src-core/fit/random.ts.
fn pointOf(sample: u32) -> u32 {
  return batchIndex(domain.seed, work.step, work.start + sample, domain.points);
}
