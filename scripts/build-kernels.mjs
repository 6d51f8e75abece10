/**
 * Compiles kernels/assembly/{trainer,exact}.ts with AssemblyScript to kernels/build/NAME.wasm and to NAME.wasm.ts, the same
 * bytes as a base64 string: tests, bundles and browsers then load a kernel as an ordinary module, with no path to resolve.
 * Likewise threads that are TypeScript (WORKERS): each bundled into one text, kernels/build/NAME.ts.
 * Nothing is done when the inputs are unchanged. Usage: node scripts/build-kernels.mjs [--force] [--text]
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const sources = join(root, 'kernels', 'assembly');
const build = join(root, 'kernels', 'build');

/** The threads share one imported memory; the exact decoder also runs on one thread, in browsers that have no shared memory. */
const COMMON = ['--runtime', 'stub', '--enable', 'simd', '--optimizeLevel', '3', '--shrinkLevel', '0', '--converge', '--noAssert', '--importMemory', '--noExportMemory', '--maximumMemory', '65536', '--use', 'abort='];
const SHARED = [...COMMON, '--enable', 'threads', '--sharedMemory', '--initialMemory', '2'];
/** Each kernel with its source; `trainer-relaxed` is the trainer with fused multiply-adds (kernels/assembly/fused.ts). */
const KERNELS = {
  trainer: { source: 'trainer', flags: SHARED },
  'trainer-relaxed': { source: 'trainer', flags: [...SHARED, '--enable', 'relaxed-simd'] },
  exact: { source: 'exact', flags: [...COMMON, '--initialMemory', '2'] },
  'exact-shared': { source: 'exact', flags: SHARED },
  // Measured against, never shipped.
  peak: { source: 'peak', flags: [...COMMON, '--initialMemory', '2'] },
  'peak-relaxed': { source: 'peak', flags: [...COMMON, '--initialMemory', '2', '--enable', 'relaxed-simd'] },
};

function fingerprint() {
  const hash = createHash('sha256');
  const files = [fileURLToPath(import.meta.url), join(root, 'kernels', 'slots.ts'), join(root, 'node_modules', 'assemblyscript', 'package.json')];
  for (const name of readdirSync(sources).sort()) if (name.endsWith('.ts')) files.push(join(sources, name));
  for (const file of files) hash.update(readFileSync(file)).update('\0');
  return hash.digest('hex');
}

const inFolder = (folder, ...names) => names.map((name) => `${folder}/${name}.ts`);
/** Threads with the name of their text and all that it is made of. */
const WORKERS = {
  'distance-worker': { source: 'src-engine/surface/worker.ts', text: 'distanceWorker', inputs: inFolder('src-engine/surface', 'distance', 'winding') },
  'residual-worker': {
    source: 'src-engine/cpu/residual-worker.ts',
    text: 'residualWorker',
    inputs: [
      ...inFolder('src-core', 'signal/signal', 'coding/range-coder'),
      ...inFolder('src-core/coding/residual', 'bricks', 'coefficients', 'dequantization', 'mixing', 'neighbourhood', 'residual', 'wavelet'),
    ],
  },
};
const COMMON_INPUTS = ['scripts/build-kernels.mjs', 'package-lock.json', 'src-core/errors.ts'];

/** Bundles a thread where it is out of date; returns whether. */
async function buildWorker(name, { source, text, inputs }, force) {
  const target = join(build, `${name}.ts`);
  const hash = createHash('sha256');
  for (const file of [...COMMON_INPUTS, source, ...inputs]) hash.update(readFileSync(join(root, file))).update('\0');
  const header = `/** ${source} with all that it imports, bundled by scripts/build-kernels.mjs. Inputs: ${hash.digest('hex')} */\n`;
  if (!force && existsSync(target) && readFileSync(target, 'utf8').startsWith(header)) return false;
  const vite = await import('vite');
  const { output } = await vite.build({
    root,
    configFile: false,
    logLevel: 'error',
    ssr: { noExternal: true },
    build: { ssr: source, write: false, minify: true, target: 'node20', rolldownOptions: { output: { format: 'cjs', codeSplitting: false } } },
  });
  mkdirSync(build, { recursive: true });
  writeFileSync(target, `${header}export const ${text} =\n  ${JSON.stringify(output[0].code)};\n`);
  return true;
}

/** Builds what is out of date; returns the names that were compiled. Throws with the compiler's messages. */
export async function buildKernels({ force = false, text = false } = {}) {
  const bundled = [];
  for (const [name, worker] of Object.entries(WORKERS)) if (await buildWorker(name, worker, force)) bundled.push(name);
  return [...(await compileKernels(force, text)), ...bundled];
}

async function compileKernels(force, text) {
  const stamp = join(build, 'inputs.sha256');
  const now = fingerprint();
  const complete = Object.keys(KERNELS).every((name) => existsSync(join(build, `${name}.wasm.ts`)));
  if (!force && !text && complete && existsSync(stamp) && readFileSync(stamp, 'utf8') === now) return [];
  mkdirSync(build, { recursive: true });
  const asc = await import('assemblyscript/asc');
  for (const [name, { source, flags }] of Object.entries(KERNELS)) {
    const outputs = ['--outFile', `kernels/build/${name}.wasm`, ...(text ? ['--textFile', `kernels/build/${name}.wat`] : [])];
    const { error, stdout, stderr } = await asc.main([`kernels/assembly/${source}.ts`, '--baseDir', root, ...outputs, ...flags]);
    if (error) throw new Error(`kernels/assembly/${source}.ts does not compile:\n${stdout.toString()}${stderr.toString()}`, { cause: error });
    const bytes = readFileSync(join(build, `${name}.wasm`));
    const header = `/** Compiled from kernels/assembly/${source}.ts by scripts/build-kernels.mjs; ${bytes.length} bytes. */\n`;
    writeFileSync(join(build, `${name}.wasm.ts`), `${header}export const wasmBase64 =\n  '${bytes.toString('base64')}';\n`);
  }
  writeFileSync(stamp, now);
  return Object.keys(KERNELS);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const built = await buildKernels({ force: process.argv.includes('--force'), text: process.argv.includes('--text') });
  console.error(built.length === 0 ? 'kernels: up to date' : `kernels: compiled ${built.join(', ')}`);
}
