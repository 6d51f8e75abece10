/** What is known of an opened picture, volume or surface, in words. */
import type { SignalInfo } from '#main/ipc/contract';
import { formatCount, formatPlain, formatSamples, formatSize } from './format';

type Content = Pick<SignalInfo, 'kind' | 'size' | 'channels' | 'type' | 'alpha' | 'colorSpace' | 'volume' | 'surface'>;

const COLOURS = { srgb: 'sRGB', icc: 'embedded ICC profile', linear: 'linear' } as const;
const UNITS = { none: '', nm: ' nm', um: ' µm', mm: ' mm', cm: ' cm', m: ' m', km: ' km' } as const;
const SPACES = { unknown: 'not said', RAS: 'right, anterior, superior', LPS: 'left, posterior, superior' } as const;

/** A coordinate or a value as a header would say it. */
const plain = (value: number): string => formatPlain(Number(value.toPrecision(6)));

/** 'RGB, 8 bit', 'int16', 'float32, 3 channels', '8 194 vertices': what one sample is. */
export function samplesWords(content: Content): string {
  const { kind, channels, type, alpha, volume, surface } = content;
  if (kind === 'surface' && surface) return `${formatCount(surface.vertices)} vertices`;
  if (kind === 'volume' && volume) return channels > 1 ? `${volume.voxelType}, ${channels} channels` : volume.voxelType;
  return formatSamples(channels, type, alpha);
}

/** Names and values, for a list. */
export function contentFacts(content: Content): readonly (readonly [name: string, value: string])[] {
  const { size, volume, surface } = content;
  if (surface) {
    return [
      ['Vertices', formatCount(surface.vertices)],
      ['Triangles', formatCount(surface.triangles)],
      ['Taken as', surface.mode === 'thickness' ? 'a sheet' : 'a solid'],
    ];
  }
  if (volume) {
    const { spacing, origin, space, unit } = volume.geometry;
    return [
      ['Size', formatSize(size)],
      ['Voxels', samplesWords(content)],
      ['Values', volume.range.map(plain).join(' to ')],
      ['Spacing', `${spacing.map(plain).join(' × ')}${UNITS[unit]}`],
      ['Origin', origin.map(plain).join(', ')],
      ['Axes towards', SPACES[space]],
    ];
  }
  return [
    ['Size', formatSize(size)],
    ['Samples', samplesWords(content)],
    ['Colours', COLOURS[content.colorSpace]],
  ];
}
