import { fileURLToPath } from 'node:url';
import globals from 'globals';
import svelte from 'eslint-plugin-svelte';
import tseslint from 'typescript-eslint';
import svelteConfig from './svelte.config.js';

/**
 * Layers: imports run one way, shells -> services and views -> engines -> core. Each room lists what it may NOT import;
 * `names` are the aliases and folders of other rooms, `packages` what only other rooms may use.
 */
const rooms = {
  core: ['#core/*', 'src-core'],
  engine: ['#engine/*', 'src-engine'],
  main: ['#main/*', 'src-main'],
  renderer: ['src-renderer'],
  shells: ['#main/shell/*', 'src-main/shell', 'shell/electron', 'shell/browser'],
  cli: ['#main/cli/*', 'src-main/cli'],
};
const folder = (name) => (name.startsWith('#') ? [name, `${name}*`] : [`**/${name}/**`]);
const NODE = ['node:*', 'node:*/**', 'fs', 'path', 'os', 'worker_threads', 'child_process'];
const HEAVY = ['electron', 'sharp', 'ws', 'webgpu', 'three', 'three/**', 'svelte', 'svelte/**', 'commander', '@tensorflow/*'];

const layer = (files, forbidden, message, extra = {}) => ({
  files,
  ignores: ['**/*.test.ts', ...(extra.ignores ?? [])],
  rules: {
    'no-restricted-imports': ['error', { patterns: [{ group: [...forbidden.flatMap(folder), ...(extra.packages ?? [])], message, allowTypeImports: extra.types ?? false }] }],
  },
});

/** Only these may touch a GPUDevice, and only shell/ knows which shell it is in. */
const layers = [
  layer(['src-core/**/*.ts'], [...rooms.engine, ...rooms.main, ...rooms.renderer], 'src-core imports nothing outside of itself but valibot.', { packages: [...NODE, ...HEAVY] }),
  layer(['src-engine/**/*.ts'], [...rooms.main, ...rooms.renderer], 'Engines import core alone.', { packages: ['electron', 'sharp', 'ws', 'three', 'three/**', 'svelte', 'commander'] }),
  layer(['src-main/ipc/**/*.ts'], [...rooms.renderer, ...rooms.shells, ...rooms.cli, 'service'], 'The contract imports core alone: both ends read it.', { packages: [...NODE, ...HEAVY] }),
  layer(['src-main/service/**/*.ts'], [...rooms.renderer, ...rooms.shells, ...rooms.cli], 'Services know no shell.', { packages: ['electron', 'ws', 'commander', 'three', 'three/**', 'svelte'] }),
  layer(['src-main/shell/browser/**/*.ts', 'src-main/cli/**/*.ts'], [...rooms.renderer, 'shell/electron'], 'Electron stays in shell/electron.', { packages: ['electron', 'three', 'three/**', 'svelte'] }),
  layer(['src-main/shell/electron/**/*.ts'], [...rooms.renderer, ...rooms.cli, 'shell/browser'], 'Shells import services.', { packages: ['three', 'three/**', 'svelte', 'ws'] }),
  layer(['src-renderer/**/*.ts', 'src-renderer/**/*.svelte'], ['#main/service/*', 'src-main/service', ...rooms.shells, ...rooms.cli], 'The renderer imports core, engines and src-main/ipc.', {
    packages: [...NODE, 'electron', 'sharp', 'ws', 'webgpu', 'commander', '**/engine/cpu/*', '#engine/cpu/*', '#engine/webgpu/node'],
    ignores: ['src-renderer/preview/**'],
  }),
  layer(['src-renderer/preview/**/*.ts', 'src-renderer/preview/**/*.svelte'], ['#main/*', 'src-main'], 'The preview imports core and engines.', { packages: [...NODE, 'electron', 'sharp', 'ws', 'webgpu'] }),
];

export default tseslint.config(
  { ignores: ['out/**', 'dist/**', 'node_modules/**', 'kernels/assembly/**', 'kernels/build/**', '**/*.as.ts', 'test-results/**', 'playwright-report/**', '.cache/**'] },
  ...tseslint.configs.recommended,
  ...svelte.configs.recommended,
  {
    languageOptions: { globals: { ...globals.node, ...globals.browser } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'max-lines': ['error', 450],
      // Of ESLint's own rules, those that TypeScript does not check already.
      'no-constant-condition': ['error', { checkLoops: false }],
      'no-control-regex': 'off',
      'no-debugger': 'error',
      'no-empty': 'error',
      'no-self-compare': 'error',
      'no-unsafe-finally': 'error',
      'no-unused-private-class-members': 'error',
      'no-useless-escape': 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'require-atomic-updates': 'off',
      eqeqeq: 'error',
      'no-eval': 'error',
      'no-implied-eval': 'error',
      'no-new-func': 'error',
      // TypeScript knows better what is defined.
      'no-undef': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports', disallowTypeAnnotations: false }],
    },
  },
  {
    // With types: promises that nobody waits for are lost errors.
    files: ['src-*/**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: fileURLToPath(new URL('.', import.meta.url)) } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
      '@typescript-eslint/await-thenable': 'error',
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: tseslint.parser, extraFileExtensions: ['.svelte'], svelteConfig } },
    rules: { 'svelte/no-at-html-tags': 'error', 'svelte/no-inline-styles': 'error' },
  },
  ...layers,
);
