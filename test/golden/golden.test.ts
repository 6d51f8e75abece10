import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { encodeFile } from '#core/coding/file';
import { unpackFile } from '#core/coding/pack';
import { sampleBytes } from '#core/coding/sha256';
import { synthesize } from '#core/coding/synthesis';
import { synthesizeLocally } from '#engine/cpu/exact-local';
import { GOLDEN_CASES, makeGolden } from './cases';

const path = (name: string): URL => new URL(name, import.meta.url);
const EXPECTED = path('expected.json');

if (process.env['UPDATE_GOLDEN']) {
  const expected: Record<string, string> = {};
  for (const golden of GOLDEN_CASES) {
    const { bytes, sha256 } = await makeGolden(golden);
    writeFileSync(path(`${golden.name}.inr`), bytes);
    expected[golden.name] = sha256;
  }
  writeFileSync(EXPECTED, `${JSON.stringify(expected, null, 2)}\n`);
}

const expected = JSON.parse(existsSync(EXPECTED) ? readFileSync(EXPECTED, 'utf8') : '{}') as Record<string, string>;

describe('golden files', () => {
  it('are all there, and no others', () => {
    const files = readdirSync(path('.')).filter((name) => name.endsWith('.inr'));
    expect(files.sort()).toEqual(GOLDEN_CASES.map(({ name }) => `${name}.inr`).sort());
    expect(Object.keys(expected).sort()).toEqual(GOLDEN_CASES.map(({ name }) => name).sort());
  });

  it.each(GOLDEN_CASES)('$name decodes to its samples and encodes to its bytes', async ({ name, header, field, residual }) => {
    const bytes = new Uint8Array(readFileSync(path(`${name}.inr`)));
    const { content, samples } = await unpackFile(bytes, synthesize);
    expect(createHash('sha256').update(sampleBytes(samples)).digest('hex')).toBe(expected[name]);
    expect(content.sha256).toBe(expected[name]);
    expect(content.header).toEqual(header);
    expect(content.field).toEqual(field);
    expect(new Set(samples).size).toBeGreaterThan(50); // a constant picture would prove little
    expect(encodeFile(content, content.ancillary)).toEqual(bytes);
    expect((await unpackFile(bytes, synthesizeLocally)).samples).toEqual(samples);
    expect(new TextDecoder('latin1').decode(bytes).includes('RESI')).toBe(residual !== undefined);
  });
});
