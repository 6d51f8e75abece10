/**
 * Matrix products for GPUs, as generated WGSL: tiles in workgroup memory, a square block of results in the registers of each thread
 * (Volkov and Demmel 2008).
 *
 * A workgroup computes tileRows x tileCols results. Slabs of `depth` go through workgroup memory, left and right both as
 * [depth][vec4 of rows or columns]; a thread takes `block` rows and `block` columns of them as vec4s and adds block^2 products for every
 * step of depth. Per step and thread that is 2 block numbers from workgroup memory for block^2 multiply-adds:
 *
 *     block 4: 16 multiply-adds for 2 vec4 reads; workgroup memory limits, about half of the peak; many threads
 *     block 8: 64 multiply-adds for 4 vec4 reads; arithmetic limits; a quarter of the threads, with four times the work at hand
 *
 * Floor of a product of samples x cols x depth: samples cols depth multiply-adds, and samples (depth + cols) numbers of memory; at width 64
 * that is 16 operations a byte, so memory may limit it, at 128 and above arithmetic does.
 *
 * Where threads lie: a thread's vec4s are as far apart as there are threads side by side, so that neighbours read neighbouring vec4s and
 * no bank of workgroup memory is asked twice; rows of a slab are one vec4 longer than needed for the same reason, when a
 * slab is filled along depth. A slab is filled along whatever is contiguous in memory.
 *
 * Guards have no branches: what lies outside of a matrix is read at its edge, `right` beyond the depth counts as 0, and results outside are
 * not finished. The order of summation is that of depth: two runs agree to the bit.
 */
import type { Product, ProductShape } from './products';
import { tilingOf, type TileStyle } from './tiles';

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const lines = (count: number, line: (i: number) => string): string => range(count).map(line).join('\n');

/** Code that fills one slab: 'left' with vec4s of rows, 'right' with vec4s of columns. */
function fillCode(side: 'left' | 'right', vectors: number, stride: number, depth: number, threads: number, alongDepth: boolean): string {
  const count = vectors * depth;
  const [v, d] = alongDepth ? [`i / ${depth}u`, `i % ${depth}u`] : [`i % ${vectors}u`, `i / ${vectors}u`];
  const [first, limit] = side === 'left' ? ['firstRow', 'rowLimit'] : ['firstCol', 'COLS'];
  const read = (lane: number): string => {
    const place = `min(place + ${lane}u, ${limit} - 1u)`;
    return side === 'left' ? `leftAt(part, ${place}, depth)` : `rightAt(part, depth, ${place})`;
  };
  const vector = `vec4f(${range(4).map(read).join(', ')})`;
  return `
    for (var i = local; i < ${count}u; i += ${threads}u) {
      let v = ${v};
      let d = ${d};
      let place = ${first} + 4u * v;
      let depth = min(slab + d, extent.y - 1u);
      ${side}Slab[d * ${stride}u + v] = ${side === 'left' ? vector : `select(vec4f(), ${vector}, slab + d < extent.y)`};
    }`;
}

/** The kernel of a shape in this style. */
export function tiledProduct(shape: ProductShape, style: TileStyle): Product {
  const { rows, cols, parts, columnSums, leftAlong, rightAlong } = shape;
  const { tileRows, tileCols, rowTiles, colTiles, rowBlock, colBlock } = tilingOf(rows, cols, style);
  const { depth } = style;
  const [rowVectors, colVectors] = [tileRows / 4, tileCols / 4];
  const [leftStride, rightStride] = [rowVectors + (leftAlong === 'depth' ? 1 : 0), colVectors + (rightAlong === 'depth' ? 1 : 0)];
  const [rowsBeside, colsBeside] = [tileRows / rowBlock, tileCols / colBlock];
  const threads = rowsBeside * colsBeside;
  const [rowParts, colParts] = [rowBlock / 4, colBlock / 4];
  const code = `
var<workgroup> leftSlab: array<vec4f, ${depth * leftStride}>;
var<workgroup> rightSlab: array<vec4f, ${depth * rightStride}>;

fn finishRow(part: u32, row: u32, col: u32, sums: vec4f) {
  if (row >= rowEnd()) {
    return;
  }
  for (var lane = 0u; lane < 4u && col + lane < COLS; lane++) {
    finish(part, row, col + lane, sums[lane] + columnTerm(col + lane));
  }
}

@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let number = groupNumber(group, groups);
  // Several products have a known number of tiles; one alone has as many tiles of rows as it takes.
  let part = ${parts > 1 ? `number / ${rowTiles * colTiles}u` : '0u'};
  let tile = number - part * ${rowTiles * colTiles}u;
  let firstRow = tile / ${colTiles}u * ${tileRows}u;
  let firstCol = tile % ${colTiles}u * ${tileCols}u;
  let rowLimit = rowEnd();
  if (part >= PARTS || firstRow >= rowLimit) {
    return;
  }
  let extent = depthRange(part);
  let rowThread = local / ${colsBeside}u;
  let colThread = local % ${colsBeside}u;
  ${columnSums ? 'let sums = firstRow == 0u && rowThread == 0u;' : ''}
  // Accumulators are plain variables, not an array: those stay in registers everywhere.
  ${lines(rowBlock * colParts, (i) => `var sum${i} = vec4f();`)}
  ${columnSums ? lines(colParts, (c) => `var columnSum${c} = vec4f();`) : ''}
  for (var slab = extent.x; slab < extent.y; slab += ${depth}u) {
    ${fillCode('left', rowVectors, leftStride, depth, threads, leftAlong === 'depth')}
    ${fillCode('right', colVectors, rightStride, depth, threads, rightAlong === 'depth')}
    workgroupBarrier();
    for (var d = 0u; d < ${depth}u; d++) {
      ${lines(rowParts, (r) => `let left${r} = leftSlab[d * ${leftStride}u + rowThread + ${r * rowsBeside}u];`)}
      ${lines(colParts, (c) => `let right${c} = rightSlab[d * ${rightStride}u + colThread + ${c * colsBeside}u];`)}
      ${lines(rowBlock * colParts, (i) => `sum${i} += left${Math.floor(i / colParts / 4)}[${Math.floor(i / colParts) % 4}] * right${i % colParts};`)}
      ${columnSums ? `if (sums) {\n${lines(colParts, (c) => `columnSum${c} += right${c};`)}\n}` : ''}
    }
    workgroupBarrier();
  }
  ${lines(rowBlock * colParts, (i) => {
    const row = Math.floor(i / colParts);
    const c = i % colParts;
    return `finishRow(part, firstRow + 4u * (rowThread + ${Math.floor(row / 4) * rowsBeside}u) + ${row % 4}u, firstCol + 4u * (colThread + ${c * colsBeside}u), sum${i});`;
  })}
  ${
    columnSums
      ? `if (sums) {\n${lines(colParts, (c) => `for (var lane = 0u; lane < 4u && firstCol + 4u * (colThread + ${c * colsBeside}u) + lane < COLS; lane++) {\nfinishColumn(part, firstCol + 4u * (colThread + ${c * colsBeside}u) + lane, columnSum${c}[lane]);\n}`)}\n}`
      : ''
  }
}`;
  return {
    constants: { COLS: cols, PARTS: parts, DEPTH_STEP: depth },
    enables: [],
    code,
    groups: (samples) => (rows === 'samples' ? Math.ceil(samples / tileRows) : rowTiles) * colTiles * parts,
  };
}
