import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PreviewPace } from './preview-pace';

describe('PreviewPace', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** A window whose frames take `costs` milliseconds, one after another; the last of them for ever. */
  function windowOf(...costs: [number, ...number[]]): { shown: number[]; pace: PreviewPace<number> } {
    const shown: number[] = [];
    const frame = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, costs.length > 1 ? costs.shift() : costs[0]));
    return { shown, pace: new PreviewPace<number>((preview) => void shown.push(preview), frame, () => Date.now()) };
  }

  async function stream(pace: PreviewPace<number>, count: number, every: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      pace.offer(i);
      await vi.advanceTimersByTimeAsync(every);
    }
  }

  it('shows all that come while frames are cheap', async () => {
    const { shown, pace } = windowOf(20);
    await stream(pace, 10, 100);
    expect(shown).toHaveLength(10);
  });

  it('leaves most of the time to the window while frames are dear, and ends with the latest', async () => {
    const { shown, pace } = windowOf(240);
    await stream(pace, 40, 250);
    expect(shown.length).toBeGreaterThan(3);
    expect(shown.length * 240).toBeLessThan(10_000 / 5);
    await vi.advanceTimersByTimeAsync(5000);
    expect(shown.at(-1)).toBe(39);
  });

  it('does not take one late frame, as the first of a fit is, for what frames cost', async () => {
    const { shown, pace } = windowOf(600, 20, 20, 20, 900, 20);
    await stream(pace, 40, 100);
    // 1.5 s of the four were spent in the two late frames.
    expect(shown.length).toBeGreaterThan(20);
  });

  it('never lets the view stand still for long, however dear frames are', async () => {
    const { shown, pace } = windowOf(1500);
    await stream(pace, 200, 100);
    const gaps = shown.slice(1).map((preview, index) => (preview - shown[index]!) * 100);
    expect(shown.length).toBeGreaterThan(4);
    expect(Math.max(...gaps)).toBeLessThan(4000);
  });

  it('shows nothing after it was stopped', async () => {
    const { shown, pace } = windowOf(240);
    pace.offer(1);
    pace.offer(2);
    pace.stop();
    pace.offer(3);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(shown).toEqual([1]);
  });
});
