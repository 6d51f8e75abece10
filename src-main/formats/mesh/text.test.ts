import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asStudioError } from '#core/errors';
import { TextScanner } from './text';

const scanner = (content: string, words = {}) => new TextScanner(new TextEncoder().encode(content), 'a.txt', 'OBJ', words);

const decimals = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.float({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.tuple(fc.double({ min: -1e15, max: 1e15, noNaN: true }), fc.nat(20)).map(([value, places]) => value.toFixed(places)),
  fc.tuple(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.nat(20)).map(([value, places]) => value.toExponential(places)),
  fc.stringMatching(/^[-+]?([0-9]{1,25}\.?[0-9]{0,25}|\.[0-9]{1,25})([eE][-+]?[0-9]{1,4})?$/),
);

describe('numbers', () => {
  it('are those of Number(), to the bit', () => {
    fc.assert(
      fc.property(fc.array(decimals, { minLength: 1, maxLength: 20 }), fc.constantFrom(' ', '\t', '  '), (words, blank) => {
        const scan = scanner(words.join(blank));
        for (const word of words) expect(scan.number(), word).toBe(Number(word));
        expect(scan.peek()).toBe(-1);
      }),
      { numRuns: 1000 },
    );
  });

  it('may be none, in the spellings of C and Windows', () => {
    const scan = scanner('nan -NaN inf -Infinity 1.#QNAN -1.#IND 1.#INF +inf');
    expect([1, 2, 3, 4, 5, 6, 7, 8].map(() => scan.number())).toEqual([NaN, NaN, Infinity, -Infinity, NaN, NaN, Infinity, Infinity]);
  });

  it.each(['abc', '1.5x', '1e', '0x10', '-', '.', '1,5', '1_0', '--1', '1e5.5', '\u0661'])('are not "%s"', (word) => {
    expect(() => scanner(`\n\r\n${word} 7`, {}).numberBeyond('a')).toThrow(/line 3: .* is no number/);
  });
});

it('a missing number is told with its line', () => {
  const scan = scanner('1\r2\r\n\n 5 \n');
  expect([scan.numberBeyond('a'), scan.numberBeyond('b'), scan.numberBeyond('c')]).toEqual([1, 2, 5]);
  expect(() => scan.number()).toThrow(/line 4: a number is missing/);
  try {
    scan.numberBeyond('vertex 4');
    expect.unreachable();
  } catch (error) {
    expect(asStudioError(error)).toMatchObject({ code: 'input.truncated', message: expect.stringMatching(/ends where vertex 4 should be/) as string });
  }
});

describe('lines', () => {
  const linesOf = (content: string, words: { comment?: number; joins?: boolean } = {}): string[][] => {
    const scan = scanner(content, words);
    const lines: string[][] = [];
    for (let more = true; more; more = scan.nextLine()) {
      const line: string[] = [];
      for (let word = scan.word(); word !== ''; word = scan.word()) line.push(word);
      lines.push(line);
    }
    return lines;
  };

  it('end with either or both of the two bytes', () => {
    expect(linesOf('a b\nc\r\nd\re')).toEqual([['a', 'b'], ['c'], ['d'], ['e']]);
    expect(linesOf('a\n\n\r\n\rb\n')).toEqual([['a'], [], [], [], ['b']]);
  });

  it('are joined by backslashes where they may be, but not in comments', () => {
    const joins = { comment: 0x23, joins: true };
    expect(linesOf('a \\\nb\\\r\nc\nd', joins)).toEqual([['a', 'b', 'c'], ['d']]);
    expect(linesOf('a # x \\\nb', joins)).toEqual([['a'], ['b']]);
    expect(linesOf('a \\\nb')).toEqual([['a', '\\'], ['b']]);
    const numbers = scanner('1\\\n2\\\r\n3#4', joins);
    expect([numbers.number(), numbers.number(), numbers.number(), numbers.peek()]).toEqual([1, 2, 3, -1]);
    const scan = scanner('skipped here \\\n and here\nnext', joins);
    expect(scan.nextLine()).toBe(true);
    expect(scan.word()).toBe('next');
  });
});
