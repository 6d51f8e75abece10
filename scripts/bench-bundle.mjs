/**
 * Packs the benchmark for a machine that has nothing: `npm run bench:bundle [-- FILE.tar.gz]` writes one archive with Node, Dawn, the
 * wasm files of tfjs and the bundled suites. There: unpack, `./run.sh engines`. Runs where it was packed for: this platform's Linux.
 * What the suites of the app itself need (sharp, browsers, the built app) is left out.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { buildKernels } from './build-kernels.mjs';

const LARGEST = 60e6;
const root = fileURLToPath(new URL('..', import.meta.url));
const archive = resolve(process.argv[2] ?? join(root, 'out', 'bench-bundle.tar.gz'));
const require = createRequire(import.meta.url);
/** Native or large, and not used by the suite `engines`. */
const OUTSIDE = ['webgpu', 'sharp', 'playwright', '@playwright/test'];
/** What a bare machine may lack. Used only where it has none of its own. */
const LIBRARIES = ['libvulkan.so.1', 'libstdc++.so.6', 'libgcc_s.so.1', 'libatomic.so.1'];
const LIBRARY_FOLDERS = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/lib64', '/usr/lib', '/usr/lib/chromium'];

if (process.platform !== 'linux') {
  console.error('bench:bundle packs for Linux and must run there.');
  process.exit(2);
}

async function bundleSuites(folder) {
  await buildKernels();
  await build({
    root,
    configFile: false,
    logLevel: 'error',
    ssr: { noExternal: true, external: OUTSIDE },
    // CommonJS of tfjs that asks where it lies; its wasm files are named by INR_TFJS_WASM.
    define: { __dirname: 'import.meta.dirname', __filename: 'import.meta.filename' },
    build: {
      ssr: 'bench/main.ts',
      outDir: folder,
      emptyOutDir: true,
      target: 'node20',
      rolldownOptions: { output: { entryFileNames: 'main.js', chunkFileNames: 'chunks/[name]-[hash].js' } },
    },
  });
}

/** Node without its symbols, where there is a tool that takes them off. */
function copyNode(target) {
  copyFileSync(realpathSync(process.execPath), target);
  chmodSync(target, 0o755);
  try {
    execFileSync('strip', [target], { stdio: 'ignore' });
    execFileSync(target, ['--version'], { stdio: 'ignore' });
  } catch {
    copyFileSync(realpathSync(process.execPath), target);
  }
}

function copyDawn(modules) {
  const from = dirname(require.resolve('webgpu'));
  const binary = `${process.platform}-${process.arch}`;
  const to = join(modules, 'webgpu');
  mkdirSync(join(to, 'dist'), { recursive: true });
  for (const file of ['package.json', 'index.js', 'LICENSE.md']) copyFileSync(join(from, file), join(to, file));
  cpSync(join(from, 'dist', binary), join(to, 'dist', binary), { recursive: true });
}

/** jax-js is a peer of the suite and no dependency of ours: it goes along where it is installed, or where INR_BENCH_JAX names its folder. */
function copyJax(modules) {
  let from = process.env.INR_BENCH_JAX;
  try {
    from ??= dirname(dirname(require.resolve('@jax-js/jax')));
  } catch {
    return;
  }
  cpSync(from, join(modules, '@jax-js', 'jax'), { recursive: true });
}

function copyTfjsWasm(folder) {
  const from = dirname(require.resolve('@tensorflow/tfjs-backend-wasm'));
  mkdirSync(folder);
  for (const file of ['tfjs-backend-wasm.wasm', 'tfjs-backend-wasm-simd.wasm', 'tfjs-backend-wasm-threaded-simd.wasm']) copyFileSync(join(from, file), join(folder, file));
}

function copyLibraries(folder) {
  mkdirSync(folder);
  for (const library of LIBRARIES) {
    const found = LIBRARY_FOLDERS.map((each) => join(each, library)).find((path) => existsSync(path));
    if (found) {
      mkdirSync(join(folder, library.split('.')[0]));
      copyFileSync(realpathSync(found), join(folder, library.split('.')[0], library));
    }
  }
}

const work = mkdtempSync(join(tmpdir(), 'inr-bench-'));
try {
  const name = 'inr-bench';
  const folder = join(work, name);
  await bundleSuites(join(folder, 'bench'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
  copyFileSync(join(root, 'scripts', 'bench-bundle.sh'), join(folder, 'run.sh'));
  chmodSync(join(folder, 'run.sh'), 0o755);
  copyFileSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  copyNode(join(folder, 'node'));
  copyDawn(join(folder, 'node_modules'));
  copyJax(join(folder, 'node_modules'));
  copyTfjsWasm(join(folder, 'tfjs-wasm'));
  copyLibraries(join(folder, 'lib'));
  mkdirSync(dirname(archive), { recursive: true });
  execFileSync('tar', ['--create', '--use-compress-program', 'gzip -9', '--file', archive, '--owner=0', '--group=0', '-C', work, name]);
} finally {
  rmSync(work, { recursive: true, force: true });
}
const { size } = statSync(archive);
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
if (size > LARGEST) {
  rmSync(archive);
  console.error(`The archive would take ${(size / 1e6).toFixed(1)} MB and may take ${LARGEST / 1e6}; it was removed.`);
  process.exit(1);
}
console.log(`${archive}: ${(size / 1e6).toFixed(1)} MB, INR Studio ${version}, Node ${process.version}, ${process.platform}-${process.arch}. There: tar xzf, then inr-bench/run.sh engines`);
