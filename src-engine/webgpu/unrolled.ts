/**
 * Matrix products for software adapters, as generated WGSL: no workgroup memory, no barriers, every inner product written out.
 *
 * What a software adapter is slow at. SwiftShader runs four invocations side by side in SSE registers, one after the other on each
 * core, and compiles without looking far. Measured on two cores that were busy with other work besides, nanoseconds for four lanes at once:
 *
 *     multiply-add of values at hand                  1
 *     read of a private array, constant index         1
 *     read of a private array, any other index       12
 *     lane's value to all lanes (subgroupBroadcast)   2
 *     read of a buffer, constant index                8   (bounds are checked)
 *     read of a buffer, any other index           12-18   (whether the lanes read one place, neighbours or far apart; a vec4 is four)
 *     read of workgroup memory                    13-17
 *     write to a buffer                               9
 *     variable that lives on to the next turn         6   (a masked copy)
 *     barrier, a lane group                         700   (every invocation is suspended and resumed)
 *
 * So a tile in workgroup memory costs more than it saves, and so do accumulators in a loop over depth. Instead each invocation keeps
 * a block of `right` in a private array, BLOCK deep and C columns wide, and reads it at constant indices. For each row it reads
 * BLOCK numbers of `left` and forms C inner products in one expression each: BLOCK reads of 15 ns for BLOCK C multiply-adds of 1 ns. With
 * subgroups each lane reads every fourth number and hands it to the others: 6 ns instead of 15. C = 16 and BLOCK = 64
 * make 2 to 2.6 ns a multiply-add of four lanes, 3 to 4 GFLOP/s; the tiled kernel comes to 0.15. Code takes about 1 ms a
 * multiply-add to compile, so BLOCK C is at most 1024, and less where few samples will use it. In what order the products of a block are
 * written makes no difference, nor do vec4s. A dispatch runs on one core.
 *
 * Two kernels follow:
 * - resident: the whole depth fits in a block. It is filled once, and rows stream past it.
 * - accumulated: the depth takes several blocks (or is a run of samples). Up to MOST_ROWS rows have their sums in a private array; blocks
 *   stream past them. A quarter of its time goes into filling blocks and into these sums.
 *
 * Lanes lie along columns (column = first + 4 c + lane): all need one place of `left`. With four columns or fewer lanes lie along
 * rows instead. The order of summation is that of depth, fours first, block by block: two runs agree to the bit, with subgroups and
 * without.
 */
import type { Constants } from './shader';
import type { Product, ProductShape } from './products';

export interface UnrolledStyle {
  readonly kind: 'unrolled';
  /** The device has subgroups, of four lanes always: lanes read for each other. */
  readonly subgroups: boolean;
}

/** The hardware's lanes, and so the workgroup: more would change nothing but the folding of groups. */
const LANES = 4;
/** Multiply-adds of the unrolled code for large and for small slices: compile time grows with them. */
const PRODUCTS = [256, 1024] as const;
/** Slices of this many samples a multiply-add are worth it. */
const SAMPLES_PER_PRODUCT = 4;
/** Deepest resident block: reads are what compiles slowest. */
const DEEPEST = 128;
/** Multiply-adds for one step of depth of the blocks of a run of samples, or of a larger depth. */
const PER_DEPTH = 16;
/** Most columns of an invocation: each of them holds a copy of what finish() does. */
const MOST_COLUMNS = 16;
/** Rows that have their sums in private memory. */
const MOST_ROWS = 64;
/** Runs of rows that a resident kernel cuts a slice into: SwiftShader spreads at most 16 over the cores. */
const RUNS = 32;

/** How a shape is laid out over invocations. */
export interface Unrolling {
  readonly lanesAlong: 'rows' | 'cols';
  /** Columns of an invocation and workgroups side by side. */
  readonly columns: number;
  readonly columnGroups: number;
  /** Depth of a block. */
  readonly block: number;
  /** Rows of an invocation that have their sums in private memory, 0 where the block is resident. */
  readonly rows: number;
  /** Lanes read `left` for each other. */
  readonly shared: boolean;
}

/** Least number of equal pieces of at most `most`, and their length. */
function evenly(extent: number, most: number): readonly [pieces: number, length: number] {
  const pieces = Math.ceil(extent / most);
  return [pieces, Math.ceil(extent / pieces)];
}

