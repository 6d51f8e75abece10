/**
 * Colours of the error map and of the slice, and the scale beside the map.
 *
 * Errors are distances at the vertices, told in per cent of the diagonal of the original's box. The map starts as the colour of the clay
 * itself, so that what is right keeps its shape, and grows darker and redder: amber, red, violet. Like the maps of pictures it is a path
 * in OKLab with lightness as the message, so that it reads in any kind of colour blindness. The slice has two such paths from a pale zero:
 * blue inside, orange outside.
 */
import { oklchToSrgb, type Rgb } from '../colormap';

/** Entries of a map. An odd number: the slice has one for exactly zero. */
export const HEAT_ENTRIES = 257;

/** Lightness, chroma, hue in degrees at equal distances from 0 to 1. */
type Path = readonly (readonly [number, number, number])[];

const ERROR: Path = [
  [0.9, 0.012, 85],
  [0.83, 0.13, 80],
  [0.68, 0.19, 50],
  [0.52, 0.2, 22],
  [0.33, 0.14, -20],
];
const INSIDE: Path = [
  [0.95, 0.02, 240],
  [0.72, 0.11, 245],
  [0.46, 0.13, 258],
];
const OUTSIDE: Path = [
  [0.95, 0.02, 80],
  [0.77, 0.12, 66],
  [0.55, 0.13, 48],
];

function onPath(path: Path, at: number): Rgb {
  const place = Math.min(1, Math.max(0, at)) * (path.length - 1);
  const index = Math.min(path.length - 2, Math.floor(place));
  const [from, to] = [path[index]!, path[index + 1]!];
  const mixed = [0, 1, 2].map((part) => from[part]! + (place - index) * (to[part]! - from[part]!)) as [number, number, number];
  return oklchToSrgb(...mixed);
}

/** The error map, from none to the end of the scale: sRGB with components in [0, 255]. */
export function heatMap(): readonly Rgb[] {
  return Array.from({ length: HEAT_ENTRIES }, (_, index) => onPath(ERROR, index / (HEAT_ENTRIES - 1)));
}

/** The map of the slice, from -truncation (inside) to truncation. */
export function sliceMap(): readonly Rgb[] {
  return Array.from({ length: HEAT_ENTRIES }, (_, index) => {
    const at = (2 * index) / (HEAT_ENTRIES - 1) - 1;
    return at < 0 ? onPath(INSIDE, -at) : onPath(OUTSIDE, at);
  });
}

/** The least of 1, 2 and 5 times a power of ten that is not below `value` (positive). */
export function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 2, 5, 10].find((each) => each * power >= value * (1 - 1e-9)) ?? 10;
  return Number((factor * power).toPrecision(1));
}

/** The next end of the scale above (`up`) or below, in the series 1, 2, 5. */
export function nextMaximum(value: number, up: boolean): number {
  const stepped = up ? niceCeiling(value * 1.001) : niceCeiling(value / 2.6);
  return Math.min(ERROR_LIMITS[1], Math.max(ERROR_LIMITS[0], stepped));
}

/** Ends of the scale in per cent of the diagonal. */
export const ERROR_LIMITS = [0.001, 100] as const;

export interface ErrorFacts {
  readonly mean: number;
  /** Below it lie 98 of a hundred vertices. */
  readonly high: number;
  readonly worst: number;
}

/** Mean, 98th percentile and largest of distances, in per cent of `diagonal`. Zeros of none. */
export function errorFacts(errors: Float32Array, diagonal: number): ErrorFacts {
  if (errors.length === 0 || !(diagonal > 0)) return { mean: 0, high: 0, worst: 0 };
  const sorted = errors.slice().sort();
  let sum = 0;
  for (const error of sorted) sum += error;
  const scale = 100 / diagonal;
  return { mean: (scale * sum) / sorted.length, high: scale * sorted[Math.min(sorted.length - 1, Math.floor(0.98 * sorted.length))]!, worst: scale * sorted[sorted.length - 1]! };
}

/** End of the scale that suits the data: the 98th percentile, rounded up to 1, 2 or 5. */
export function suitedMaximum({ high, worst }: ErrorFacts): number {
  const value = high > 0 ? high : worst;
  return value > 0 ? Math.min(ERROR_LIMITS[1], Math.max(ERROR_LIMITS[0], niceCeiling(value))) : 1;
}

export interface HeatScale {
  /** A CSS gradient from left to right. */
  readonly gradient: string;
  readonly ticks: readonly { readonly offset: number; readonly label: string }[];
}

/** The scale to draw as a legend, in per cent of the diagonal. */
export function heatScale(maximum: number): HeatScale {
  const map = heatMap();
  const stops = Array.from({ length: 17 }, (_, index) => `rgb(${map[index * 16]!.join(' ')}) ${(index / 16) * 100}%`);
  const ticks = Array.from({ length: 5 }, (_, index) => ({ offset: index / 4, label: `${index === 4 ? '≥ ' : ''}${Number(((index / 4) * maximum).toPrecision(3))}` }));
  return { gradient: `linear-gradient(to right, ${stops.join(', ')})`, ticks };
}
