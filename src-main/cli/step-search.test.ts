import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { searchStep, spaceFor, type StepGoal } from './step-search';

interface Made {
  readonly step: number;
  readonly value: number;
}

/** Curves as real ones are: bent, but rising everywhere (the bend takes at most half of the slope over the space's eleven units of ln(step)), and uneven. */
const curves = fc.record({ slope: fc.double({ min: 0.3, max: 3, noNaN: true }), bend: fc.double({ min: -0.02, max: 0.02, noNaN: true }), ripple: fc.double({ min: 0, max: 0.01, noNaN: true }), start: fc.double({ min: 0.002, max: 1, noNaN: true }) });
const space = spaceFor('uint8', 0.1);

async function search(goal: Omit<StepGoal<Made>, 'value'>, curve: (step: number) => number, start: number): Promise<{ found: Made | null; trials: number[] }> {
  const trials: number[] = [];
  const found = await searchStep<Made>({ ...goal, value: ({ value }) => value }, { ...space, start }, (step) => {
    trials.push(step);
    return Promise.resolve({ step, value: curve(step) });
  });
  return { found, trials };
}

describe('the step of a residual', () => {
  it('is found within the slack and in few trials, whether values rise or fall with it', async () => {
    await fc.assert(
      fc.asyncProperty(curves, fc.boolean(), fc.double({ min: 0.1, max: 0.9, noNaN: true }), async ({ slope, bend, ripple, start }, rising, place) => {
        const curve = (step: number): number => {
          const x = Math.log(step);
          return (rising ? 1 : -1) * slope * (x + bend * x * x) + ripple * Math.sin(40 * x);
        };
        const wanted = curve(space.finest ** place);
        const { found, trials } = await search({ rising, most: wanted, slack: 0.05, slope: 1 }, curve, start);
        expect(found!.value).toBeLessThanOrEqual(wanted);
        expect(found!.value).toBeGreaterThan(wanted - 0.05);
        expect(trials.length).toBeLessThanOrEqual(10);
        for (const step of trials) expect(step >= space.finest && step <= 1 && String(step).length < 12).toBe(true);
      }),
    );
  });

  it('is the end of the space where all of it is good enough, and none where nothing is', async () => {
    const curve = (step: number): number => Math.log(step);
    expect((await search({ rising: true, most: 5, slack: 0.1, slope: 1 }, curve, 0.1)).found!.step).toBe(1);
    expect((await search({ rising: true, most: -20, slack: 0.1, slope: 1 }, curve, 0.1)).found).toBeNull();
    expect((await search({ rising: false, most: 20, slack: 0.1, slope: 1 }, (step) => -curve(step), 0.1)).found!.step).toBe(space.finest);
    expect((await search({ rising: false, most: -1, slack: 0.1, slope: 1 }, (step) => -curve(step), 0.1)).found).toBeNull();
  });

  it('copes with values that jump and with none at all (an error of 0, an identical volume)', async () => {
    const stairs = (step: number): number => Math.log(Math.floor(step * 100));
    for (const most of [0, Math.log(3), Math.log(17)]) {
      const { found, trials } = await search({ rising: true, most, slack: 0.05, slope: 0.8 }, stairs, 0.3);
      expect(found!.value).toBeCloseTo(most, 9);
      expect(trials.length).toBeLessThanOrEqual(16);
    }
    expect((await search({ rising: true, most: -Infinity, slack: 0.05, slope: 0.8 }, stairs, 0.3)).found!.value).toBe(-Infinity);
  });
});
