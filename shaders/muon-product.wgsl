// Third part of Muon, a product of Newton-Schulz: out = BASE_FACTOR base + PRODUCT_FACTOR left right for every hidden matrix, with right
// transposed for X X^T. CPU twin: orthogonalized in src-core/fit/optimizer.ts.
@group(1) @binding(0) var<storage, read> left: array<f32>;
@group(1) @binding(1) var<storage, read> right: array<f32>;
@group(1) @binding(2) var<storage, read> base: array<f32>;
@group(1) @binding(3) var<storage, read_write> result: array<f32>;

// Where the workgroup's matrix begins.
var<private> begin: u32;

// SIDE is a multiple of 4, so rows are whole vectors.
fn leftVector(row: u32, depth: u32, end: u32) -> vec4f {
  if (row >= SIDE || depth >= end) {
    return vec4f();
  }
  let at = begin + row * SIDE + depth;
  return vec4f(left[at], left[at + 1u], left[at + 2u], left[at + 3u]);
}

fn rightVector(depth: u32, col: u32, end: u32) -> vec4f {
  if (depth >= end || col >= SIDE) {
    return vec4f();
  }
  if (RIGHT_TRANSPOSED) {
    let at = begin + col * SIDE + depth;
    return vec4f(right[at], right[at + SIDE], right[at + 2u * SIDE], right[at + 3u * SIDE]);
  }
  let at = begin + depth * SIDE + col;
  return vec4f(right[at], right[at + 1u], right[at + 2u], right[at + 3u]);
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let number = groupNumber(group, groups);
  let tile = number % (ROW_TILES * COL_TILES);
  let firstRow = tile / COL_TILES * TILE_ROWS;
  let firstCol = tile % COL_TILES * TILE_COLS;
  begin = number / (ROW_TILES * COL_TILES) * SIDE * SIDE;
  var block = tileProduct(firstRow, firstCol, 0u, SIDE, local);
  let col = firstCol + blockCol(local);
  for (var row = 0u; row < 4u; row++) {
    let at = begin + (firstRow + blockRow(local) + row) * SIDE + col;
    for (var lane = 0u; lane < 4u && firstRow + blockRow(local) + row < SIDE && col < SIDE; lane++) {
      result[at + lane] = BASE_FACTOR * base[at + lane] + PRODUCT_FACTOR * block.rows[row][lane];
    }
  }
}
