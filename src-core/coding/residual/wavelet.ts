/**
 * The wavelet of Cohen, Daubechies and Feauveau with 9 and 7 taps (1992) on boxes of integers, as four lifting steps (Daubechies and Sweldens
 * 1998) an axis:
 *
 *     odd += alpha (left + right),  even += beta (...),  odd += gamma (...),  even += delta (...)
 *
 * mirrored at the ends. Then even samples are the low half, odd ones the high half, and the low half of all axes is split again, until an axis
 * is shorter than 9. Halves stand one behind the other (Mallat's order).
 *
 * Integers alone. The factors are whole numbers over 2^16, each product is rounded to a whole number, and the inverse subtracts the very same
 * numbers in reverse order: it is exact whatever the rounding. Values that leave 32 bits wrap, so hostile data do no harm; samples of 16 bits
 * with 4 bits of fraction (SCALE) stay below 2^28 on six levels. Products are below 2^50: doubles hold them exactly.
 *
 * The steps leave out the usual scaling. Instead each band knows the Euclidean norm of its basis functions: an error e of one
 * coefficient is an error of e * norm of the samples, so the quantizer divides its step by it.
 */

/** A sample of 1 is 16 before the transform. */
export const SCALE = 16;

const ALPHA = -103950;
const BETA = -3472;
const GAMMA = 57862;
const DELTA = 29066;

const MOST_LEVELS = 6;
const SHORTEST = 9;

/** Norms, times 2^14, of basis functions of the low and the high half after so many splits of an axis. */
const LOW_NORMS = [16384, 18674, 21982, 25532, 29441, 33872, 38948];
const HIGH_NORMS = [16384, 14537, 16113, 19205, 22451, 25939, 29858];

/** Three extents, x first. */
export type Extents = readonly [number, number, number];

interface Box {
  readonly size: Extents;
  /** Axes that this level halves. */
  readonly split: readonly [boolean, boolean, boolean];
}

export interface Band {
  /** 1 is the finest; 0 for a box too small to be split. */
  readonly level: number;
  /** Bit a is set where the band is the high half of axis a; 0 is the low band of the coarsest level. */
  readonly kind: number;
  readonly at: Extents;
  readonly size: Extents;
  /** Norm of the basis functions, times 2^42. */
  readonly norm: number;
  /** 1 for axes that the next coarser level halves again, else 0: where a coefficient's parent lies. */
  readonly parentShift: Extents;
}

const AXES = [0, 1, 2] as const;
const each = <T>(value: (axis: 0 | 1 | 2) => T): [T, T, T] => [value(0), value(1), value(2)];

/** The boxes that are split, finest first. */
function boxes(size: Extents): Box[] {
  const list: Box[] = [];
  for (let box = size; list.length < MOST_LEVELS && box.some((extent) => extent >= SHORTEST); ) {
    const current = box;
    const split = each((a) => current[a] >= SHORTEST);
    list.push({ size: current, split });
    box = each((a) => (split[a] ? Math.ceil(current[a] / 2) : current[a]));
  }
  return list;
}

/** Order of the bands of a level: one high axis, two, three. */
export const KINDS = [1, 2, 4, 3, 5, 6, 7] as const;

/** The bands of a box, coarsest level first; empty ones left out. */
export function bandsOf(size: Extents): readonly Band[] {
  const levels: Band[][] = [];
  const depth = [0, 0, 0];
  const list = boxes(size);
  const normOf = (kind: number): number => AXES.reduce<number>((product, a) => product * (kind & (1 << a) ? HIGH_NORMS : LOW_NORMS)[depth[a]!]!, 1);
  list.forEach((box, index) => {
    for (const a of AXES) if (box.split[a]) depth[a]!++;
    const parentShift = each((a) => (list[index + 1]?.split[a] ? 1 : 0));
    const kinds = KINDS.filter((kind) => AXES.every((a) => !(kind & (1 << a)) || box.split[a]));
    levels.push(
      kinds.map((kind) => {
        const high = (a: number): boolean => (kind & (1 << a)) !== 0;
        return {
          level: index + 1,
          kind,
          at: each((a) => (high(a) ? Math.ceil(box.size[a] / 2) : 0)),
          size: each((a) => (high(a) ? box.size[a] >> 1 : box.split[a] ? Math.ceil(box.size[a] / 2) : box.size[a])),
          norm: normOf(kind),
          parentShift,
        };
      }),
    );
  });
  const last = list.at(-1);
  const low = last ? each((a) => (last.split[a] ? Math.ceil(last.size[a] / 2) : last.size[a])) : size;
  return [{ level: list.length, kind: 0, at: [0, 0, 0], size: low, norm: normOf(0), parentShift: [0, 0, 0] }, ...levels.reverse().flat()];
}

