/** Options that are numbers: read strictly, refused with a sentence; and numbers as a person likes to read them. */
import { InvalidArgumentError } from 'commander';

const PREFIXES: Readonly<Record<string, number>> = { '': 1, k: 1e3, ki: 1024, m: 1e6, mi: 1024 * 1024 };

/** A decimal number as a whole ('1e-3', '12.5'); nothing else: '12x', '' and 'Infinity' are refused. */
export function readNumber(text: string): number {
  const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text.trim()) ? Number(text) : Number.NaN;
  if (!Number.isFinite(value)) throw new InvalidArgumentError('It is not a number.');
  return value;
}

/** A parser of numbers in [minimum, maximum]. */
export function numberBetween(minimum: number, maximum: number): (text: string) => number {
  return (text) => {
    const value = readNumber(text);
    if (value < minimum || value > maximum) throw new InvalidArgumentError(`It must lie between ${minimum} and ${maximum}.`);
    return value;
  };
}

/** A parser of whole numbers in [minimum, maximum]. */
export function integerBetween(minimum: number, maximum: number): (text: string) => number {
  return (text) => {
    const value = readNumber(text);
    if (!Number.isInteger(value) || value < minimum || value > maximum) {
      throw new InvalidArgumentError(`It must be a whole number from ${minimum} to ${maximum}.`);
    }
    return value;
  };
}

/** A parser of numbers above zero. */
export function positive(text: string): number {
  const value = readNumber(text);
  if (value <= 0) throw new InvalidArgumentError('It must be greater than 0.');
  return value;
}

/** Bytes with an optional unit: '20000', '20k', '20kB', '16KiB', '1.5M'. */
export function readBytes(text: string): number {
  const match = /^(\d+\.?\d*|\.\d+)\s*(ki|mi|k|m)?b?$/i.exec(text.trim());
  const value = match ? Math.floor(Number(match[1]) * PREFIXES[(match[2] ?? '').toLowerCase()]!) : Number.NaN;
  if (!Number.isFinite(value) || value < 1) throw new InvalidArgumentError('It is no size in bytes. Examples: 20000, 20k, 16KiB.');
  return value;
}

/** '950 B', '20.3 kB', '1.25 MB'. */
export function showBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 999_500) return `${(bytes / 1e3).toPrecision(3)} kB`;
  return bytes < 999_500_000 ? `${(bytes / 1e6).toPrecision(3)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}

/** '34.25 dB'; null is no difference at all. */
export function showDecibel(psnr: number | null): string {
  return psnr === null ? 'identical' : `${psnr.toFixed(2)} dB`;
}

/** Uncompressed bytes over file bytes: '18.3x smaller', '7.5x larger'. */
export function showRatio(ratio: number): string {
  const [times, word] = ratio < 1 ? [1 / ratio, 'larger'] : [ratio, 'smaller'];
  return `${times < 1000 ? times.toFixed(1) : showCount(Math.round(times))}x ${word}`;
}

/** '1 channel', '3 channels' */
export const showChannels = (channels: number): string => `${channels} channel${channels === 1 ? '' : 's'}`;

/** '8.3 s', '2 min 05 s', '1 h 12 min'. */
export function showSeconds(seconds: number): string {
  if (seconds < 59.95) return `${seconds < 10 ? seconds.toFixed(1) : seconds.toFixed(0)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, '0')} min`;
}

/** '17,091' */
export const showCount = (value: number): string => value.toLocaleString('en-US');

/** '6.2e+3' is no rate: 0.031, 4.7, 48, 1,250. */
export function showRate(value: number): string {
  if (!Number.isFinite(value)) return '-';
  return value >= 100 ? showCount(Math.round(value)) : value >= 10 ? value.toFixed(0) : value >= 1 ? value.toFixed(1) : value.toPrecision(2);
}

/**
 * Text for a terminal: control characters, which a file may bring along (who made it, the name of its colour profile), are shown and
 * not obeyed.
 */
export const visible = (text: string): string => text.replace(/\p{Cc}/gu, '\ufffd');

/** Columns of text, padded: numbers (all cells but those of `left`) to the right. */
export function table(cells: readonly (readonly string[])[], left: readonly number[] = [0]): string {
  const rows = cells.map((row) => row.map(visible));
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, cell.length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (left.includes(column) ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd();
  return rows.map((row) => `  ${line(row)}\n`).join('');
}
