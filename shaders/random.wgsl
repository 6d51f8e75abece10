// Counter-based random numbers: pcg3d of Jarzynski and Olano, JCGT 9(3), 2020. CPU twin: src-core/fit/random.ts, to the bit.
fn pcg3d(a: u32, b: u32, c: u32) -> u32 {
  var v = vec3u(a, b, c) * 1664525u + 1013904223u;
  v.x += v.y * v.z;
  v.y += v.z * v.x;
  v.z += v.x * v.y;
  v ^= v >> vec3u(16u);
  return v.x + v.y * v.z;
}

// floor(word * bound / 2^32) in two 16-bit halves; exact for bound <= 2^31.
fn scaleToRange(word: u32, bound: u32) -> u32 {
  let high = bound >> 16u;
  let low = bound & 65535u;
  let wordHigh = word >> 16u;
  let wordLow = word & 65535u;
  // The three terms of the twin may exceed 2^32 together, so the carry is kept: the halves are added apart.
  let first = wordHigh * low + ((wordLow * low) >> 16u);
  let second = wordLow * high;
  let middle = first + second;
  let carry = select(0u, 65536u, middle < first);
  return wordHigh * high + (middle >> 16u) + carry;
}

fn batchIndex(seed: u32, step: u32, element: u32, samples: u32) -> u32 {
  return scaleToRange(pcg3d(seed, step, element), samples);
}