export function unrollingOf({ rows, cols, depth, samples }: Pick<ProductShape, 'rows' | 'cols' | 'depth' | 'samples'>, subgroups: boolean): Unrolling {
  const products = Math.min(PRODUCTS[1], Math.max(PRODUCTS[0], Math.floor(samples / SAMPLES_PER_PRODUCT)));
  const run = Math.floor(products / PER_DEPTH);
  const resident = depth !== 'samples' && depth <= DEEPEST;
  const block = depth === 'samples' ? run : resident ? depth : evenly(depth, run)[1];
  const lanesAlong = cols <= LANES ? 'rows' : 'cols';
  const most = Math.max(1, Math.min(MOST_COLUMNS, Math.floor(products / block)));
  const [columnGroups, columns] = lanesAlong === 'rows' ? [1, cols] : evenly(Math.ceil(cols / LANES), most);
  const common = { lanesAlong, columns, columnGroups, block, shared: subgroups && lanesAlong === 'cols' } as const;
  if (resident) return { ...common, rows: 0 };
  const rowVectors = rows === 'samples' ? MOST_ROWS : lanesAlong === 'rows' ? Math.ceil(rows / LANES) : rows;
  return { ...common, rows: evenly(rowVectors, MOST_ROWS)[1] };
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const lines = (count: number, line: (i: number) => string): string => range(count).map(line).join('\n');

/** Column number `c` of this invocation. */
function columnOf({ lanesAlong, columns }: Unrolling, c: string): string {
  return lanesAlong === 'rows' ? c : `columnGroup * ${columns * LANES}u + ${c} * ${LANES}u + lane`;
}

/** Columns of this invocation, `col0` ..., and where they read, `from0` ...: those that do not exist read the last one and are not finished. */
function columnCode(unrolling: Unrolling, cols: number): { begin: string; finished(c: number, code: string): string } {
  const { lanesAlong, columns, columnGroups } = unrolling;
  const exact = lanesAlong === 'rows' || columns * LANES * columnGroups === cols;
  const begin = lines(columns, (c) => `let col${c} = ${columnOf(unrolling, `${c}u`)};\nlet from${c} = ${exact ? `col${c}` : `min(col${c}, COLS - 1u)`};`);
  return { begin, finished: (c, code) => (exact ? code : `if (col${c} < COLS) { ${code} }`) };
}

/** Place of number k of a block in the array of vectors. */
const placeOf = (k: string, c: number): string => `right[${k} / 4u][${c}][${k} % 4u]`;

/**
 * The columns' inner products of `row` with the block, as `sum0`, `sum1`, ... Dots of four compile in two thirds of the time of single
 * products. A block that is no multiple of 4 deep has zeros at its end.
 */
function rowCode({ block, columns, shared }: Unrolling, depth: (k: string) => string, term: (c: number) => string | null): string {
  const vectors = Math.ceil(block / LANES);
  const left = lines(vectors, (v) => {
    const places = range(LANES).map((k) => LANES * v + k);
    if (!shared) return `let x${v} = vec4f(${places.map((k) => (k < block ? `leftAt(part, row, ${depth(`${k}u`)})` : '0.0')).join(', ')});`;
    const numbers = places.map((k) => (k < block ? `subgroupBroadcast(own${v}, ${k % LANES}u)` : '0.0'));
    return `let own${v} = leftAt(part, row, ${depth(`min(${LANES * v}u + lane, ${block - 1}u)`)});\nlet x${v} = vec4f(${numbers.join(', ')});`;
  });
  const sums = lines(columns, (c) => {
    const dots = range(vectors).map((v) => `dot(x${v}, right[${v}][${c}])`);
    return `let sum${c} = ${[term(c), ...dots].filter((part) => part !== null).join(' + ')};`;
  });
  return `${left}\n${sums}`;
}

/** The declaration of a block. */
const blockCode = ({ block, columns }: Unrolling): string => `var right: array<array<vec4f, ${columns}>, ${Math.ceil(block / 4)}>;`;

function residentCode(unrolling: Unrolling, cols: number, runs: number): string {
  const { block, columns, lanesAlong } = unrolling;
  const { begin, finished } = columnCode(unrolling, cols);
  const step = lanesAlong === 'rows' ? LANES : 1;
  return `
@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let number = groupNumber(group, groups);
  let columnGroup = number % COLUMN_GROUPS;
  let part = number / COLUMN_GROUPS % PARTS;
  let length = (rowEnd() + ${runs * LANES - 1}u) / ${runs * LANES}u * ${LANES}u;
  let first = number / COLUMN_GROUPS / PARTS * length;
  let end = min(rowEnd(), first + length);
  if (first >= end) {
    return;
  }
  ${begin}
  ${lines(columns, (c) => `let term${c} = columnTerm(from${c});`)}
  ${blockCode(unrolling)}
  for (var depth = 0u; depth < ${block}u; depth++) {
    ${lines(columns, (c) => `${placeOf('depth', c)} = rightAt(part, depth, from${c});`)}
  }
  for (var row = first${lanesAlong === 'rows' ? ' + lane' : ''}; row < end; row += ${step}u) {
    ${rowCode(unrolling, (k) => k, (c) => `term${c}`)}
    ${lines(columns, (c) => finished(c, `finish(part, row, col${c}, sum${c});`))}
  }
}`;
}

function accumulatedCode(unrolling: Unrolling, cols: number, columnSums: boolean): string {
  const { block, columns, rows, lanesAlong } = unrolling;
  const { begin } = columnCode(unrolling, cols);
  const column = columnOf(unrolling, 'c');
  const spread = lanesAlong === 'rows' ? LANES : 1;
  const place = lanesAlong === 'rows' ? `firstRow + ${LANES}u * r + lane` : 'firstRow + r';
  return `
@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let number = groupNumber(group, groups);
  let columnGroup = number % COLUMN_GROUPS;
  let part = number / COLUMN_GROUPS % PARTS;
  let firstRow = number / COLUMN_GROUPS / PARTS * ${rows * spread}u;
  let rowLimit = rowEnd();
  if (firstRow >= rowLimit) {
    return;
  }
  let extent = depthRange(part);
  ${begin}
  ${blockCode(unrolling)}
  var sums: array<array<f32, ${columns}>, ${rows}>;
  ${columnSums ? `var columnSums: array<f32, ${columns}>;` : ''}
  for (var first = extent.x; first < extent.y; first += ${block}u) {
    // Beyond the end of the range right is 0, and left is read where it exists.
    for (var k = 0u; k < ${block}u; k++) {
      let depth = min(first + k, extent.y - 1u);
      let within = first + k < extent.y;
      ${lines(columns, (c) => `let entry${c} = select(0.0, rightAt(part, depth, from${c}), within);\n${placeOf('k', c)} = entry${c};`)}
      ${columnSums ? lines(columns, (c) => `columnSums[${c}] += entry${c};`) : ''}
    }
    for (var r = 0u; r < ${rows}u; r++) {
      let row = min(${place}, rowLimit - 1u);
      ${rowCode(unrolling, (k) => `min(first + ${k}, extent.y - 1u)`, () => null)}
      ${lines(columns, (c) => `sums[r][${c}] += sum${c};`)}
    }
  }
  for (var r = 0u; r < ${rows}u; r++) {
    let row = ${place};
    if (row < rowLimit) {
      for (var c = 0u; c < ${columns}u; c++) {
        let col = ${column};
        if (col < COLS) {
          finish(part, row, col, sums[r][c] + columnTerm(col));
        }
      }
    }
  }
  ${columnSums ? `for (var c = 0u; c < ${columns}u; c++) {\nlet col = ${column};\nif (firstRow == 0u && col < COLS${lanesAlong === 'rows' ? ' && lane == 0u' : ''}) {\nfinishColumn(part, col, columnSums[c]);\n}\n}` : ''}
}`;
}

/** The kernel of a shape in this style. */
export function unrolledProduct(shape: ProductShape, { subgroups }: UnrolledStyle): Product {
  const { rows, cols, parts, columnSums } = shape;
  const unrolling = unrollingOf(shape, subgroups);
  const enables = unrolling.shared ? (['subgroups'] as const) : [];
  const constants: Constants = { COLS: cols, PARTS: parts, DEPTH_STEP: unrolling.block, COLUMN_GROUPS: unrolling.columnGroups };
  if (unrolling.rows === 0) {
    const runs = rows === 'samples' ? RUNS : Math.ceil(rows / MOST_ROWS);
    return { constants, enables, code: residentCode(unrolling, cols, runs), groups: () => runs * parts * unrolling.columnGroups };
  }
  const perGroup = unrolling.rows * (unrolling.lanesAlong === 'rows' ? LANES : 1);
  return {
    constants,
    enables,
    code: accumulatedCode(unrolling, cols, columnSums),
    groups: (samples) => Math.ceil((rows === 'samples' ? samples : rows) / perGroup) * parts * unrolling.columnGroups,
  };
}
