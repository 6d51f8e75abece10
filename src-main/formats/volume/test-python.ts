/** Other people's readers and writers, in Python, for tests: what they write is read here, and what is written here they read. */
import { spawnSync } from 'node:child_process';

/** A Python 3 that has these modules; null, and a warning of what is not tested, where there is none. */
export function pythonWith(...modules: readonly string[]): string | null {
  const found = ['python3', 'python'].find((name) => spawnSync(name, ['-c', modules.map((module) => `import ${module}`).join('\n')]).status === 0);
  if (found === undefined) console.warn(`No Python with ${modules.join(' and ')} here: files were NOT checked against ${modules.at(-1)}.`);
  return found ?? null;
}

/** What a script prints as JSON. */
export function runPython(python: string, script: string, folder: string, ...words: readonly string[]): unknown {
  const { stdout, stderr, status } = spawnSync(python, ['-c', script, ...words], { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}
