// A matrix product by tiles in workgroup memory, for GPUs: product[row][col] = columnTerm(col) + sum over depth of
// left[row][depth] * right[depth][col]. CPU twin: the three loops of a dense layer in src-engine/reference.ts.
//
// A workgroup computes TILE_ROWS x TILE_COLS, a thread 4 x 4 of it in registers. Slabs of TILE_DEPTH go through workgroup memory, four
// depths of one row of `left` in a vec4, four columns of one depth of `right` in a vec4. Order of summation is fixed by
// the constants alone, so that two runs agree to the bit.
//
// Operands come from a module such as dense-forward.wgsl, which asks nothing about guards: leftAt and rightAt are called inside of
// the matrices only, as are finish and finishColumn. PARTS products follow each other.
const THREADS = TILE_ROWS * TILE_COLS / 16u;
const LEFT_VECTORS = TILE_ROWS * TILE_DEPTH / 4u;
const RIGHT_VECTORS = TILE_DEPTH * TILE_COLS / 4u;
const DEPTH_VECTORS = TILE_DEPTH / 4u;
const COL_VECTORS = TILE_COLS / 4u;

var<workgroup> leftTile: array<vec4f, LEFT_VECTORS>;
var<workgroup> rightTile: array<vec4f, RIGHT_VECTORS>;

fn leftOr0(part: u32, row: u32, depth: u32, end: u32) -> f32 {
  if (depth >= end) {
    return 0.0;
  }
  return leftAt(part, row, depth);
}

fn leftVector(part: u32, row: u32, depth: u32, end: u32) -> vec4f {
  if (row >= rowEnd()) {
    return vec4f();
  }
  return vec4f(leftOr0(part, row, depth, end), leftOr0(part, row, depth + 1u, end), leftOr0(part, row, depth + 2u, end), leftOr0(part, row, depth + 3u, end));
}

fn rightOr0(part: u32, depth: u32, col: u32) -> f32 {
  if (col >= COLS) {
    return 0.0;
  }
  return rightAt(part, depth, col);
}

fn rightVector(part: u32, depth: u32, col: u32, end: u32) -> vec4f {
  if (depth >= end) {
    return vec4f();
  }
  return vec4f(rightOr0(part, depth, col), rightOr0(part, depth, col + 1u), rightOr0(part, depth, col + 2u), rightOr0(part, depth, col + 3u));
}

fn finishRow(part: u32, row: u32, col: u32, sums: vec4f) {
  if (row >= rowEnd()) {
    return;
  }
  for (var lane = 0u; lane < 4u && col + lane < COLS; lane++) {
    finish(part, row, col + lane, sums[lane] + columnTerm(col + lane));
  }
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let number = groupNumber(group, groups);
  // Several products have a known number of tiles; one alone has as many tiles of rows as it takes.
  let part = select(0u, number / (ROW_TILES * COL_TILES), PARTS > 1u);
  if (part >= PARTS) {
    return;
  }
  let tile = number - part * ROW_TILES * COL_TILES;
  let firstRow = tile / COL_TILES * TILE_ROWS;
  let firstCol = tile % COL_TILES * TILE_COLS;
  // Four rows and four columns of a thread, inside the tile.
  let row = local / COL_VECTORS * 4u;
  let colVector = local % COL_VECTORS;
  let range = depthRange(part);
  // Accumulators are plain variables, not an array: those stay in registers everywhere.
  var row0 = vec4f();
  var row1 = vec4f();
  var row2 = vec4f();
  var row3 = vec4f();
  var sum = vec4f();
  for (var slab = range.x; slab < range.y; slab += TILE_DEPTH) {
    for (var i = local; i < LEFT_VECTORS; i += THREADS) {
      // Neighbouring threads read neighbouring memory: along depth for row-major left, along rows for a transposed one.
      let r = select(i / DEPTH_VECTORS, i % TILE_ROWS, LEFT_TRANSPOSED);
      let d = select(i % DEPTH_VECTORS, i / TILE_ROWS, LEFT_TRANSPOSED);
      leftTile[r * DEPTH_VECTORS + d] = leftVector(part, firstRow + r, slab + 4u * d, range.y);
    }
    for (var i = local; i < RIGHT_VECTORS; i += THREADS) {
      rightTile[i] = rightVector(part, slab + i / COL_VECTORS, firstCol + 4u * (i % COL_VECTORS), range.y);
    }
    workgroupBarrier();
    for (var d = 0u; d < DEPTH_VECTORS; d++) {
      let right0 = rightTile[(4u * d) * COL_VECTORS + colVector];
      let right1 = rightTile[(4u * d + 1u) * COL_VECTORS + colVector];
      let right2 = rightTile[(4u * d + 2u) * COL_VECTORS + colVector];
      let right3 = rightTile[(4u * d + 3u) * COL_VECTORS + colVector];
      let left0 = leftTile[row * DEPTH_VECTORS + d];
      let left1 = leftTile[(row + 1u) * DEPTH_VECTORS + d];
      let left2 = leftTile[(row + 2u) * DEPTH_VECTORS + d];
      let left3 = leftTile[(row + 3u) * DEPTH_VECTORS + d];
      row0 += left0.x * right0 + left0.y * right1 + left0.z * right2 + left0.w * right3;
      row1 += left1.x * right0 + left1.y * right1 + left1.z * right2 + left1.w * right3;
      row2 += left2.x * right0 + left2.y * right1 + left2.z * right2 + left2.w * right3;
      row3 += left3.x * right0 + left3.y * right1 + left3.z * right2 + left3.w * right3;
      if (COLUMN_SUMS) {
        sum += right0 + right1 + right2 + right3;
      }
    }
    workgroupBarrier();
  }
  let col = firstCol + 4u * colVector;
  finishRow(part, firstRow + row, col, row0);
  finishRow(part, firstRow + row + 1u, col, row1);
  finishRow(part, firstRow + row + 2u, col, row2);
  finishRow(part, firstRow + row + 3u, col, row3);
  if (COLUMN_SUMS && firstRow + row == 0u) {
    for (var lane = 0u; lane < 4u && col + lane < COLS; lane++) {
      finishColumn(part, col + lane, sum[lane]);
    }
  }
}
