import { fileURLToPath } from 'node:url';
import globals from 'globals';
import svelte from 'eslint-plugin-svelte';
import tseslint from 'typescript-eslint';
import svelteConfig from './svelte.config.js';

/**
 * Layers: imports run one way, shells -> services and views -> engines -> core. Each room says by regular expressions what it
 * may NOT import; only shell/electron knows Electron. scripts/layers.test.ts proves that these rules look.
 */
const inside = (...folders) => folders.map((folder) => `(?:^#${folder.replace('src-', '')}/|(?:^|/)${folder}/)`);
const packages = (...names) => names.map((name) => `^${name}(?:/|$)`);

const ENGINE = inside('src-engine');
const MAIN = inside('src-main');
const RENDERER = inside('src-renderer');
const SERVICE = ['(?:^#main|^\\.\\.?|/\\.\\.|src-main)/service/'];
const SHELLS = ['(?:^#main|^\\.\\.?|/\\.\\.|src-main)/shell/'];
const CLI = ['(?:^#main|^\\.\\.?|/\\.\\.|src-main)/cli/'];
const NODE = packages('node:.*', 'fs', 'path', 'os', 'worker_threads', 'child_process');
const VIEWS = packages('three', 'svelte', 'uplot');
const SERVERS = packages('sharp', 'ws', 'webgpu', 'commander');
const ELECTRON = packages('electron');
/** Readers of file formats: in formats/ and nowhere else. */
const FORMATS = ['(?:^#main|^\\.\\.?|/\\.\\.|src-main)/formats/'];

const layer = (files, message, forbidden, ignores = []) => ({
  files,
  ignores: ['**/*.test.ts', ...ignores],
  rules: { 'no-restricted-imports': ['error', { patterns: [{ regex: forbidden.join('|'), message }] }] },
});

const layers = [
  layer(['src-core/**/*.ts'], 'src-core imports nothing outside of itself but valibot.', [...ENGINE, ...MAIN, ...RENDERER, ...NODE, ...VIEWS, ...SERVERS, ...ELECTRON, ...packages('@tensorflow')]),
  layer(['src-engine/**/*.ts'], 'Engines import core alone.', [...MAIN, ...RENDERER, ...VIEWS, ...ELECTRON, ...packages('sharp', 'ws', 'commander')], ['src-engine/surface/**']),
  // three-mesh-bvh is made of three's vectors.
  layer(['src-engine/surface/**/*.ts'], 'Distances and meshes import core and engines.', [...MAIN, ...RENDERER, ...packages('svelte', 'uplot', 'sharp', 'ws', 'commander'), ...ELECTRON]),
  layer(['src-main/formats/**/*.ts'], 'Formats import core alone.', [...ENGINE, ...SERVICE, ...SHELLS, ...CLI, ...RENDERER, ...VIEWS, ...ELECTRON, ...packages('ws', 'webgpu', 'commander')]),
  layer(['src-main/ipc/**/*.ts'], 'The contract imports core alone: both ends read it.', [...ENGINE, ...SERVICE, ...SHELLS, ...CLI, ...RENDERER, ...NODE, ...VIEWS, ...SERVERS, ...ELECTRON]),
  layer(['src-main/service/**/*.ts'], 'Services know no shell.', [...SHELLS, ...CLI, ...RENDERER, ...VIEWS, ...ELECTRON, ...packages('ws', 'commander')]),
  layer(['src-main/shell/*.ts', 'src-main/shell/browser/**/*.ts', 'src-main/cli/**/*.ts'], 'Electron stays in shell/electron.', [...RENDERER, ...VIEWS, ...ELECTRON, '/electron/']),
  layer(['src-main/shell/electron/**/*.ts'], 'Shells import services.', [...RENDERER, ...CLI, ...VIEWS, ...packages('ws'), '/browser/']),
  layer(['src-renderer/**/*.ts', 'src-renderer/**/*.svelte'], 'The renderer imports core, engines and src-main/ipc.', [...SERVICE, ...SHELLS, ...CLI, ...FORMATS, ...NODE, ...SERVERS, ...ELECTRON, '#engine/cpu/', '#engine/webgpu/node'], ['src-renderer/preview/**']),
  layer(['src-renderer/preview/**/*.ts', 'src-renderer/preview/**/*.svelte'], 'The preview imports core and engines.', [...MAIN, ...NODE, ...SERVERS, ...ELECTRON]),
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
      'no-control-regex': 'error',
      'no-empty-pattern': 'error',
      'no-debugger': 'error',
      'no-empty': 'error',
      'no-self-compare': 'error',
      'no-unsafe-finally': 'error',
      'no-unused-private-class-members': 'error',
      'no-useless-escape': 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      // `!= null` asks for null and undefined at once, which is often meant.
      eqeqeq: ['error', 'always', { null: 'ignore' }],
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
    rules: {
      'svelte/no-at-html-tags': 'error',
      // A style attribute in markup is refused by the page's policy; style: directives go through the CSSOM and are not.
      'no-restricted-syntax': ['error', { selector: "SvelteAttribute[key.name='style']", message: 'Use a class or a style: directive.' }],
      // Knows runes: props that are bound or destructured need not be const.
      'prefer-const': 'off',
      'svelte/prefer-const': 'error',
    },
  },
  ...layers,
);
