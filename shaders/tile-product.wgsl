// Block of a matrix product: product[row][col] = sum over depth of left[row][depth] * right[depth][col].
// CPU twin: the three loops of a dense layer in src-engine/reference.ts.
//
// A workgroup computes TILE_ROWS x TILE_COLS, a thread 4 x 4 of it in registers. Slabs of TILE_DEPTH go through workgroup memory, four
// depths of one row of `left` in a vec4, four columns of one depth of `right` in a vec4. Order of summation is fixed by
// the constants alone, so that two runs agree to the bit.
// Asks its user for leftVector(row, depth, end): left[row][depth .. depth + 3], and rightVector(depth, col, end):
// right[depth][col .. col + 3], with zeros outside the matrices and at depth >= end.
const THREADS = TILE_ROWS * TILE_COLS / 16u;
const LEFT_VECTORS = TILE_ROWS * TILE_DEPTH / 4u;
const RIGHT_VECTORS = TILE_DEPTH * TILE_COLS / 4u;
const DEPTH_VECTORS = TILE_DEPTH / 4u;
const COL_VECTORS = TILE_COLS / 4u;

var<workgroup> leftTile: array<vec4f, LEFT_VECTORS>;
var<workgroup> rightTile: array<vec4f, RIGHT_VECTORS>;

struct Block {
  // Four rows of four columns.
  rows: array<vec4f, 4>,
  // Sum over depth of right: the bias gradient where it is asked for.
  sum: vec4f,
}

// First of the four rows and of the four columns of a thread, inside the tile.
fn blockRow(local: u32) -> u32 {
  return local / COL_VECTORS * 4u;
}

fn blockCol(local: u32) -> u32 {
  return local % COL_VECTORS * 4u;
}

fn tileProduct(firstRow: u32, firstCol: u32, begin: u32, end: u32, local: u32) -> Block {
  let row = blockRow(local);
  let col = local % COL_VECTORS;
  // Accumulators are plain variables, not an array: those stay in registers everywhere.
  var row0 = vec4f();
  var row1 = vec4f();
  var row2 = vec4f();
  var row3 = vec4f();
  var sum = vec4f();
  for (var slab = begin; slab < end; slab += TILE_DEPTH) {
    for (var i = local; i < LEFT_VECTORS; i += THREADS) {
      // Neighbouring threads read neighbouring memory: along depth for row-major left, along rows for a transposed one.
      let r = select(i / DEPTH_VECTORS, i % TILE_ROWS, LEFT_TRANSPOSED);
      let d = select(i % DEPTH_VECTORS, i / TILE_ROWS, LEFT_TRANSPOSED);
      leftTile[r * DEPTH_VECTORS + d] = leftVector(firstRow + r, slab + 4u * d, end);
    }
    for (var i = local; i < RIGHT_VECTORS; i += THREADS) {
      rightTile[i] = rightVector(slab + i / COL_VECTORS, firstCol + 4u * (i % COL_VECTORS), end);
    }
    workgroupBarrier();
    for (var d = 0u; d < DEPTH_VECTORS; d++) {
      let right0 = rightTile[(4u * d) * COL_VECTORS + col];
      let right1 = rightTile[(4u * d + 1u) * COL_VECTORS + col];
      let right2 = rightTile[(4u * d + 2u) * COL_VECTORS + col];
      let right3 = rightTile[(4u * d + 3u) * COL_VECTORS + col];
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
  return Block(array<vec4f, 4>(row0, row1, row2, row3), sum);
}
