/**
 * The little that must be known of an ICC profile: its colour space, its name, and whether it says the same as sRGB, in which
 * case samples stay as they are instead of passing through a rounding conversion. Judged by what the profile does (primaries
 * and tone curve), not by its name, since there are dozens of sRGB profiles and some that lie.
 *
 * Source: ICC.1:2022 sections 7.2 (header), 10.6 curve, 10.18 parametricCurve, 10.31 XYZ; sRGB: IEC 61966-2-1, primaries
 * adapted to D50 by Bradford.
 */
export interface ProfileFacts {
  /** 'RGB', 'GRAY', 'CMYK', 'Lab', ... */
  readonly space: string;
  /** Its description, or ''. */
  readonly name: string;
  readonly isSrgb: boolean;
}

const SRGB_PRIMARIES = { rXYZ: [0.4361, 0.2225, 0.0139], gXYZ: [0.3851, 0.7169, 0.0971], bXYZ: [0.1431, 0.0606, 0.7139] } as const;
const PRIMARY_TOLERANCE = 0.003;
const CURVE_TOLERANCE = 0.008;

const latin = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

/** Facts of a profile; null when it is not one or is damaged. */
export function readProfile(icc: Uint8Array): ProfileFacts | null {
  try {
    if (icc.length < 132 || latin(icc.subarray(36, 40)) !== 'acsp') return null;
    const tags = tagTable(icc);
    const space = latin(icc.subarray(16, 20)).trim();
    return { space, name: description(tags.get('desc')), isSrgb: space === 'RGB' && matchesSrgb(tags) };
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function tagTable(icc: Uint8Array): Map<string, DataView> {
  const view = new DataView(icc.buffer, icc.byteOffset, icc.byteLength);
  const tags = new Map<string, DataView>();
  const entries = Math.min(view.getUint32(128), 200);
  for (let entry = 0; entry < entries; entry++) {
    const at = 132 + 12 * entry;
    const name = latin(icc.subarray(at, at + 4));
    tags.set(name, new DataView(icc.buffer, icc.byteOffset + view.getUint32(at + 4), Math.min(view.getUint32(at + 8), icc.length - view.getUint32(at + 4))));
  }
  return tags;
}

const typeOf = (tag: DataView): string => String.fromCharCode(tag.getUint8(0), tag.getUint8(1), tag.getUint8(2), tag.getUint8(3));

function description(tag: DataView | undefined): string {
  if (!tag) return '';
  let text = '';
  if (typeOf(tag) === 'desc') {
    const length = tag.getUint32(8);
    for (let i = 0; i + 1 < length && i < 200; i++) text += String.fromCharCode(tag.getUint8(12 + i));
  } else if (typeOf(tag) === 'mluc' && tag.getUint32(8) > 0) {
    const length = tag.getUint32(20);
    const from = tag.getUint32(24);
    for (let i = 0; i + 1 < length && i < 400; i += 2) text += String.fromCharCode(tag.getUint16(from + i));
  }
  // Names in files may carry terminators.
  return [...text].filter((letter) => letter >= ' ').join('').trim();
}

const fixed = (tag: DataView, at: number): number => tag.getInt32(at) / 65536;

function matchesSrgb(tags: Map<string, DataView>): boolean {
  for (const [name, expected] of Object.entries(SRGB_PRIMARIES)) {
    const tag = tags.get(name);
    if (!tag || expected.some((value, index) => Math.abs(fixed(tag, 8 + 4 * index) - value) > PRIMARY_TOLERANCE)) return false;
  }
  for (const name of ['rTRC', 'gTRC', 'bTRC']) {
    const curve = toneCurve(tags.get(name));
    if (!curve) return false;
    for (let i = 0; i <= 32; i++) {
      if (Math.abs(curve(i / 32) - srgbToLinear(i / 32)) > CURVE_TOLERANCE) return false;
    }
  }
  return true;
}

const srgbToLinear = (value: number): number => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);

/** The tone curve of a tag as a function on [0, 1]; null for a type that is not one. */
function toneCurve(tag: DataView | undefined): ((x: number) => number) | null {
  if (!tag) return null;
  if (typeOf(tag) === 'curv') {
    const count = tag.getUint32(8);
    if (count === 0) return (x) => x;
    if (count === 1) return (x) => x ** (tag.getUint16(12) / 256);
    return (x) => {
      const at = x * (count - 1);
      const below = Math.min(count - 2, Math.floor(at));
      const low = tag.getUint16(12 + 2 * below);
      const high = tag.getUint16(14 + 2 * below);
      return (low + (high - low) * (at - below)) / 65535;
    };
  }
  if (typeOf(tag) !== 'para') return null;
  const kind = tag.getUint16(8);
  const value = (index: number): number => fixed(tag, 12 + 4 * index);
  const g = value(0);
  if (kind === 0) return (x) => x ** g;
  const [a, b] = [value(1), value(2)];
  if (kind === 1) return (x) => (x >= -b / a ? (a * x + b) ** g : 0);
  const c = value(3);
  if (kind === 2) return (x) => (x >= -b / a ? (a * x + b) ** g + c : c);
  const d = value(4);
  if (kind === 3) return (x) => (x >= d ? (a * x + b) ** g : c * x);
  const [e, f] = [value(5), value(6)];
  return kind === 4 ? (x) => (x >= d ? (a * x + b) ** g + e : c * x + f) : null;
}
