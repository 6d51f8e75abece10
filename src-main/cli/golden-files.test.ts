import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { GOLDEN_CASES } from '../../test/golden/cases';
import { runCommandLine } from './program';
import { testTerminal } from './test-terminal';

const folder = new URL('../../test/golden/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.inr'));

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const terminal = testTerminal();
  const code = await runCommandLine(args, terminal);
  return { code, out: terminal.stdout(), err: terminal.stderr() };
}

describe('inr info and inr validate', () => {
  it.each(files)('know what %s is, down to its samples', async (name) => {
    const path = fileURLToPath(new URL(name, folder));
    const { field } = GOLDEN_CASES.find((golden) => `${golden.name}.inr` === name)!;
    expect(await run('validate', path)).toMatchObject({ code: 0, err: '' });
    expect(JSON.parse((await run('info', path, '--json')).out)).toMatchObject({ field });
    const { code, out } = await run('info', path);
    expect(code).toBe(0);
    expect(out).toContain('head.weight');
    if (field.residual) expect(out).toContain('residual');
    if (field.head) expect(out).toContain(field.head);
    if ('levels' in field.encoding) for (let level = 0; level < field.encoding.levels; level++) expect(out).toContain(`grid${level}`);
  });
});
