/**
 * Colour maps of the error view, and the colour scale drawn beside it from the same numbers.
 *
 * Both maps are designed here as paths in OKLab (Bjorn Ottosson, "A perceptual color space for image processing", 2020), in
 * which equal distances look about equally different. No data of another map is used. Lightness is the message and grows
 * linearly with the error, so the maps stay readable in any kind of colour blindness and in grey print:
 * - `ember` (absolute, squared): near black, violet, red, orange, pale yellow.
 * - `poles` (signed): near black at zero; blue where the reconstruction is darker, orange where it is brighter, in the same
 *   lightness on both sides. Blue and orange are the pair that red-green blindness keeps apart.
 * Chroma is reduced, at constant lightness and hue, where a colour would leave sRGB.
 */
import type { ErrorMetric } from './view';

export type Rgb = readonly [number, number, number];

/** Entries of each map. An odd number, so that `poles` has an entry for exactly zero. */
export const COLORMAP_ENTRIES = 257;

interface Knot {
  readonly at: number;
  readonly chroma: number;
  /** Degrees in OKLCh. */
  readonly hue: number;
}

const EMBER_LIGHTNESS: readonly [number, number] = [0.1, 0.97];
const EMBER: readonly Knot[] = [
  { at: 0, chroma: 0.02, hue: 285 },
  { at: 0.25, chroma: 0.15, hue: 305 },
  { at: 0.5, chroma: 0.2, hue: 372 },
  { at: 0.75, chroma: 0.17, hue: 415 },
  { at: 1, chroma: 0.08, hue: 465 },
];

const POLES_LIGHTNESS: readonly [number, number] = [0.14, 0.88];
const NEGATIVE_POLE: readonly Knot[] = [
  { at: 0, chroma: 0, hue: 262 },
  { at: 0.5, chroma: 0.17, hue: 258 },
  { at: 1, chroma: 0.1, hue: 220 },
];
const POSITIVE_POLE: readonly Knot[] = [
  { at: 0, chroma: 0, hue: 45 },
  { at: 0.5, chroma: 0.15, hue: 48 },
  { at: 1, chroma: 0.13, hue: 82 },
];

/** Linear interpolation of chroma and hue along a path. */
function along(path: readonly Knot[], at: number): { chroma: number; hue: number } {
  for (let index = 1; index < path.length; index++) {
    const [from, to] = [path[index - 1]!, path[index]!];
    if (at > to.at) continue;
    const part = (at - from.at) / (to.at - from.at);
    return { chroma: from.chroma + part * (to.chroma - from.chroma), hue: from.hue + part * (to.hue - from.hue) };
  }
  const last = path[path.length - 1]!;
  return { chroma: last.chroma, hue: last.hue };
}

/** OKLab to linear-light sRGB, not clamped (matrices of Ottosson 2020). */
function oklabToLinear(lightness: number, a: number, b: number): Rgb {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
}

/** Lightness in OKLab of an sRGB colour with components in [0, 255]. */
export function oklabLightness([red, green, blue]: Rgb): number {
  const linear = (value: number): number => (value <= 10.31475 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  const [r, g, b] = [linear(red), linear(green), linear(blue)];
  return (
    0.2104542553 * Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) +
    0.793617785 * Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) -
    0.0040720468 * Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
  );
}

function encode(linear: number): number {
  const value = Math.min(1, Math.max(0, linear));
  return Math.round(255 * (value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055));
}

/** An OKLCh colour as sRGB bytes, its chroma reduced by bisection until it lies in the gamut. */
export function oklchToSrgb(lightness: number, chroma: number, hue: number): Rgb {
  const [cosine, sine] = [Math.cos((hue * Math.PI) / 180), Math.sin((hue * Math.PI) / 180)];
  const at = (c: number): Rgb => oklabToLinear(lightness, c * cosine, c * sine);
  const inside = (rgb: Rgb): boolean => rgb.every((value) => value >= -1e-5 && value <= 1 + 1e-5);
  let [low, high] = [0, chroma];
  if (inside(at(chroma))) low = chroma;
  for (let step = 0; step < 16 && low < high; step++) {
    const middle = (low + high) / 2;
    if (inside(at(middle))) low = middle;
    else high = middle;
  }
  const [r, g, b] = at(low);
  return [encode(r), encode(g), encode(b)];
}

