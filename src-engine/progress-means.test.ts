import { describe, expect, it } from 'vitest';
import { ProgressMeans } from './progress-means';

describe('the means of progress', () => {
  it('count each report by its steps, the first as one', () => {
    const means = new ProgressMeans();
    expect(means.take()).toBeNull();
    means.add({ step: 11, loss: 4, psnr: 10 });
    means.add({ step: 14, loss: 2, psnr: 20 });
    expect(means.take()).toEqual({ loss: 2.5, psnr: expect.closeTo(-10 * Math.log10((0.1 + 3 * 0.01) / 4), 10) as number });
    expect(means.take()).toBeNull();
    means.add({ step: 16, loss: 7, psnr: 30 });
    expect(means.take()).toEqual({ loss: 7, psnr: expect.closeTo(30, 10) as number });
  });

  it('leave out what is no number, and steps that a lost device undid', () => {
    const means = new ProgressMeans();
    means.add({ step: 5, loss: Number.NaN, psnr: Number.NaN });
    expect(means.take()).toBeNull();
    means.add({ step: 9, loss: 3, psnr: 200 });
    means.add({ step: 2, loss: 1000, psnr: 0 });
    means.add({ step: 4, loss: 6, psnr: 300 });
    expect(means.take()).toEqual({ loss: (4 * 3 + 2 * 6) / 6, psnr: 200 });
  });
});
