import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { tuningFile } from './tuning-file';

const folder = mkdtempSync(join(tmpdir(), 'tunings-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('keeps choices from one process to the next, and what others wrote', () => {
  const path = join(folder, 'deep', 'kernels.json');
  const one = tuningFile(path);
  expect(one.get('a')).toBeNull();
  one.set('a', 'x');
  const other = tuningFile(path);
  other.set('b', 'y');
  one.set('a', 'z');
  expect([other.get('a'), one.get('b')]).toEqual(['z', 'y']);
  expect(readdirSync(join(folder, 'deep'))).toEqual(['kernels.json']);
});

it('takes a damaged file for an empty one, and a place that cannot be written for none', () => {
  const path = join(folder, 'damaged.json');
  for (const text of ['{"a"', '[1]', 'null', '{"a":1}']) {
    writeFileSync(path, text);
    expect(tuningFile(path).get('a')).toBeNull();
  }
  const nowhere = tuningFile(join(path, 'kernels.json'));
  nowhere.set('a', 'x');
  expect(nowhere.get('a')).toBeNull();
});
