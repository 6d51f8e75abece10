// The grid point of a sample of the slice while evaluating: one after the other. CPU twin: the loop of evaluateOnGrid.
fn pointOf(sample: u32) -> u32 {
  return work.start + sample;
}
