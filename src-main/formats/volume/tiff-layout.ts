/**
 * Which page of a TIFF stack is which slice, channel and moment, and how far apart samples are: what ImageJ and OME write into the description of
 * the first page (see tiff.ts). A description that does not fit the pages is left out with a note: all pages are slices then.
 */
import type { LENGTH_UNITS } from '#core/signal/volume';
import type { GeometryDraft } from './geometry';
import { entry, numberOf } from './samples';
import type { TiffPage } from './tiff-directory';
import type { Reading } from './types';
import { elementsOf, readXml, type XmlElement } from './xml';

export interface TiffLayout {
  readonly depth: number;
  /** Pages of one slice. */
  readonly channels: number;
  readonly frames: number;
  /** Index of a page, counted from 0. */
  readonly pageOf: (z: number, channel: number, frame: number) => number;
  readonly geometry: GeometryDraft;
}

type Unit = (typeof LENGTH_UNITS)[number];

/** As ImageJ and OME write units of length; inches become millimetres. */
const UNITS: Readonly<Record<string, readonly [Unit, number]>> = {
  nm: ['nm', 1], nanometer: ['nm', 1], um: ['um', 1], 'µm': ['um', 1], 'μm': ['um', 1], micron: ['um', 1], microns: ['um', 1], micrometer: ['um', 1],
  mm: ['mm', 1], millimeter: ['mm', 1], cm: ['cm', 1], centimeter: ['cm', 1], m: ['m', 1], meter: ['m', 1], km: ['km', 1], inch: ['mm', 25.4], in: ['mm', 25.4],
};

export function layoutOf(page: TiffPage, pages: number, reading: Reading): TiffLayout {
  const { description } = page;
  const told = description.startsWith('ImageJ=') ? imageJ(page, pages, reading) : /<(\w+:)?OME[\s>]/.test(description.slice(0, 4096)) ? ome(page, pages, reading) : null;
  return told ?? { depth: pages, channels: 1, frames: 1, pageOf: (z) => z, geometry: {} };
}

const misfit = (writer: string, told: number, pages: number): string => `the ${writer} description counts ${told} pages, but there are ${pages}; all of them taken for slices`;

function imageJ({ description, resolution }: TiffPage, pages: number, reading: Reading): TiffLayout {
  const lines = new Map(description.split(/\r?\n/).map((line): [string, string] => [line.slice(0, line.indexOf('=')).trim(), line.slice(line.indexOf('=') + 1).trim()]));
  const count = (key: string): number => {
    const value = Number(lines.get(key) ?? 1);
    return Number.isInteger(value) && value >= 1 ? value : 1;
  };
  const [channels, frames] = [count('channels'), count('frames')];
  const depth = lines.has('slices') || channels * frames > 1 ? count('slices') : pages;
  const word = (lines.get('unit') ?? '').replace(/\\u00B5/i, 'µ');
  const [unit, factor] = entry(UNITS, word.toLowerCase()) ?? ['none', 1];
  const gap = numberOf(lines.get('spacing') ?? '1');
  const spacing = [...resolution.map((pixels) => factor * (pixels > 0 && Number.isFinite(pixels) ? 1 / pixels : 1)), factor * gap];
  const geometry: GeometryDraft = { spacing, unit };
  if (depth * channels * frames !== pages) {
    reading.notes.push(misfit('ImageJ', depth * channels * frames, pages));
    return { depth: pages, channels: 1, frames: 1, pageOf: (z) => z, geometry };
  }
  return { depth, channels, frames, pageOf: (z, channel, frame) => (frame * depth + z) * channels + channel, geometry };
}

function ome({ description, samples }: TiffPage, pages: number, reading: Reading): TiffLayout | null {
  let pixels: XmlElement | undefined;
  const images: XmlElement[] = [];
  try {
    images.push(...elementsOf(readXml(Buffer.from(description, 'utf8'), (what) => new Error(what)), 'Image'));
    pixels = images[0]?.children.find(({ name }) => name === 'Pixels');
  } catch {
    pixels = undefined;
  }
  if (!pixels) {
    reading.notes.push('an OME description that is damaged left out; all pages taken for slices');
    return null;
  }
  const { attributes } = pixels;
  const extent = (name: string): number => {
    const value = Number(attributes.get(name) ?? 1);
    return Number.isInteger(value) && value >= 1 ? value : 1;
  };
  const extents = { Z: extent('SizeZ'), C: Math.max(1, Math.round(extent('SizeC') / samples)), T: extent('SizeT') };
  const lengths = (['X', 'Y', 'Z'] as const).map((axis): readonly [number, Unit] => {
    const [unit, factor] = entry(UNITS, (attributes.get(`PhysicalSize${axis}Unit`) ?? 'µm').toLowerCase()) ?? ['none', 1];
    const said = attributes.get(`PhysicalSize${axis}`);
    return said === undefined ? [NaN, unit] : [numberOf(said) * factor, unit];
  });
  // A single axis without a length is as long as x.
  const unit = lengths.find(([length]) => !Number.isNaN(length))?.[1] ?? 'none';
  const alike = lengths.every(([length, each]) => Number.isNaN(length) || each === unit);
  if (!alike) reading.notes.push('sizes in several units of length left out');
  const plain = lengths.find(([length]) => !Number.isNaN(length))?.[0] ?? 1;
  const geometry: GeometryDraft = alike ? { spacing: lengths.map(([length]) => (Number.isNaN(length) ? plain : length)), unit } : {};
  if (images.length > 1) reading.notes.push(`holds ${images.length} images; the first is used`);
  const total = extents.Z * extents.C * extents.T;
  if (total > pages || (images.length === 1 && total !== pages)) {
    reading.notes.push(misfit('OME', total, pages));
    return { depth: pages, channels: 1, frames: 1, pageOf: (z) => z, geometry };
  }
  const order = /^XY(ZCT|ZTC|CZT|CTZ|TCZ|TZC)$/.exec(attributes.get('DimensionOrder') ?? '')?.[1] ?? 'ZCT';
  const stride = (axis: 'Z' | 'C' | 'T'): number => [...order.slice(0, order.indexOf(axis))].reduce((product, each) => product * extents[each as 'Z'], 1);
  const [alongZ, alongC, alongT] = [stride('Z'), stride('C'), stride('T')];
  const planes = pagesTold(pixels, samples, pages);
  return {
    depth: extents.Z,
    channels: extents.C,
    frames: extents.T,
    pageOf: (z, channel, frame) => planes.get(`${z} ${channel} ${frame}`) ?? z * alongZ + channel * alongC + frame * alongT,
    geometry,
  };
}

/** Pages by "z channel frame" where each is told apart. */
function pagesTold(pixels: XmlElement, samples: number, pages: number): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const { attributes } of pixels.children.filter(({ name }) => name === 'TiffData')) {
    const number = (name: string): number => Number(attributes.get(name) ?? 0);
    const page = number('IFD');
    const single = attributes.has('IFD') && Number(attributes.get('PlaneCount') ?? 1) === 1;
    if (single && Number.isInteger(page) && page >= 0 && page < pages) found.set(`${number('FirstZ')} ${Math.floor(number('FirstC') / samples)} ${number('FirstT')}`, page);
  }
  return found;
}
