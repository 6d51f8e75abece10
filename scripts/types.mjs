/**
 * Type checks: TypeScript, Svelte, and a canary: a file with a deliberate error that each checker must find, since a checker
 * that looks at no files also finds no errors. Prints `N passed, N failed`.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from './build.mjs';
import { root } from './install.mjs';
import { runNode } from './run.mjs';

const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
const svelteCheck = join(root, 'node_modules', 'svelte-check', 'bin', 'svelte-check');
/** Outside of what the project's own settings include. */
const canaryFolder = join(root, '.cache', 'canary');
const svelteSettings = join(root, '.cache', 'svelte-check.json');

/** Small programs of their own, with the project's settings, so that the canaries cost little. */
function writeSettings() {
  mkdirSync(canaryFolder, { recursive: true });
  // Only what the window reaches, and what declares types for it: the rest is TypeScript's.
  writeFileSync(svelteSettings, JSON.stringify({ extends: '../tsconfig.json', include: ['../src-renderer', '../src-main/**/*.d.ts'] }));
  writeFileSync(join(canaryFolder, 'tsconfig.json'), JSON.stringify({ extends: '../../tsconfig.json', include: ['./*'] }));
  writeFileSync(join(canaryFolder, 'canary.ts'), "export const count: number = 'not a number';\n");
  writeFileSync(join(canaryFolder, 'Canary.svelte'), '<script lang="ts">\n  const size: number = \'not a number\';\n</script>\n\n{size}\n');
}

const checks = [
  { name: 'TypeScript', args: [tsc, '-p', root, '--pretty', 'false'] },
  { name: 'Svelte', args: [svelteCheck, '--workspace', join(root, 'src-renderer'), '--tsconfig', svelteSettings, '--output', 'human', '--fail-on-warnings'] },
  { name: 'TypeScript finds a deliberate error', args: [tsc, '-p', canaryFolder, '--pretty', 'false'], expects: /canary\.ts.*TS2322/ },
  { name: 'Svelte finds a deliberate error', args: [svelteCheck, '--workspace', canaryFolder, '--tsconfig', join(canaryFolder, 'tsconfig.json'), '--output', 'machine'], expects: /Canary\.svelte.*not assignable/ },
];

/** @returns {Promise<{ passed: number, failed: number }>} */
export async function types() {
  const counts = { passed: 0, failed: 0 };
  writeSettings();
  try {
    // Together: each is one thread, and most machines have two.
    const runs = checks.map(async (check) => ({ ...check, ...(await runNode(check.args, { cwd: root })) }));
    for (const run of runs) {
      const { name, expects, code, output } = await run;
      const passed = expects ? code !== 0 && expects.test(output) : code === 0;
      counts[passed ? 'passed' : 'failed']++;
      console.log(`${passed ? 'ok  ' : 'FAIL'} ${name}`);
      if (!passed) console.log(output.trim());
    }
  } finally {
    rmSync(canaryFolder, { recursive: true, force: true });
  }
  return counts;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await build();
  const { passed, failed } = await types();
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed > 0 ? 1 : 0);
}
