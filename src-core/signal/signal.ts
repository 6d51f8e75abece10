/**
 * A Signal is what is to be represented: a picture (here), a volume (volume.ts) or a surface (surface.ts). What networks are fitted to and
 * decoders write are 8- or 16-bit samples in any case.
 */
export type SampleType = 'uint8' | 'uint16';

/** What must survive the fit of a picture beside the samples. */
export interface ImageMetadata {
  /** How the samples are to be read: sRGB, or as the embedded ICC profile says. */
  readonly colorSpace: 'srgb' | 'icc' | 'linear';
  /** The embedded profile where it was kept and not converted to sRGB. */
  readonly icc?: Uint8Array;
  /** The last channel is alpha (straight, not premultiplied). */
  readonly alpha: boolean;
}

export interface GridSignal {
  readonly kind: 'grid';
  /** Extent along each coordinate, x first: [width, height]. */
  readonly size: readonly number[];
  /** 1 grey, 2 grey+alpha, 3 RGB, 4 RGBA. */
  readonly channels: number;
  readonly type: SampleType;
  /** Interleaved samples, x fastest, then y, then z: length = product(size) * channels. */
  readonly samples: Uint8Array | Uint16Array;
  readonly metadata: ImageMetadata;
}

/** Largest sample value of a type: samples / sampleMaximum lie in [0, 1]. */
export function sampleMaximum(type: SampleType): number {
  return type === 'uint8' ? 255 : 65535;
}

/** Number of grid points (pixels, voxels). */
export function pointCount(size: readonly number[]): number {
  return size.reduce((product, extent) => product * extent, 1);
}

/**
 * The largest grid of at most `points` points (1 or more) with the proportions of `size`, or that size where it is small enough. Axes that
 * would vanish keep one point.
 */
export function reducedSize(size: readonly number[], points: number): number[] {
  let axes = [...size];
  for (;;) {
    const scale = Math.min(1, (points / pointCount(axes)) ** (1 / axes.length));
    const wide = axes.filter((extent) => extent * scale >= 1);
    if (wide.length === axes.length || wide.length === 0) return size.map((extent) => Math.max(1, Math.floor(extent * scale)));
    axes = wide;
  }
}

/** Bytes of the uncompressed samples: the base of every compression ratio that is shown. */
export function rawBytes(signal: Pick<GridSignal, 'size' | 'channels' | 'type'>): number {
  return pointCount(signal.size) * signal.channels * (signal.type === 'uint8' ? 1 : 2);
}
