/** decode.py was written from docs/FORMAT.md alone: where it and the program differ, the page or the program is wrong. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const folder = fileURLToPath(new URL('.', import.meta.url));
const python = ['python3', 'python'].find((name) => spawnSync(name, ['--version'], { encoding: 'utf8' }).stdout?.startsWith('Python 3'));
if (!python) console.warn('No Python 3 here: the second decoder was NOT run against the golden files.');

it.skipIf(!python)('a decoder in another language reads every golden file to the same samples', () => {
  const files = readdirSync(folder).filter((name) => name.endsWith('.inr'));
  const { stdout, stderr } = spawnSync(python!, ['decode.py', ...files], { cwd: folder, encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(stdout.trim().split(/\r?\n/).map((line) => line.split(' ').at(-1))).toEqual(files.map(() => 'ok'));
});
