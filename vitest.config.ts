import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [svelte({ configFile: './svelte.config.js' })],
  test: {
    include: ['{src-core,src-engine,src-main,src-renderer,test,kernels,scripts,bench}/**/*.test.ts'],
    environment: 'node',
    // Numerical tests are long on machines with few cores; a hang still ends.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // A test that imports nothing heavy must not wait behind one that fits: one file a worker, as many as there are cores.
    fileParallelism: true,
  },
});
