import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

/** TypeScript in components; styles become files, never style elements, since the page's policy refuses inline styles. */
export default {
  preprocess: vitePreprocess(),
  compilerOptions: { runes: true, css: 'external' },
};
