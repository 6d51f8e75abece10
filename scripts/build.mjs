/**
 * Builds kernels and bundles. Does nothing when no input has changed since the last finished build, so that every command
 * may simply call it. Two builds at once would empty each other's output, so the second waits for the first.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runNode } from './run.mjs';

const root = resolve(import.meta.dirname, '..');
const stampFile = join(root, 'out', '.stamp');
const lockFile = join(root, 'node_modules', '.cache', 'inr-studio', 'build.lock');

const inputs = [
  'src-core',
  'src-engine',
  'src-main',
  'src-renderer',
  'shaders',
  'kernels',
  'assets/presets',
  'electron.vite.config.ts',
  'svelte.config.js',
  'package.json',
  'package-lock.json',
  'scripts/build.mjs',
  'scripts/build-kernels.mjs',
];

function* files(path) {
  const entry = join(root, path);
  if (!existsSync(entry)) return;
  let names;
  try {
    names = readdirSync(entry, { withFileTypes: true });
  } catch {
    yield entry;
    return;
  }
  for (const each of names.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const inner = join(path, each.name);
    if (inner === join('kernels', 'build')) continue;
    if (each.isDirectory()) yield* files(inner);
    else if (!each.name.endsWith('.test.ts')) yield join(root, inner);
  }
}

/** A digest of everything that the build reads. */
function fingerprint() {
  const hash = createHash('sha256').update(`${process.version.split('.')[0]}\n`);
  for (const input of inputs) {
    for (const file of files(input)) hash.update(`${relative(root, file)}\n`).update(readFileSync(file)).update('\n');
  }
  return hash.digest('hex');
}

const isBuilt = (print) => existsSync(stampFile) && readFileSync(stampFile, 'utf8') === print && existsSync(join(root, 'kernels', 'build'));

const alive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
};

async function withLock(work) {
  mkdirSync(join(lockFile, '..'), { recursive: true });
  for (;;) {
    try {
      writeFileSync(lockFile, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      const pid = Number(readFileSync(lockFile, { encoding: 'utf8', flag: 'a+' }));
      if (pid > 0 && alive(pid)) await new Promise((done) => setTimeout(done, 200));
      else rmSync(lockFile, { force: true });
    }
  }
  try {
    return await work();
  } finally {
    rmSync(lockFile, { force: true });
  }
}

/**
 * @param {{ quiet?: boolean, force?: boolean }} [options] quiet: says nothing unless it fails
 * @returns {Promise<boolean>} true when something was built
 */
export async function build({ quiet = false, force = false } = {}) {
  if (!force && isBuilt(fingerprint())) return false;
  return withLock(async () => {
    const print = fingerprint();
    if (!force && isBuilt(print)) return false;
    const started = Date.now();
    if (!quiet) console.error('Building...');
    rmSync(stampFile, { force: true });
    // Children, so that their settings of NODE_ENV and their output stay their own.
    const steps = [
      ['kernels', [join(root, 'scripts', 'build-kernels.mjs')]],
      ['bundles', [join(root, 'node_modules', 'electron-vite', 'bin', 'electron-vite.js'), 'build', '--logLevel', 'warn']],
    ];
    for (const [name, args] of steps) {
      if (name === 'kernels' && !existsSync(args[0])) continue;
      const { code, output } = await runNode(args, { cwd: root });
      if (code !== 0) throw new Error(`Building the ${name} failed:\n${output}`);
      if (!quiet && output.trim()) console.error(output.trim());
    }
    // The script `inr` begins with exec, so that signals of npm reach it; the shell of Windows has none, this stands in for it.
    if (process.platform === 'win32') writeFileSync(join(root, 'node_modules', '.bin', 'exec.cmd'), '@%*\r\n');
    mkdirSync(join(root, 'kernels', 'build'), { recursive: true });
    mkdirSync(join(root, 'out'), { recursive: true });
    writeFileSync(stampFile, print);
    if (!quiet) console.error(`Built in ${((Date.now() - started) / 1000).toFixed(1)} s.`);
    return true;
  });
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    const built = await build({ force: process.argv.includes('--force') });
    if (!built) console.error('The build is up to date.');
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}
