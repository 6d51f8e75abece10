// Stratified sampling: the point under the stratified word. CPU twin: drawIndex in src-core/fit/sampling.ts, to the bit.
fn pointOf(sample: u32) -> u32 {
  return scaleToRange(stratifiedWord(work.start + sample), domain.points);
}
