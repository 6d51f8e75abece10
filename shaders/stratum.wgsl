// Stratified words: element e draws from arc e of the circle of words, in golden steps. CPU twin: stratifiedWord in
// src-core/fit/sampling.ts, to the bit.
fn stratifiedWord(element: u32) -> u32 {
  let within = scaleToRange(pcg3d(domain.seed, STRATUM_STREAM, element) + work.step * GOLDEN_STEP, STRATUM_ARC);
  return pcg3d(domain.seed, work.step >> TURN_SHIFT, 0xffffffffu) + element * STRATUM_ARC + within;
}
