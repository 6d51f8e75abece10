/** Matcaps as colours: for the shader in linear light, for the buttons as gradients. Without three, so that a panel costs nothing. */
import type { Rgb } from '../colormap';
import type { MatcapName } from './surface-view';

/** Colours in linear light: in the dark, in half light, in the light, along the rim. */
export const MATCAPS: Readonly<Record<MatcapName, { readonly label: string; readonly colours: readonly [Rgb, Rgb, Rgb, Rgb]; readonly gloss: number }>> = {
  pearl: { label: 'Pearl', colours: [[0.06, 0.05, 0.09], [0.3, 0.26, 0.28], [0.78, 0.72, 0.66], [0.45, 0.58, 0.85]], gloss: 0.35 },
  bronze: { label: 'Bronze', colours: [[0.012, 0.005, 0.003], [0.13, 0.05, 0.016], [0.56, 0.27, 0.1], [0.4, 0.18, 0.08]], gloss: 0.8 },
  jade: { label: 'Jade', colours: [[0.004, 0.03, 0.024], [0.03, 0.16, 0.105], [0.3, 0.58, 0.4], [0.25, 0.62, 0.52]], gloss: 0.55 },
  ink: { label: 'Ink', colours: [[0.008, 0.009, 0.012], [0.03, 0.035, 0.05], [0.2, 0.22, 0.27], [0.55, 0.6, 0.7]], gloss: 1 },
};

const css = (rgb: Rgb): string => `rgb(${rgb.map((value) => Math.round(255 * Math.min(1, value) ** (1 / 2.2))).join(' ')})`;

/** Names and swatches in their order. */
export const MATCAP_WORDS = (Object.keys(MATCAPS) as MatcapName[]).map((value) => {
  const { label, colours } = MATCAPS[value];
  return { value, label, swatch: `radial-gradient(circle at 36% 30%, ${css(colours[2])} 0%, ${css(colours[1])} 48%, ${css(colours[0])} 96%)` };
});