function ember(at: number): Rgb {
  const { chroma, hue } = along(EMBER, at);
  return oklchToSrgb(EMBER_LIGHTNESS[0] + at * (EMBER_LIGHTNESS[1] - EMBER_LIGHTNESS[0]), chroma, hue);
}

function poles(at: number): Rgb {
  const distance = Math.abs(2 * at - 1);
  const { chroma, hue } = along(at < 0.5 ? NEGATIVE_POLE : POSITIVE_POLE, distance);
  return oklchToSrgb(POLES_LIGHTNESS[0] + distance * (POLES_LIGHTNESS[1] - POLES_LIGHTNESS[0]), chroma, hue);
}

const tables = new Map<'ember' | 'poles', readonly Rgb[]>();

/** The entries of the map of a metric, first to last: COLORMAP_ENTRIES sRGB colours with components in [0, 255]. */
export function colormap(metric: ErrorMetric): readonly Rgb[] {
  const name = metric === 'signed' ? 'poles' : 'ember';
  let table = tables.get(name);
  if (!table) {
    const map = name === 'poles' ? poles : ember;
    table = Array.from({ length: COLORMAP_ENTRIES }, (_, index) => map(index / (COLORMAP_ENTRIES - 1)));
    tables.set(name, table);
  }
  return table;
}

/** Where an error lies on the colour scale, 0 to 1. `error` in sample units of 255 (their square for 'squared'). */
export function scalePosition(metric: ErrorMetric, error: number, maximum: number): number {
  const full = metric === 'squared' ? maximum * maximum : maximum;
  const position = metric === 'signed' ? 0.5 + (0.5 * error) / full : error / full;
  return Math.min(1, Math.max(0, position));
}

export interface ColorScale {
  readonly metric: ErrorMetric;
  /** What the scale shows, in words with its unit. */
  readonly title: string;
  /** Offsets from 0 to 1 with CSS colours: join them for linear-gradient(). */
  readonly stops: readonly { readonly offset: number; readonly color: string }[];
  /** `value` in sample units of 255, or their square. */
  readonly ticks: readonly { readonly offset: number; readonly value: number; readonly label: string }[];
}

const TITLES: Readonly<Record<ErrorMetric, string>> = {
  absolute: 'Absolute error (of 255)',
  squared: 'Squared error (of 255²)',
  signed: 'Reconstruction − original (of 255)',
};

/** The scale to draw as a legend: the same table and the same limits as the picture. */
export function colorScale(metric: ErrorMetric, maximum: number): ColorScale {
  const table = colormap(metric);
  const stride = 16;
  const stops = Array.from({ length: (COLORMAP_ENTRIES - 1) / stride + 1 }, (_, index) => ({
    offset: (index * stride) / (COLORMAP_ENTRIES - 1),
    color: `rgb(${table[index * stride]!.join(' ')})`,
  }));
  const ticks = Array.from({ length: 5 }, (_, index) => {
    const offset = index / 4;
    const value = metric === 'signed' ? (2 * offset - 1) * maximum : offset * (metric === 'squared' ? maximum * maximum : maximum);
    const sign = metric === 'signed' && value > 0 ? '+' : '';
    const more = metric === 'signed' ? (index === 0 ? '≤ ' : index === 4 ? '≥ ' : '') : index === 4 ? '≥ ' : '';
    return { offset, value, label: `${more}${sign}${compact(value)}` };
  });
  return { metric, title: TITLES[metric], stops, ticks };
}

/** Three significant digits at most, with a true minus sign. */
function compact(value: number): string {
  return String(Number(value.toPrecision(3))).replace('-', '−');
}
