import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from '@playwright/test';

/** All of them are needed for a software GPU that both computes and shows a WebGPU canvas in a page. */
const SOFTWARE_GPU = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--use-angle=swiftshader', '--use-vulkan=swiftshader', '--enable-features=Vulkan'];
const QUIET = ['--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run', '--disable-quic'];

/** scripts/test.mjs names the browser that it found; without it Playwright's own, or Debian's. */
const debian = '/usr/bin/chromium';
const executablePath = process.env.INR_BROWSER ?? (existsSync(debian) ? debian : undefined);
const isRoot = process.getuid?.() === 0;

/** Where Electron's binary is: its specs run there alone. */
const electronNote = join(import.meta.dirname, 'node_modules', 'electron', 'path.txt');
const hasElectron = existsSync(electronNote) && existsSync(join(import.meta.dirname, 'node_modules', 'electron', 'dist', readFileSync(electronNote, 'utf8')));

export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results',
  timeout: 120_000,
  expect: { timeout: 15_000 },
  // One window at a time: a software GPU takes every core.
  workers: 1,
  forbidOnly: Boolean(process.env.CI),
  reporter: [['list'], ['json', { outputFile: 'test-results/e2e.json' }]],
  use: {
    viewport: { width: 1280, height: 800 },
    screenshot: 'only-on-failure',
    trace: 'retain-on-failure',
    launchOptions: { executablePath, args: [...SOFTWARE_GPU, ...QUIET, ...(isRoot ? ['--no-sandbox'] : [])] },
  },
  projects: [
    { name: 'browser', testIgnore: /electron/ },
    ...(hasElectron ? [{ name: 'electron', testMatch: /electron/ }] : []),
  ],
});