/** One lifting step on `count` rows of `width` numbers: every second row from `start` gains factor / 2^16 of its neighbours, or loses it. */
function lift(rows: Int32Array, count: number, width: number, start: number, factor: number, sign: 1 | -1): void {
  for (let i = start; i < count; i += 2) {
    const at = i * width;
    const before = (i > 0 ? i - 1 : 1) * width;
    const behind = (i + 1 < count ? i + 1 : count - 2) * width;
    for (let j = 0; j < width; j++) rows[at + j] = rows[at + j]! + sign * Math.floor(((rows[before + j]! + rows[behind + j]!) * factor + 32768) / 65536);
  }
}

function liftForward(rows: Int32Array, count: number, width: number): void {
  lift(rows, count, width, 1, ALPHA, 1);
  lift(rows, count, width, 0, BETA, 1);
  lift(rows, count, width, 1, GAMMA, 1);
  lift(rows, count, width, 0, DELTA, 1);
}

function liftBack(rows: Int32Array, count: number, width: number): void {
  lift(rows, count, width, 0, DELTA, -1);
  lift(rows, count, width, 1, GAMMA, -1);
  lift(rows, count, width, 0, BETA, -1);
  lift(rows, count, width, 1, ALPHA, -1);
}

/** Where sample i of a line of `count` stands once the halves are apart. */
const halved = (i: number, count: number): number => (i >> 1) + (i & 1 ? (count + 1) >> 1 : 0);
const inPlace = (i: number): number => i;

/** Copies a plane of `count` x `width` numbers between the box and rows of its own, which run across the axis that is lifted. */
function move(data: Int32Array, rows: Int32Array, plane: { origin: number; along: number; across: number; count: number; width: number }, place: (i: number, count: number) => number, out: boolean): void {
  const { origin, along, across, count, width } = plane;
  for (let i = 0; i < count; i++) {
    const from = origin + place(i, count) * along;
    const row = i * width;
    if (out) for (let j = 0; j < width; j++) data[from + j * across] = rows[row + j]!;
    else for (let j = 0; j < width; j++) rows[row + j] = data[from + j * across]!;
  }
}

function transformAxis(data: Int32Array, rows: Int32Array, size: Extents, box: Box, axis: 0 | 1 | 2, inverse: boolean): void {
  if (!box.split[axis]) return;
  const strides: Extents = [1, size[0], size[0] * size[1]];
  const across = axis === 0 ? 1 : 0;
  const outer = axis === 2 ? 1 : 2;
  const [count, width] = [box.size[axis], box.size[across]];
  for (let k = 0; k < box.size[outer]; k++) {
    const plane = { origin: k * strides[outer], along: strides[axis], across: strides[across], count, width };
    move(data, rows, plane, inverse ? halved : inPlace, false);
    (inverse ? liftBack : liftForward)(rows, count, width);
    move(data, rows, plane, inverse ? inPlace : halved, true);
  }
}

const workspace = ([width, height, depth]: Extents): Int32Array => new Int32Array(Math.max(width * height, width * depth));

/** Transforms a box of x * y * z numbers, x fastest, in place. */
export function forwardWavelet(data: Int32Array, size: Extents): void {
  const rows = workspace(size);
  for (const box of boxes(size)) for (const axis of AXES) transformAxis(data, rows, size, box, axis, false);
}

/** The exact inverse of forwardWavelet. */
export function inverseWavelet(data: Int32Array, size: Extents): void {
  const rows = workspace(size);
  for (const box of boxes(size).reverse()) for (const axis of [2, 1, 0] as const) transformAxis(data, rows, size, box, axis, true);
}
