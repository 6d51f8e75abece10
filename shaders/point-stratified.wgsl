// Stratified sampling: element e draws from arc e of the circle of words, in golden steps. CPU twin: stratifiedWord in
// src-core/fit/sampling.ts, to the bit.
fn pointOf(sample: u32) -> u32 {
  let element = work.start + sample;
  let within = scaleToRange(pcg3d(domain.seed, STRATUM_STREAM, element) + work.step * GOLDEN_STEP, STRATUM_ARC);
  let angle = pcg3d(domain.seed, work.step >> TURN_SHIFT, 0xffffffffu);
  return scaleToRange(angle + element * STRATUM_ARC + within, domain.points);
}
