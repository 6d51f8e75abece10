import { describe, expect, it } from 'vitest';
import { cellOf, drawTable, LARGEST_TABLE, probePoints } from './importance';
import { arcLength, drawIndex, planRefusal, stratifiedWord } from './sampling';

const plan = (kind: 'uniform' | 'stratified' | 'full', batch: number) => ({ batch, sampling: { kind } });

describe('stratified sampling', () => {
  it('draws one point from each arc, and other ones in the next step', () => {
    const batch = 128;
    const cells = new Set<number>();
    let same = 0;
    for (let element = 0; element < batch; element++) {
      const index = drawIndex(plan('stratified', batch), 7, 3, element, 128 * 50);
      if (index === drawIndex(plan('stratified', batch), 7, 4, element, 128 * 50)) same++;
      cells.add(Math.floor(index / 50));
      expect(index).toBeGreaterThanOrEqual(0);
      expect(index).toBeLessThan(128 * 50);
    }
    // The circle is turned: a cell of the grid may hold the ends of two arcs.
    expect(cells.size).toBeGreaterThan(batch / 2);
    expect(same).toBeLessThan(batch / 10);
  });

  it('sees nearly every point once in as many steps as an arc has points', () => {
    const counts = new Uint8Array(1024);
    for (let step = 0; step < 16; step++) for (let element = 0; element < 64; element++) counts[drawIndex(plan('stratified', 64), 1, step, element, 1024)]++;
    expect(counts.filter((count) => count > 0).length).toBeGreaterThan(0.8 * 1024);
    expect(Math.max(...counts)).toBeLessThanOrEqual(3);
  });

  it('reaches every point in the end, with batches that do not divide 2^32 too', () => {
    const counts = new Uint32Array(301);
    for (let step = 0; step < 2000; step++) for (let element = 0; element < 97; element++) counts[drawIndex(plan('stratified', 97), 5, step, element, 301)]++;
    for (const count of counts) {
      expect(count).toBeGreaterThan((2000 * 97 * 0.8) / 301);
      expect(count).toBeLessThan((2000 * 97 * 1.2) / 301);
    }
  });

  it('keeps words inside 32 bits', () => {
    for (const batch of [64, 8192, 1_048_576]) {
      for (const step of [0, 63, 64, 9_999_999]) {
        const word = stratifiedWord(0xffffffff, step, batch - 1, batch);
        expect(Number.isInteger(word) && word >= 0 && word < 2 ** 32).toBe(true);
      }
      expect(arcLength(batch) * batch).toBeLessThanOrEqual(2 ** 32);
    }
  });
});

describe('full batches', () => {
  it('take point e as element e and refuse what would take seconds a step', () => {
    expect(drawIndex(plan('full', 64), 1, 5, 77, 100)).toBe(77);
    expect(planRefusal(plan('full', 64), 2 ** 24)).toBeNull();
    expect(planRefusal(plan('full', 64), 2 ** 24 + 1)).toMatch(/stratified/);
    expect(planRefusal(plan('stratified', 64), 100)).toBeNull();
    expect(planRefusal(plan('stratified', 64), 100, true)).toMatch(/^Stratified sampling .* choose uniform sampling\.$/);
    expect(planRefusal(plan('uniform', 64), 2 ** 25, true)).toBeNull();
    expect(planRefusal(plan('full', 64), 2 ** 24, true)).toBeNull();
    expect(planRefusal(plan('full', 64), 2 ** 24 + 1, true)).toMatch(/this list has 16,777,217; choose uniform sampling\.$/);
  });
});

describe('error-driven tables', () => {
  it('give each cell its share of the words', () => {
    const table = drawTable([0, 3, 1, 0], 0.2, 4);
    const hits = new Array<number>(4).fill(0);
    for (let word = 0; word < 2 ** 32; word += 2 ** 20) hits[cellOf(table, word)]!++;
    expect(hits.map((count) => count / 4096)).toEqual([0.05, 0.65, 0.25, 0.05].map((share) => expect.closeTo(share, 2)));
  });
  it('fall back to equal shares when there is no error or only nonsense', () => {
    for (const errors of [[0, 0], [Number.NaN, Number.NaN], [Infinity, -Infinity]]) {
      const { limits } = drawTable(errors, 0.1, 2);
      expect(limits[0]! / 2 ** 32).toBeCloseTo(0.5, 6);
    }
  });
  it('probe one point of each cell', () => {
    const points = 3 * LARGEST_TABLE + 5;
    const probes = probePoints(1, 0, points);
    expect(probes.length).toBeLessThanOrEqual(LARGEST_TABLE);
    probes.forEach((point, cell) => expect(Math.floor(point / 4)).toBe(cell));
    expect(Math.max(...probes)).toBeLessThan(points);
  });
});
