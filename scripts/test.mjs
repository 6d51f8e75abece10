/**
 * npm test: everything that says whether the project is right. Installs what is missing, builds, then types, lint, unit tests
 * and end-to-end specs, each to its end even when an earlier one failed. The last line is `N passed, N failed` over all.
 *
 *   --only types,lint,unit,e2e    some of them
 *
 * What cannot be tested here is a failure, not a skip; only the specs that need Electron's binary, which many machines cannot
 * fetch, are left out, and loudly.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from './build.mjs';
import { findChromium, findElectron } from './browsers.mjs';
import { ensureInstalled, root } from './install.mjs';
import { run, runNode } from './run.mjs';

const results = join(root, 'test-results');
const bin = (...path) => join(root, 'node_modules', ...path);

/** Runs a suite with its output on this terminal. */
function show(args, env = {}) {
  return new Promise((done) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...env } });
    child.on('error', () => done(127));
    child.on('close', (code) => done(code ?? 1));
  });
}

const readReport = (file) => (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null);

/** A suite that ended badly without a failed test (a crash, no tests) still counts as one failure. */
const withCode = (code, counts) => (code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts);

async function lint() {
  const code = await show([bin('eslint', 'bin', 'eslint.js'), '.', '--max-warnings', '0', '--cache', '--cache-location', join(root, 'node_modules', '.cache', 'inr-studio', 'eslint')]);
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

async function unit(env) {
  const file = join(results, 'unit.json');
  const code = await show([bin('vitest', 'vitest.mjs'), 'run', '--reporter=dot', '--reporter=json', `--outputFile.json=${file}`], env);
  const report = readReport(file);
  // A file that does not even load has no failed test of its own.
  const unloaded = report?.testResults.filter(({ status, assertionResults }) => status === 'failed' && !assertionResults.some((each) => each.status === 'failed')).length ?? 1;
  return withCode(code, { passed: report?.numPassedTests ?? 0, failed: (report?.numFailedTests ?? 0) + unloaded, skipped: (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0) });
}

async function e2e(env) {
  const file = join(results, 'e2e.json');
  const code = await show([bin('@playwright', 'test', 'cli.js'), 'test'], env);
  const stats = readReport(file)?.stats;
  return withCode(code, { passed: (stats?.expected ?? 0) + (stats?.flaky ?? 0), failed: stats?.unexpected ?? 0, skipped: stats?.skipped ?? 0 });
}

/** A Chromium for the specs: an installed one, Playwright's download, Debian's package. Throws with what to install. */
async function ensureChromium() {
  const found = await findChromium();
  if (found) return found;
  console.log('No Chromium found; fetching one...');
  await runNode([bin('playwright', 'cli.js'), 'install', 'chromium'], { cwd: root, show: true, timeout: 300_000 });
  const fetched = await findChromium();
  if (fetched) return fetched;
  if (process.platform === 'linux' && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    await run('apt-get', ['update'], { show: true, env });
    await run('apt-get', ['install', '-y', '--no-install-recommends', 'chromium', 'libvulkan1', 'fonts-dejavu-core'], { show: true, env });
    const packaged = await findChromium();
    if (packaged) return packaged;
  }
  throw new Error('The end-to-end specs need Chromium: install it (Debian: apt-get install chromium libvulkan1), or name one by INR_BROWSER=/path/to/it.');
}

/** Where Chromium keeps the software GPU's Vulkan driver, for the specs of the webgpu engine in Node. */
function softwareGpu(browser) {
  if (process.platform !== 'linux') return {};
  const candidates = [process.env.VK_ICD_FILENAMES, '/usr/lib/chromium/vk_swiftshader_icd.json', join(dirname(browser), 'vk_swiftshader_icd.json')];
  const driver = candidates.find((path) => path && existsSync(path));
  return driver ? { VK_ICD_FILENAMES: driver } : {};
}

/** The webgpu engine is tested on a software adapter; without one its tests would have nothing to say. */
async function checkAdapter(env) {
  const script = `
    import { create, globals } from 'webgpu';
    Object.assign(globalThis, globals);
    const adapter = await create([]).requestAdapter();
    if (!adapter) process.exit(3);
    console.log(adapter.info.description || adapter.info.device || adapter.info.vendor || 'an adapter');
    process.exit(0);`;
  const { code, output } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: root, env, timeout: 60_000 });
  if (code === 0) {
    console.log(`WebGPU in Node: ${output.trim().split('\n').at(-1)}.`);
    return { passed: 1, failed: 0 };
  }
  console.log(`FAIL There is no WebGPU adapter for Node, not even a software one. Install libvulkan1 and chromium (whose SwiftShader serves), or a GPU driver. ${output.trim().split('\n').at(-1) ?? ''}`);
  return { passed: 0, failed: 1 };
}

const SUITES = ['types', 'lint', 'adapter', 'unit', 'e2e'];

async function main() {
  const option = process.argv.indexOf('--only');
  const only = option > 0 ? (process.argv[option + 1] ?? '').split(',') : SUITES;
  const unknown = only.find((each) => !SUITES.includes(each));
  if (unknown !== undefined) throw new Error(`No suite "${unknown}". There are: ${SUITES.join(', ')}.`);
  const totals = [];
  const note = (name, counts) => totals.push({ name, ...counts });
  const timed = async (name, work) => {
    if (!only.includes(name)) return;
    console.log(`\n=== ${name}`);
    const started = Date.now();
    note(name, { ...(await work()), seconds: (Date.now() - started) / 1000 });
  };

  await ensureInstalled();
  await build();
  rmSync(results, { recursive: true, force: true });
  mkdirSync(results, { recursive: true });
  // Needs the dependencies, so it cannot be imported above.
  const { types } = await import('./types.mjs');
  await timed('types', types);
  await timed('lint', lint);

  let env = {};
  let browser = null;
  if (['adapter', 'unit', 'e2e'].some((each) => only.includes(each))) {
    try {
      browser = await ensureChromium();
      const runtime = process.env.XDG_RUNTIME_DIR ?? join(results, 'runtime');
      mkdirSync(runtime, { recursive: true, mode: 0o700 });
      env = { ...softwareGpu(browser), XDG_RUNTIME_DIR: runtime };
    } catch (error) {
      console.log(`FAIL ${error.message}`);
      note('browser', { passed: 0, failed: 1 });
    }
  }
  await timed('adapter', () => checkAdapter({ ...process.env, ...env }));
  await timed('unit', () => unit(env));
  if (browser) await timed('e2e', () => e2e({ INR_BROWSER: browser }));

  console.log('');
  for (const { name, passed, failed, skipped = 0, seconds = 0 } of totals) {
    console.log(`${name.padEnd(8)} ${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''} (${seconds.toFixed(0)} s)`);
  }
  if (only.includes('unit') && process.env.INR_LONG !== '1') console.log('SKIPPED  the soak of 10^5 steps (src-engine/soak.test.ts): it takes an hour. INR_LONG=1 npm test runs it.');
  if (!findElectron()) console.log('SKIPPED  the Electron specs (e2e/*electron*): Electron\'s binary is not on this machine. `npm start -- --shell electron` fetches it.');
  return totals.reduce((sum, { passed, failed }) => ({ passed: sum.passed + passed, failed: sum.failed + failed }), { passed: 0, failed: 0 });
}

let counts;
try {
  counts = await main();
} catch (error) {
  console.error(error.message);
  counts = { passed: 0, failed: 1 };
}
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exit(counts.failed > 0 ? 1 : 0);
