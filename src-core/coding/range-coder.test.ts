import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { AdaptiveBits, RangeDecoder, RangeEncoder, type BinaryCoder } from './range-coder';

type Step = { readonly context: number; readonly bit: number } | { readonly value: number; readonly count: number };

function run(coder: BinaryCoder, steps: readonly Step[]): number[] {
  const contexts = new AdaptiveBits(4);
  return steps.map((step) => ('bit' in step ? coder.bit(contexts, step.context, step.bit) : coder.uniform(step.value, step.count)));
}

function encode(steps: readonly Step[]): Uint8Array {
  const encoder = new RangeEncoder();
  run(encoder, steps);
  return encoder.finish();
}

const adaptive = fc.record({ context: fc.integer({ min: 0, max: 3 }), bit: fc.integer({ min: 0, max: 1 }) });
const uniform = fc
  .integer({ min: 1, max: 32 })
  .chain((count) => fc.record({ count: fc.constant(count), value: fc.integer({ min: 0, max: 2 ** count - 1 }) }));
/** Long runs drive the probabilities to their extremes, and a break in a run then costs many bytes at once. */
const steps = fc
  .array(fc.oneof(adaptive, uniform, fc.tuple(adaptive, fc.integer({ min: 1, max: 3000 }))), { maxLength: 60 })
  .map((list) => list.flatMap((entry): Step[] => (Array.isArray(entry) ? Array<Step>(entry[1]).fill(entry[0]) : [entry])));

/** Deterministic bits with P(1) = p. */
function biasedBits(count: number, p: number): Step[] {
  let state = 12345;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return { context: 0, bit: (state >>> 8) / 2 ** 24 < p ? 1 : 0 };
  });
}

function idealBits(list: readonly Step[]): number {
  const contexts = new AdaptiveBits(4);
  let bits = 0;
  for (const step of list) {
    if (!('bit' in step)) continue;
    const p = contexts.probability(step.context) / 2 ** 21;
    bits -= Math.log2(step.bit ? p : 1 - p);
    contexts.update(step.context, step.bit);
  }
  return bits;
}

describe('range coder', () => {
  it('gives back every bit and ends where the message ends', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const decoder = new RangeDecoder(encode(list));
        expect(run(decoder, list)).toEqual(list.map((step) => ('bit' in step ? step.bit : step.value)));
        expect(decoder.atEnd()).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('carries through long runs of 0xff', () => {
    // A message just below a power of two, and then bits that push it over.
    for (let ones = 0; ones < 80; ones++) {
      const list: Step[] = [...Array<Step>(ones).fill({ value: 0, count: 1 }), ...biasedBits(40, 0.5), ...Array<Step>(ones).fill({ value: 0, count: 1 })];
      expect(run(new RangeDecoder(encode(list)), list)).toEqual(list.map((step) => ('bit' in step ? step.bit : step.value)));
    }
  });

  it.each([0.5, 0.1, 0.01, 0.001, 0.999])('comes within 0.01% and two bytes of the ideal adaptive code, P(1) = %f', (p) => {
    const list = biasedBits(50000, p);
    expect(encode(list).length * 8).toBeLessThan(idealBits(list) * 1.0001 + 16);
  });

  it.each([0.5, 0.1, 0.01])('comes within 1.2% and a few bytes of the entropy itself, P(1) = %f', (p) => {
    const entropy = -p * Math.log2(p) - (1 - p) * Math.log2(1 - p);
    expect(encode(biasedBits(50000, p)).length * 8).toBeLessThan(50000 * entropy * 1.012 + 200);
  });

  it('follows a source that changes', () => {
    const list = [...biasedBits(4000, 0.02), ...biasedBits(4000, 0.98)];
    expect(encode(list).length * 8).toBeLessThan(8000 * 0.25); // one fixed probability would take 8000
  });

  it('ends with an error, not in a loop, on truncated bytes', () => {
    const list = biasedBits(4000, 0.3);
    const bytes = encode(list);
    for (const length of [0, 1, 2, 100, bytes.length - 4]) {
      expect(() => run(new RangeDecoder(bytes.subarray(0, length)), list)).toThrow(expect.objectContaining({ code: 'container.parameters' }));
    }
  });

  it('takes one message for the same bits, whatever its last bytes are', () => {
    for (const list of [[], biasedBits(1, 0.5), biasedBits(300, 0.1), biasedBits(300, 0.5), biasedBits(900, 0.01)] as Step[][]) {
      const bytes = encode(list);
      const said = list.map((step) => ('bit' in step ? step.bit : step.value)).join();
      const ends = (message: Uint8Array): boolean => {
        try {
          const decoder = new RangeDecoder(message);
          return run(decoder, list).join() === said && decoder.atEnd();
        } catch {
          return false;
        }
      };
      const accepted = [];
      for (let last = 0; last < 256; last++) {
        for (const before of bytes.length > 1 ? [-2, -1, 0, 1, 2] : [0]) {
          const message = Uint8Array.from(bytes).fill(last, bytes.length - 1);
          if (before !== 0) message[bytes.length - 2]! += before;
          if (ends(message)) accepted.push(message.join());
        }
      }
      expect(new Set(accepted)).toEqual(new Set([bytes.join()]));
      for (const more of [0, 1, 255]) expect(ends(Uint8Array.of(...bytes, more))).toBe(false);
    }
    expect(new RangeDecoder(Uint8Array.of(255, 255, 255, 255)).atEnd()).toBe(false); // beyond the first interval
  });

  it('costs one byte when there is nothing to say', () => {
    expect(encode([]).length).toBe(1);
  });
});
