import { describe, expect, it } from 'vitest';
import { formatBytes, formatCount, formatDecibel, formatDigits, formatDuration, formatRatio, formatSamples, formatShort, formatSmaller } from './format';

describe('formatters', () => {
  it('writes bytes in decimal units with three digits', () => {
    expect([0, 999, 1000, 41_230, 999_499, 999_500, 12_345_678].map(formatBytes)).toEqual(['0 B', '999 B', '1.00 kB', '41.2 kB', '999 kB', '1.00 MB', '12.3 MB']);
  });

  it('never rounds into a fourth digit', () => {
    expect([9.996, 99.96, 0.99951].map(formatDigits)).toEqual(['10.0', '100', '1.00']);
  });

  it('shows a dash for what is not known', () => {
    expect([formatBytes(null), formatDecibel(undefined), formatRatio(Number.NaN), formatDuration(Infinity), formatCount(null)]).toEqual(['–', '–', '–', '–', '–']);
  });

  it('writes times as clocks from a minute on', () => {
    expect([0.82, 12.4, 59.6, 185, 3723].map(formatDuration)).toEqual(['0.8 s', '12 s', '1:00', '3:05', '1:02:03']);
  });

  it('groups counts and shortens rates', () => {
    expect(formatCount(1234567)).toBe('1 234 567');
    expect([12.3, 1234, 4.56e6, 7.8e9, 1.768e12].map(formatShort)).toEqual(['12.3', '1.23 k', '4.56 M', '7.80 G', '1.77 T']);
  });

  it('says of a ratio below one how much larger', () => {
    expect([18.26, 0.2].map(formatSmaller)).toEqual([{ times: '18.3×', word: 'smaller' }, { times: '5.00×', word: 'larger' }]);
  });

  it('names channels and depth', () => {
    expect([formatSamples(3, 'uint8', false), formatSamples(2, 'uint16', true), formatSamples(4, 'uint8', true)]).toEqual(['RGB, 8 bit', 'grey + alpha, 16 bit', 'RGB + alpha, 8 bit']);
  });

  it('calls an infinite PSNR identical', () => {
    expect(formatDecibel(Infinity)).toBe('identical');
    expect(formatDecibel(-3.456)).toBe('−3.46 dB');
  });
});
