/**
 * Where the labels of a scatter plot go: beside their marks, on none of the marks and on no other label. Greedy, in the order of the marks
 * (the most important first): each label takes the first of a few places around its mark that is free, else the one that covers least.
 * Lengths are in pixels, y grows downwards; the width of a text is estimated from its number of letters, since nothing has been drawn yet.
 */

export interface Mark {
  readonly x: number;
  readonly y: number;
  /** '' for a mark without a label, which labels keep clear of all the same. */
  readonly label: string;
}

/** A place for a text: its anchor and its baseline. */
export interface Place {
  readonly anchor: 'start' | 'middle' | 'end';
  readonly x: number;
  readonly y: number;
}

/** A rectangle. */
export interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Of a sans serif of 11 pixels: a letter's mean width, and what stands above and below the baseline. */
const LETTER = 6.3;
const ABOVE = 9;
const BELOW = 3;
/** Half the side of a mark, with a little air. */
const MARK = 6;

function boxOf(label: string, { anchor, x, y }: Place): Box {
  const width = label.length * LETTER;
  const left = anchor === 'start' ? x : anchor === 'end' ? x - width : x - width / 2;
  return { left, right: left + width, top: y - ABOVE, bottom: y + BELOW };
}

const common = (a: Box, b: Box): number => Math.max(0, Math.min(a.right, b.right) - Math.max(a.left, b.left)) * Math.max(0, Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top));
const area = (box: Box): number => (box.right - box.left) * (box.bottom - box.top);

/** The places that are tried, the most readable first. */
function* around({ x, y }: Mark): Generator<Place> {
  for (const lift of [-5, 14, 4]) {
    yield { anchor: 'start', x: x + 8, y: y + lift };
    yield { anchor: 'end', x: x - 8, y: y + lift };
  }
  for (const lift of [-10, 19, -24, 33]) yield { anchor: 'middle', x, y: y + lift };
}

/** One place a mark, null where the mark has no label. The labels stay within `plot` wherever that is possible. */
export function placeLabels(marks: readonly Mark[], plot: Box): (Place | null)[] {
  const taken: Box[] = marks.map(({ x, y }) => ({ left: x - MARK, right: x + MARK, top: y - MARK, bottom: y + MARK }));
  return marks.map((mark) => {
    if (mark.label === '') return null;
    let best: { place: Place; box: Box; covered: number } | null = null;
    for (const place of around(mark)) {
      const box = boxOf(mark.label, place);
      const covered = area(box) - common(box, plot) + taken.reduce((sum, each) => sum + common(box, each), 0);
      if (best === null || covered < best.covered) best = { place, box, covered };
      if (covered === 0) break;
    }
    if (best) taken.push(best.box);
    return best?.place ?? null;
  });
}
