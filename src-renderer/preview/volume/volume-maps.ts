/**
 * Colour maps of values. All grow in lightness from end to end, so that they can be read in any kind of colour blindness.
 *
 * Viridis and Inferno (van der Walt and Smith, 2015, CC0) are Matt Zucker's polynomial fits of degree 6 (2019, public domain), within 2 of 255
 * of the originals. Bone is MATLAB's: seven parts of grey and one of hot with red and blue exchanged.
 */
import type { Rgb } from '../colormap';

export const VOLUME_MAPS = ['grey', 'bone', 'viridis', 'inferno'] as const;
export type VolumeMap = (typeof VOLUME_MAPS)[number];

const ENTRIES = 256;

/** Coefficients of 1, t, t^2, ... for red, green and blue. */
const VIRIDIS: readonly Rgb[] = [
  [0.2777273272234177, 0.005407344544966578, 0.3340998053353061],
  [0.1050930431085774, 1.404613529898575, 1.384590162594685],
  [-0.3308618287255563, 0.214847559468213, 0.09509516302823659],
  [-4.634230498983486, -5.799100973351585, -19.33244095627987],
  [6.228269936347081, 14.17993336680509, 56.69055260068105],
  [4.776384997670288, -13.74514537774601, -65.35303263337234],
  [-5.435455855934631, 4.645852612178535, 26.3124352495832],
];
const INFERNO: readonly Rgb[] = [
  [0.0002189403691192265, 0.001651004631001012, -0.01948089843709184],
  [0.1065134194856116, 0.5639564367884091, 3.932712388889277],
  [11.60249308247187, -3.972853965665698, -15.9423941062914],
  [-41.70399613139459, 17.43639888205313, 44.35414519872813],
  [77.162935699427, -33.40235894210092, -81.80730925738993],
  [-71.31942824499214, 32.62606426397723, 73.20951985803202],
  [25.13112622477341, -12.24266895238567, -23.07032500287172],
];

const byte = (value: number): number => Math.round(255 * Math.min(1, Math.max(0, value)));
const polynomial = (coefficients: readonly Rgb[], at: number): Rgb =>
  [0, 1, 2].map((channel) => byte(coefficients.reduceRight((sum, each) => sum * at + each[channel]!, 0))) as unknown as Rgb;
const ramp = (at: number, from: number, to: number): number => Math.min(1, Math.max(0, (at - from) / (to - from)));

const MAPS: Readonly<Record<VolumeMap, (at: number) => Rgb>> = {
  grey: (at) => [byte(at), byte(at), byte(at)],
  bone: (at) => [byte((7 * at + ramp(at, 0.75, 1)) / 8), byte((7 * at + ramp(at, 0.375, 0.75)) / 8), byte((7 * at + ramp(at, 0, 0.375)) / 8)],
  viridis: (at) => polynomial(VIRIDIS, at),
  inferno: (at) => polynomial(INFERNO, at),
};

const tables = new Map<VolumeMap, readonly Rgb[]>();

/** ENTRIES colours, lowest value first, with components in [0, 255]. */
export function volumeMap(name: VolumeMap): readonly Rgb[] {
  const table = tables.get(name) ?? Array.from({ length: ENTRIES }, (_, index) => MAPS[name](index / (ENTRIES - 1)));
  tables.set(name, table);
  return table;
}

/** A gradient for CSS of the same colours. */
export function mapGradient(colours: readonly Rgb[], direction = 'to right'): string {
  const stops = Array.from({ length: 17 }, (_, index) => `rgb(${colours[Math.round((index / 16) * (colours.length - 1))]!.join(' ')})`);
  return `linear-gradient(${direction}, ${stops.join(', ')})`;
}
