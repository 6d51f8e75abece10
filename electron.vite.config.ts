/**
 * Three bundles: main (Electron's entry, the command line and the browser shell; ES modules for Node), preload (CommonJS: a
 * sandboxed preload cannot be an ES module) and renderer (chunks; three and tfjs load when they are needed).
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'electron-vite';
import type { Plugin } from 'vite';
import { META_CONTENT_SECURITY_POLICY } from './src-main/shell/policy';

const here = import.meta.dirname;
const at = (path: string): string => resolve(here, path);

/** An entry is left out while its source does not exist. */
const entries = (inputs: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(inputs).filter(([, path]) => existsSync(path)));

/** Puts the policy into the built page, first in its head so that it holds for everything after it. */
const contentSecurityPolicy: Plugin = {
  name: 'content-security-policy',
  apply: 'build',
  transformIndexHtml: () => [
    { tag: 'meta', injectTo: 'head-prepend', attrs: { 'http-equiv': 'Content-Security-Policy', content: META_CONTENT_SECURITY_POLICY } },
  ],
};

const rendererInputs: Record<string, string> = existsSync(at('src-renderer/main.ts')) ? { index: at('src-renderer/index.html') } : {};
const mainInputs = entries({
  electron: at('src-main/shell/electron/main.ts'),
  cli: at('src-main/cli/main.ts'),
  serve: at('src-main/shell/browser/serve.ts'),
});

export default defineConfig({
  main: {
    build: {
      outDir: at('out/main'),
      // The command line runs on the user's Node, the app on Electron's, which is newer.
      target: 'node20.19',
      // Small and needed at every start: bundled, so that `inr --version` opens few files.
      externalizeDeps: { exclude: ['commander', 'valibot'] },
      rolldownOptions: {
        input: mainInputs,
        checks: { pluginTimings: false },
        output: { entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
      },
    },
  },
  preload: {
    build: {
      outDir: at('out/preload'),
      target: 'node20.19',
      externalizeDeps: false,
      rolldownOptions: {
        input: entries({ index: at('src-main/preload/index.ts') }),
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  ...(Object.keys(rendererInputs).length > 0 && {
    renderer: {
      root: at('src-renderer'),
      plugins: [svelte({ configFile: at('svelte.config.js') }), contentSecurityPolicy],
      build: {
        outDir: at('out/renderer'),
        // What the WebGPU code needs anyway; the browser shell meets other Chromiums than Electron's.
        target: 'chrome125',
        minify: true,
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        chunkSizeWarningLimit: 2000,
        rolldownOptions: { input: rendererInputs, checks: { pluginTimings: false } },
      },
    },
  }),
});
