// Takes the sum of number `at` of the tables out of its two words (table-scatter.wgsl) and leaves 0 there. Carrying over first makes the
// high word exact and the low one short, so that the float32 has all its digits.
@group(1) @binding(0) var<storage, read> scale: array<f32, 2>;
@group(1) @binding(1) var<storage, read_write> words: array<vec2i>;

fn takeSum(at: u32) -> f32 {
  let word = words[at];
  if (word.x == 0 && word.y == 0) {
    return 0.0;
  }
  words[at] = vec2i();
  // low + 2^11 may pass 2^31: the carry is taken from the halves.
  let carry = ((word.x >> 1u) + 1024) >> 11u;
  let high = word.y + carry;
  let low = word.x - (carry << 12u);
  return (4096.0 * f32(high) + f32(low)) * scale[1];
}
