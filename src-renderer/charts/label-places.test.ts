import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { placeLabels, type Mark, type Place } from './label-places';

/** The rectangle that a text of 11 pixels covers, by its number of letters. */
function rectangle(label: string, { anchor, x, y }: Place): [number, number, number, number] {
  const width = 6.3 * label.length;
  const left = { start: x, middle: x - width / 2, end: x - width }[anchor];
  return [left, y - 9, left + width, y + 3];
}
const overlap = (a: number[], b: number[]): boolean => a[0]! < b[2]! && b[0]! < a[2]! && a[1]! < b[3]! && b[1]! < a[3]!;

const plot = { left: 0, right: 240, top: 0, bottom: 120 };

describe('placeLabels', () => {
  it('puts a lone label to the right, and to the left where the edge is near', () => {
    expect(placeLabels([{ x: 50, y: 50, label: 'SIREN' }], plot)[0]).toMatchObject({ anchor: 'start' });
    expect(placeLabels([{ x: 230, y: 50, label: 'SIREN' }], plot)[0]).toMatchObject({ anchor: 'end' });
  });

  it('keeps labels off the marks of neighbours and off each other', () => {
    // A file and the codecs of about its quality, close together in a narrow chart.
    const marks: Mark[] = [
      { x: 70, y: 84, label: 'SIREN, small' },
      { x: 122, y: 78, label: 'JPEG' },
      { x: 88, y: 42, label: 'AVIF' },
      { x: 175, y: 22, label: 'WebP' },
      { x: 128, y: 60, label: '' },
    ];
    const places = placeLabels(marks, { ...plot, right: 260 });
    expect(places[4]).toBeNull();
    const labels = marks.flatMap(({ label }, index) => (places[index] ? [rectangle(label, places[index])] : []));
    const dots = marks.map(({ x, y }) => [x - 4, y - 4, x + 4, y + 4]);
    for (const [index, label] of labels.entries()) {
      for (const dot of dots) expect(overlap(label, dot)).toBe(false);
      for (const other of labels.slice(index + 1)) expect(overlap(label, other)).toBe(false);
    }
  });

  it('keeps every label of a mark in the plot within the plot', () => {
    const mark = fc.record({ x: fc.integer({ min: 50, max: 290 }), y: fc.integer({ min: 10, max: 110 }), label: fc.constantFrom('', 'AVIF', 'Hash grid + ReLU') });
    fc.assert(
      fc.property(fc.array(mark, { maxLength: 1 }), (marks) => {
        for (const [index, place] of placeLabels(marks, { left: 40, right: 300, top: 0, bottom: 120 }).entries()) {
          if (!place) continue;
          const [left, top, right, bottom] = rectangle(marks[index]!.label, place);
          expect(left >= 40 && top >= 0 && right <= 300 && bottom <= 120).toBe(true);
        }
      }),
    );
  });
});
