// Third part of Muon, operands of a product of Newton-Schulz: out = BASE_FACTOR base + PRODUCT_FACTOR left right for every hidden matrix,
// with right transposed for X X^T. A part is a matrix. CPU twin: orthogonalized in src-core/fit/optimizer.ts.
@group(1) @binding(0) var<storage, read> left: array<f32>;
@group(1) @binding(1) var<storage, read> right: array<f32>;
@group(1) @binding(2) var<storage, read> base: array<f32>;
@group(1) @binding(3) var<storage, read_write> result: array<f32>;

fn rowEnd() -> u32 {
  return SIDE;
}

fn depthRange(matrix: u32) -> vec2u {
  return vec2u(0u, SIDE);
}

fn leftAt(matrix: u32, row: u32, depth: u32) -> f32 {
  return left[(matrix * SIDE + row) * SIDE + depth];
}

fn rightAt(matrix: u32, depth: u32, col: u32) -> f32 {
  let row = select(depth, col, RIGHT_TRANSPOSED);
  return right[(matrix * SIDE + row) * SIDE + select(col, depth, RIGHT_TRANSPOSED)];
}

fn columnTerm(col: u32) -> f32 {
  return 0.0;
}

fn finish(matrix: u32, row: u32, col: u32, sum: f32) {
  let at = (matrix * SIDE + row) * SIDE + col;
  result[at] = BASE_FACTOR * base[at] + PRODUCT_FACTOR * sum;
}

fn finishColumn(matrix: u32, col: u32, sum: f32) {
}
