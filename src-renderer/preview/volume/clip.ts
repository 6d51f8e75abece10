/**
 * The clip box: what of the volume is drawn. Two fractions along each axis of the grid; the lower stays below the upper by MINIMUM_GAP, so
 * that something is always left.
 */
export type ClipBox = readonly [readonly [number, number], readonly [number, number], readonly [number, number]];

export const MINIMUM_GAP = 0.01;

export function fullBox(): ClipBox {
  return [
    [0, 1],
    [0, 1],
    [0, 1],
  ];
}

/** A range with one end moved; the other end stops it. */
export function movedEnd(range: readonly [number, number], end: 0 | 1, to: number, gap = MINIMUM_GAP): [number, number] {
  if (end === 0) return [Math.min(Math.max(0, to), range[1] - gap), range[1]];
  return [range[0], Math.max(Math.min(1, to), range[0] + gap)];
}

/** The box with the range of one axis replaced. */
export function withRange(box: ClipBox, axis: number, range: readonly [number, number]): ClipBox {
  return box.map((each, index) => (index === axis ? range : each)) as unknown as ClipBox;
}

export function isFull(box: ClipBox): boolean {
  return box.every(([low, high]) => low <= 0 && high >= 1);
}

/** A corner: bit i of `index` takes the upper end of axis i. */
export function corner(box: ClipBox, index: number): readonly [number, number, number] {
  return [box[0][index & 1], box[1][(index >> 1) & 1], box[2][(index >> 2) & 1]] as [number, number, number];
}

/** The twelve edges as pairs of corners. */
export const EDGES: readonly (readonly [number, number])[] = [0, 1, 2].flatMap((axis) =>
  [0, 1, 2, 3, 4, 5, 6, 7].filter((index) => !(index & (1 << axis))).map((index) => [index, index | (1 << axis)] as const),
);

/**
 * Which edges are behind the box, seen from `eye` (in fractions, like the box): those whose two faces both look away. An edge along axis a
 * lies in one face of each of the two other axes.
 */
export function hiddenEdges(box: ClipBox, eye: readonly [number, number, number]): readonly boolean[] {
  return EDGES.map(([from, to]) => {
    const along = from ^ to;
    return [0, 1, 2].every((axis) => {
      if (along === 1 << axis) return true;
      const upper = (from >> axis) & 1;
      return upper ? eye[axis]! <= box[axis]![1] : eye[axis]! >= box[axis]![0];
    });
  });
}
