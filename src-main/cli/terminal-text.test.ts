import { describe, expect, it } from 'vitest';
import { StudioError } from '#core/errors';
import type { SessionProgress } from '#engine/session';
import { readBytes, readNumber, showBytes, showChannels, showRate, showRatio, showSeconds, table } from './numbers';
import { createProgress, fitLine } from './progress';
import { faultText } from './program';
import { testTerminal } from './test-terminal';

describe('numbers', () => {
  it('are read strictly', () => {
    expect(['12', '1e-3', '.5', '-2'].map(readNumber)).toEqual([12, 0.001, 0.5, -2]);
    for (const text of ['', ' ', '12x', '0x10', 'Infinity', 'NaN', '1,5']) expect(() => readNumber(text)).toThrow('not a number');
  });

  it('of bytes take units', () => {
    expect(['20000', '20k', '20kB', '16KiB', '1.5M', '300B'].map(readBytes)).toEqual([20000, 20000, 20000, 16384, 1_500_000, 300]);
    for (const text of ['0', '-1', '20g', 'k', '']) expect(() => readBytes(text)).toThrow('size in bytes');
  });

  it('are shown as people read them', () => {
    expect([950, 20_345, 999_499, 999_500, 1_250_000].map(showBytes)).toEqual(['950 B', '20.3 kB', '999 kB', '1.00 MB', '1.25 MB']);
    expect([0.04, 9.96, 59.9, 59.96, 125, 4321].map(showSeconds)).toEqual(['0.0 s', '10.0 s', '60 s', '1 min 00 s', '2 min 05 s', '1 h 12 min']);
    expect([0.031, 4.71, 48.4, 1250.3].map(showRate)).toEqual(['0.031', '4.7', '48', '1,250']);
    expect([18.26, 1, 0.204, 1 / 7711.4].map(showRatio)).toEqual(['18.3x smaller', '1.0x smaller', '4.9x larger', '7,711x larger']);
    expect([1, 3].map(showChannels)).toEqual(['1 channel', '3 channels']);
    expect(table([['a', '1'], ['bb', '22']])).toBe('  a    1\n  bb  22\n');
  });
});

describe('text from files', () => {
  it('cannot steer the terminal', () => {
    expect(table([['made by', 'a\x1b[2J\x9b1mb\x07']])).toBe('  made by  a\ufffd[2J\ufffd1mb\ufffd\n');
    const terminal = testTerminal();
    createProgress(terminal, false).note('converted from \x1b]0;title\x07 to sRGB');
    expect(terminal.stderr()).toBe('converted from \ufffd]0;title\ufffd to sRGB\n');
    expect(faultText(new StudioError('input', 'input.damaged', 'a.png: \x1b[31m\nb'), false)).toBe('inr: a.png: \ufffd[31m b\n');
  });
});

const progress: SessionProgress = {
  state: 'running', step: 900, steps: 2000, loss: 0.001, psnr: 30, seconds: 10, stepsPerSecond: 90, samplesPerSecond: 1, secondsLeft: 12.2, learningRate: 0.001,
};

describe('progress', () => {
  it('is one line that overwrites itself on a terminal, cut to its width', () => {
    const terminal = testTerminal(40);
    const shown = createProgress(terminal, false);
    shown.fit(progress);
    shown.end();
    expect(terminal.stderr().replace('\r\x1b[K', '')).toMatch(/^█+░+ {2}45% {2}900/u);
    expect(terminal.stderr().split('\r')[1]!.length).toBeLessThanOrEqual(39 + '\x1b[K'.length);
    expect(terminal.stderr().endsWith('\r\x1b[K')).toBe(true);
  });

  it('says little in a log and nothing when quiet', () => {
    const log = testTerminal();
    const sparse = createProgress(log, false);
    for (let i = 0; i < 100; i++) sparse.fit(progress);
    sparse.note('hello');
    expect(log.stderr()).toBe('hello\n');
    const silent = testTerminal(80);
    const quiet = createProgress(silent, true);
    quiet.fit(progress);
    quiet.note('hello');
    expect(silent.stderr()).toBe('');
  });

  it('tells steps, decibels, rate and time to go', () => {
    expect(fitLine(progress, false)).toBe('900/2,000 steps  30.0 dB  90 steps/s  12 s left');
    expect(fitLine({ ...progress, psnr: Number.NaN, secondsLeft: null, stepsPerSecond: 0 }, true)).toBe('900 steps');
  });
});
