/**
 * Samples as texels: RGBA with 8 bits for 8-bit pictures, RGBA with half floats for 16-bit ones (11 significant bits: more
 * than any screen shows; the readout keeps the exact numbers). Grey is repeated into red, green and blue, so that one shader
 * shows everything.
 *
 * Pictures larger than the device takes are reduced by a whole factor for display, each texel being the mean of its block.
 * The work is done in slices of rows, so that the window answers while a large picture is prepared.
 */
import type { Picture } from './readout';
import type { Extent } from './view';

/** Texels prepared between two pauses: about 10 ms of work. */
const SLICE_TEXELS = 1 << 20;
/** More texels than this are not uploaded: 256 MiB at 4 bytes. */
const MAXIMUM_TEXELS = 1 << 26;

export interface Texels {
  readonly size: Extent;
  readonly data: Uint8Array | Uint16Array;
  readonly kind: 'byte' | 'half';
  /** Samples along an edge that were averaged into one texel; 1 where nothing was lost. */
  readonly reduction: number;
}

/** The smallest whole factor by which a picture must be reduced to fit the device. */
export function reductionFor(size: Extent, maximumExtent: number): number {
  let factor = Math.max(1, Math.ceil(Math.max(size[0], size[1]) / maximumExtent));
  while (Math.ceil(size[0] / factor) * Math.ceil(size[1] / factor) > MAXIMUM_TEXELS) factor++;
  return factor;
}

/** Where red, green, blue and alpha are found in a sample; -1 means opaque. */
export function channelMap(channels: number, alpha: boolean): readonly [number, number, number, number] {
  const colours = alpha ? channels - 1 : channels;
  const last = alpha ? channels - 1 : -1;
  return colours >= 3 ? [0, 1, 2, last] : [0, 0, 0, last];
}

/** Weights of red, green, blue and alpha texels that make the mean over the channels of the picture. */
export function channelWeights(channels: number, alpha: boolean): readonly [number, number, number, number] {
  const colours = alpha ? channels - 1 : channels;
  const shown = colours >= 3 ? 3 : 1;
  const each = 1 / (shown + (alpha ? 1 : 0));
  return shown === 3 ? [each, each, each, alpha ? each : 0] : [each, 0, 0, alpha ? each : 0];
}

/** A number in [0, 1] as half float bits, rounded to nearest. Exact for 0 and 1; no subnormals below 2^-14 are kept. */
export function halfBits(value: number): number {
  if (value < 2 ** -14) return Math.round(value * 2 ** 24);
  const exponent = Math.floor(Math.log2(value));
  // A mantissa that rounds up to 1024 carries into the exponent, as it must.
  return ((exponent + 15) << 10) + Math.round((value / 2 ** exponent - 1) * 1024);
}

let halfTable: Uint16Array | null = null;

/** Half float bits of every 16-bit sample divided by 65535. */
function halves(): Uint16Array {
  halfTable ??= Uint16Array.from({ length: 65536 }, (_, sample) => halfBits(sample / 65535));
  return halfTable;
}

/**
 * Texels of a picture, at most `maximumExtent` along each edge. Returns null when `abandoned` says so between two slices
 * (a newer picture has come).
 */
export async function toTexels(picture: Picture, maximumExtent: number, abandoned: () => boolean): Promise<Texels | null> {
  const reduction = reductionFor(picture.size, maximumExtent);
  const width = Math.ceil(picture.size[0] / reduction);
  const height = Math.ceil(picture.size[1] / reduction);
  const wide = picture.type === 'uint16';
  const data = wide ? new Uint16Array(width * height * 4) : new Uint8Array(width * height * 4);
  const work = width * reduction * reduction;
  const rows = Math.max(1, Math.floor(SLICE_TEXELS / work));
  for (let row = 0; row < height; row += rows) {
    if (row > 0) {
      await new Promise<void>((resolve) => setTimeout(resolve, 0));
      if (abandoned()) return null;
    }
    const end = Math.min(height, row + rows);
    if (reduction === 1) copyRows(picture, data, row, end);
    else reduceRows(picture, data, width, reduction, row, end);
  }
  return { size: [width, height], data, kind: wide ? 'half' : 'byte', reduction };
}

function copyRows(picture: Picture, data: Uint8Array | Uint16Array, from: number, to: number): void {
  const { channels, samples } = picture;
  const width = picture.size[0];
  const [red, green, blue, alpha] = channelMap(channels, picture.alpha);
  const table = picture.type === 'uint16' ? halves() : null;
  const opaque = table ? table[65535]! : 255;
  let at = from * width * channels;
  let texel = from * width * 4;
  for (const end = to * width * 4; texel < end; texel += 4, at += channels) {
    const [r, g, b] = [samples[at + red]!, samples[at + green]!, samples[at + blue]!];
    data[texel] = table ? table[r]! : r;
    data[texel + 1] = table ? table[g]! : g;
    data[texel + 2] = table ? table[b]! : b;
    data[texel + 3] = alpha < 0 ? opaque : table ? table[samples[at + alpha]!]! : samples[at + alpha]!;
  }
}

function reduceRows(picture: Picture, data: Uint8Array | Uint16Array, width: number, factor: number, from: number, to: number): void {
  const { channels, samples } = picture;
  const [columns, lines] = picture.size;
  const map = channelMap(channels, picture.alpha);
  const table = picture.type === 'uint16' ? halves() : null;
  const opaque = table ? table[65535]! : 255;
  for (let y = from; y < to; y++) {
    for (let x = 0; x < width; x++) {
      const [right, bottom] = [Math.min(columns, (x + 1) * factor), Math.min(lines, (y + 1) * factor)];
      const count = (right - x * factor) * (bottom - y * factor);
      for (let part = 0; part < 4; part++) {
        const channel = map[part]!;
        let sum = 0;
        if (channel >= 0) {
          for (let line = y * factor; line < bottom; line++) {
            for (let column = x * factor; column < right; column++) sum += samples[(line * columns + column) * channels + channel]!;
          }
        }
        const mean = Math.round(sum / count);
        data[(y * width + x) * 4 + part] = channel < 0 ? opaque : table ? table[mean]! : mean;
      }
    }
  }
}
