import { describe, expect, it } from 'vitest';
import { neededBytes, rawSuggestions, rawVerdict, type RawForm } from './raw-shape';

const form = (change: Partial<RawForm>): RawForm => ({ shape: [NaN, NaN, NaN], type: 'uint8', channels: 1, skipBytes: 0, ...change });
const labels = (given: RawForm, bytes: number): string[] => rawSuggestions(given, bytes).map(({ label }) => label);

describe('a description of raw voxels', () => {
  it('is held against the bytes of the file', () => {
    const complete = form({ shape: [30, 20, 10], type: 'int16', channels: 2, skipBytes: 7 });
    expect(neededBytes(complete)).toBe(30 * 20 * 10 * 2 * 2 + 7);
    expect(rawVerdict(complete, 24_007)).toMatchObject({ fits: true });
    expect(rawVerdict(complete, 24_000)).toMatchObject({ fits: false, words: expect.stringContaining('7 fewer') });
    expect(rawVerdict(complete, 25_007)).toMatchObject({ fits: false, words: expect.stringMatching(/1 000 more/) });
  });

  it('is not complete without three extents, or with fractions', () => {
    for (const shape of [[NaN, 2, 3], [0, 2, 3], [1.5, 2, 3], [-1, 2, 3]] as [number, number, number][]) expect(neededBytes(form({ shape }))).toBeNull();
    expect(neededBytes(form({ shape: [1, 1, 1], skipBytes: -1 }))).toBeNull();
  });
});

describe('what would fit', () => {
  it('is a cube or square slices where no extent is known', () => {
    expect(labels(form({}), 64 ** 3)[0]).toBe('64 × 64 × 64');
    expect(labels(form({ type: 'uint16' }), 2 * 181 * 181 * 217)).toContain('181 × 181 × 217');
  });

  it('is the third extent where two are known', () => {
    expect(labels(form({ shape: [37, 41, NaN] }), 37 * 41 * 13)[0]).toBe('37 × 41 × 13');
    expect(labels(form({ shape: [NaN, 41, 13] }), 37 * 41 * 13)[0]).toBe('37 × 41 × 13');
  });

  it('is another type, more channels or a header where the extents are right', () => {
    expect(labels(form({ shape: [37, 41, 13] }), 2 * 37 * 41 * 13)).toEqual(['uint16', '2 channels', '37 × 41 × 26', '74 × 41 × 13']);
    expect(labels(form({ shape: [37, 41, 13] }), 3 * 37 * 41 * 13)[0]).toBe('3 channels');
    expect(labels(form({ shape: [37, 41, 13] }), 37 * 41 * 13 + 352)[0]).toBe('skip 352 bytes');
  });

  it('always fits to the byte, and is nothing where nothing does', () => {
    for (const bytes of [1_000_000, 8_388_608, 7_109_137, 123_457, 2_097_152]) {
      for (const given of [form({}), form({ type: 'float32' }), form({ shape: [100, 100, NaN] }), form({ shape: [10, 10, 10], channels: 3 })]) {
        for (const { form: suggested } of rawSuggestions(given, bytes)) expect(neededBytes(suggested)).toBe(bytes);
      }
    }
    expect(labels(form({}), 1_000_003)).toEqual([]);
  });
});
