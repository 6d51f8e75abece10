/**
 * What a description of raw voxels makes of the bytes of a file, and descriptions that would fit: what the dialog for raw files shows while it is
 * filled in.
 */
import { pointCount } from '#core/signal/signal';
import type { RequestOf } from '#main/ipc/contract';
import { formatCount, formatSize } from './format';

export type RawDescription = NonNullable<RequestOf<'file.load'>['raw']>;
export type RawType = RawDescription['type'];
type Shape = RawDescription['shape'];

/** Bytes of a number of each type, in the order in which they are offered. */
export const RAW_BYTES: Readonly<Record<RawType, number>> = { uint8: 1, int8: 1, uint16: 2, int16: 2, float16: 2, uint32: 4, int32: 4, float32: 4, float64: 8, int64: 8, uint64: 8 };
export const RAW_TYPES = Object.keys(RAW_BYTES) as readonly RawType[];

/** What is filled in so far; NaN and 0 where nothing or nothing sensible is. */
export interface RawForm {
  readonly shape: Shape;
  readonly type: RawType;
  readonly channels: number;
  readonly skipBytes: number;
}

/** A description that would fit, and how it is called. */
export interface RawSuggestion {
  readonly label: string;
  readonly form: RawForm;
}

/** The usual type of each width. */
const USUAL: readonly RawType[] = ['uint8', 'uint16', 'float32', 'float64'];
/** Slices are often squares of these sides. */
const SIDES = [1024, 768, 640, 600, 512, 500, 480, 448, 400, 384, 350, 320, 300, 256, 250, 240, 217, 200, 192, 181, 160, 150, 128, 100, 96, 80, 64, 48, 32];
/** What stands before the voxels is seldom longer, or more than a quarter of a file. */
const LONGEST_HEADER = 1 << 16;
const MOST_SUGGESTIONS = 4;

const isExtent = (value: number): boolean => Number.isInteger(value) && value >= 1;

/** Bytes that the description needs, or null where it is not complete. */
export function neededBytes({ shape, type, channels, skipBytes }: RawForm): number | null {
  if (!shape.every(isExtent) || !isExtent(channels) || !(Number.isInteger(skipBytes) && skipBytes >= 0)) return null;
  return skipBytes + pointCount(shape) * channels * RAW_BYTES[type];
}

/** How the description and the file agree, in one sentence. */
export function rawVerdict(form: RawForm, bytes: number): { readonly fits: boolean; readonly words: string } {
  const needed = neededBytes(form);
  if (needed === null) return { fits: false, words: `The file has ${formatCount(bytes)} bytes.` };
  const { shape, type, channels, skipBytes } = form;
  const product = `${formatSize(shape)} × ${channels > 1 ? `${channels} channels × ` : ''}${RAW_BYTES[type]} byte${RAW_BYTES[type] > 1 ? 's' : ''}`;
  const sum = `${product}${skipBytes > 0 ? ` + ${formatCount(skipBytes)}` : ''} = ${formatCount(needed)} bytes`;
  if (needed === bytes) return { fits: true, words: `${sum}: that is the file.` };
  return { fits: false, words: `${sum}; the file has ${formatCount(Math.abs(bytes - needed))} ${bytes > needed ? 'more' : 'fewer'}.` };
}

/** Descriptions near this one that fit the file to the byte, the likeliest first. */
export function rawSuggestions(form: RawForm, bytes: number): readonly RawSuggestion[] {
  const { shape, type, skipBytes } = form;
  const channels = isExtent(form.channels) ? form.channels : 1;
  const skip = Number.isInteger(skipBytes) && skipBytes >= 0 ? skipBytes : 0;
  const found: RawSuggestion[] = [];
  const add = (label: string, change: Partial<RawForm>): void => {
    const suggested = { ...form, channels, skipBytes: skip, ...change };
    if (neededBytes(suggested) === bytes && !found.some((each) => each.label === label)) found.push({ label, form: suggested });
  };
  const addShape = (candidate: Shape): void => add(formatSize(candidate), { shape: candidate });

  const voxels = (bytes - skip) / (channels * RAW_BYTES[type]);
  if (shape.every(isExtent)) {
    for (const other of USUAL) if (other !== type) add(other, { type: other });
    for (const count of [3, 2, 4, 1]) if (count !== channels) add(`${count} channel${count > 1 ? 's' : ''}`, { channels: count });
    const rest = bytes - pointCount(shape) * channels * RAW_BYTES[type];
    if (rest > 0 && rest <= Math.min(LONGEST_HEADER, bytes / 4)) add(`skip ${formatCount(rest)} bytes`, { skipBytes: rest });
  }
  for (const axis of [2, 0, 1]) {
    const [one, other] = shape.filter((_, each) => each !== axis) as [number, number];
    if (!isExtent(one) || !isExtent(other)) continue;
    addShape(shape.map((extent, each) => (each === axis ? voxels / (one * other) : extent)) as unknown as Shape);
  }
  const edge = Math.round(Math.cbrt(voxels));
  addShape([edge, edge, edge]);
  const apart = (side: number): number => Math.abs(Math.log(voxels / side ** 3));
  for (const side of [...SIDES].sort((a, b) => apart(a) - apart(b))) addShape([side, side, voxels / side ** 2]);
  return found.slice(0, MOST_SUGGESTIONS);
}
