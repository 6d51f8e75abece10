/** Numbers as a person reads them. All take NaN, null and Infinity: an absent number is a dash. */
const ABSENT = '–';

const absent = (value: number | null | undefined): value is null | undefined => value === null || value === undefined || Number.isNaN(value);

/** Three significant digits without a trailing exponent: 0.123, 1.23, 12.3, 123, 1234. */
export function formatDigits(value: number | null | undefined): string {
  if (absent(value)) return ABSENT;
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  const size = Math.abs(value);
  if (size !== 0 && size < 0.001) return value.toExponential(1).replace('-', '−');
  const text = size >= 99.95 ? value.toFixed(0) : size >= 9.995 ? value.toFixed(1) : size >= 0.9995 ? value.toFixed(2) : value.toFixed(3);
  return text.replace('-', '−');
}

/** Bytes in decimal units, as file managers and the codecs' papers count: 1 kB = 1000 B. */
export function formatBytes(bytes: number | null | undefined): string {
  if (absent(bytes)) return ABSENT;
  if (bytes < 1000) return `${Math.round(bytes)} B`;
  if (bytes < 999_500) return `${formatDigits(bytes / 1e3)} kB`;
  if (bytes < 999_500_000) return `${formatDigits(bytes / 1e6)} MB`;
  return `${formatDigits(bytes / 1e9)} GB`;
}

/** '34.91 dB'; 'identical' for an infinite PSNR. */
export function formatDecibel(psnr: number | null | undefined, digits = 2): string {
  if (psnr === Infinity) return 'identical';
  return absent(psnr) ? ABSENT : `${psnr.toFixed(digits).replace('-', '−')} dB`;
}

/** Uncompressed bytes over file bytes, as a person says it: 18.3 times smaller, 7.5 times larger. */
export function formatSmaller(ratio: number): { readonly times: string; readonly word: 'smaller' | 'larger' } {
  return ratio < 1 ? { times: formatRatio(1 / ratio), word: 'larger' } : { times: formatRatio(ratio), word: 'smaller' };
}

/** '18.3×' */
export function formatRatio(ratio: number | null | undefined): string {
  return absent(ratio) ? ABSENT : `${formatDigits(ratio)}×`;
}

/** Whole numbers with thin groups: 12 345. */
export function formatCount(value: number | null | undefined): string {
  if (absent(value)) return ABSENT;
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ' ');
}

/** Large rates and counts in short: 1.23 k, 4.56 M, 6.78 G, 1.77 T. */
export function formatShort(value: number | null | undefined): string {
  if (absent(value)) return ABSENT;
  const size = Math.abs(value);
  if (size >= 999.5e9) return `${formatDigits(value / 1e12)} T`;
  if (size >= 999.5e6) return `${formatDigits(value / 1e9)} G`;
  if (size >= 999_500) return `${formatDigits(value / 1e6)} M`;
  if (size >= 999.5) return `${formatDigits(value / 1e3)} k`;
  return formatDigits(value);
}

/** Seconds as '0.8 s', '12 s', '3:05', '1:02:03'. */
export function formatDuration(seconds: number | null | undefined): string {
  if (absent(seconds) || !Number.isFinite(seconds)) return ABSENT;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const two = (value: number): string => String(value).padStart(2, '0');
  if (whole < 3600) return `${Math.floor(whole / 60)}:${two(whole % 60)}`;
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

/** '1024 × 768' */
export function formatSize(size: readonly number[]): string {
  return size.join(' × ');
}

/** '1024 × 768', '256 × 256 × 128', '12 345 triangles': how large what is open is. */
export function formatExtent({ kind, size, surface }: { readonly kind: string; readonly size: readonly number[]; readonly surface: { readonly vertices: number; readonly triangles: number } | null }): string {
  return kind === 'surface' && surface ? `${formatCount(surface.triangles)} triangles` : formatSize(size);
}

/** 'RGB, 8 bit', 'grey + alpha, 16 bit' */
export function formatSamples(channels: number, type: 'uint8' | 'uint16', alpha: boolean): string {
  const colours = channels - (alpha ? 1 : 0);
  const name = colours === 1 ? 'grey' : colours === 3 ? 'RGB' : `${colours} channels`;
  return `${name}${alpha ? ' + alpha' : ''}, ${type === 'uint8' ? 8 : 16} bit`;
}

/** A plain number for an input field: no exponent where a person would not write one. */
export function formatPlain(value: number): string {
  return Math.abs(value) < 1e-5 && value !== 0 ? value.toExponential() : String(value);
}
