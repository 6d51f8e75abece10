import { describe, expect, it } from 'vitest';
import { fitLine, interleaved, type Runner } from './measure';

describe('the line through time against work', () => {
  it('finds a line exactly, and says so', () => {
    const line = fitLine([4, 9, 1, 1000].map((work) => [work, 3 + 0.25 * work] as const));
    expect(line.offset).toBeCloseTo(3, 9);
    expect(line.slope).toBeCloseTo(0.25, 9);
    expect(line.r2).toBeCloseTo(1, 9);
    expect(line.largestResidual).toBeLessThan(1e-9);
  });

  it('says how far a point is off, however small it is', () => {
    const line = fitLine([[1, 2], [2, 4], [4, 8], [1024, 2048], [8, 24]]);
    expect(line.largestResidual).toBeGreaterThan(0.2);
    expect(line.r2).toBeLessThan(0.97);
  });
});

describe('interleaved timing', () => {
  const runner = (name: string, turn: number, log: string[]): Runner => ({
    name,
    run: async (turns) => {
      log.push(name);
      return turn * turns;
    },
  });

  it('takes turns after a warm-up and gives milliseconds a turn', async () => {
    const log: string[] = [];
    const [quick, slow] = await interleaved([runner('quick', 2, log), runner('slow', 50, log)], { repeats: 5, milliseconds: 20 });
    expect(quick).toEqual({ name: 'quick', median: 2, minimum: 2, repeats: 5, turns: 10 });
    expect(slow).toEqual({ name: 'slow', median: 50, minimum: 50, repeats: 3, turns: 1 });
    expect(log.slice(-8)).toEqual(['quick', 'slow', 'quick', 'slow', 'quick', 'slow', 'quick', 'quick']);
  });
});
