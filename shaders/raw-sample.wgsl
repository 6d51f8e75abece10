// Raw samples as numbers in [0, 1]. They lie packed in words, little end first. CPU twin: the targets of src-engine/reference.ts.
@group(1) @binding(1) var<storage, read> data: array<u32>;

const PER_WORD = 4u / SAMPLE_BYTES;
const BITS = 8u * SAMPLE_BYTES;

fn rawSample(at: u32) -> f32 {
  let word = data[at / PER_WORD];
  return f32(extractBits(word, at % PER_WORD * BITS, BITS)) / SAMPLE_MAXIMUM;
}
