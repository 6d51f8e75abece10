import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PreviewPace } from './preview-pace';

describe('PreviewPace', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** A window whose frames take `cost` milliseconds. */
  function windowOf(cost: number): { shown: number[]; pace: PreviewPace<number> } {
    const shown: number[] = [];
    const frame = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, cost));
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
