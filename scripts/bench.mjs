// Bundles bench/main.ts for Node and runs it: `npm run bench` (everything) or `npm run bench -- first-light [options]`.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { buildKernels } from './build-kernels.mjs';

/** Suites that measure no app: they do not wait for its build. */
const KERNELS_ONLY = ['peak', 'kernels', 'surfaces'];

const root = fileURLToPath(new URL('..', import.meta.url));
const suite = process.argv.slice(2).find((argument) => !argument.startsWith('--'));
if (KERNELS_ONLY.includes(suite)) {
  await buildKernels();
} else {
  const built = spawnSync(process.execPath, ['scripts/build.mjs'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  if (built.status !== 0) process.exit(built.status ?? 1);
}
await build({
  root,
  configFile: false,
  logLevel: 'warn',
  build: { ssr: 'bench/main.ts', outDir: 'out/bench', emptyOutDir: true, target: 'node20', rollupOptions: { output: { entryFileNames: 'main.js' } } },
});
const run = spawnSync(process.execPath, ['out/bench/main.js', ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' });
process.exit(run.status ?? 1);
