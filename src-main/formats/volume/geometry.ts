/**
 * Where a grid lies: from what formats say to VolumeGeometry and back. Axes of the grid are never permuted or reversed; directions and origin
 * carry the orientation, so left-handed and oblique grids are what they are. RAS and LPS differ by the sign of the first two coordinates.
 *
 * What no geometry can be made of is repaired with a note: zero, infinite or missing spacings become 1, a sign of a spacing moves into the
 * direction (the points stay where they are), directions that do not span space become the axes, a broken origin 0.
 */
import { PLAIN_GEOMETRY, type VolumeGeometry } from '#core/signal/volume';

/** Geometry as a file tells it; whatever it leaves out is plain. */
export interface GeometryDraft {
  readonly spacing?: readonly number[];
  readonly origin?: readonly number[];
  /** Directions d_x, d_y, d_z of any length, nine numbers; a length other than 1 multiplies the spacing. */
  readonly directions?: readonly number[];
  readonly space?: VolumeGeometry['space'];
  readonly unit?: VolumeGeometry['unit'];
}

/** Below this the volume of the cell of unit directions is taken for nothing. */
const FLAT = 1e-6;
const AXES = ['x', 'y', 'z'];

/** A valid geometry, with notes of what had to be repaired. */
export function geometryOf(draft: GeometryDraft, notes: string[]): VolumeGeometry {
  const spacing: [number, number, number] = [1, 1, 1];
  const rows: (readonly number[] | null)[] = [];
  for (let axis = 0; axis < 3; axis++) {
    const { length, unit } = polar((draft.directions ?? PLAIN_GEOMETRY.directions).slice(3 * axis, 3 * axis + 3));
    const distance = (draft.spacing?.[axis] ?? 1) * (unit ? length : 1);
    const usable = Number.isFinite(distance) && distance !== 0;
    spacing[axis] = usable ? Math.abs(distance) : 1;
    if (!usable) notes.push(`spacing of ${distance} along ${AXES[axis]} replaced by 1`);
    if (usable && distance < 0) notes.push(`negative spacing along ${AXES[axis]} turned into a direction`);
    rows.push(usable && distance < 0 && unit ? unit.map((part) => -part) : unit);
  }
  let origin = [0, 1, 2].map((axis) => draft.origin?.[axis] ?? 0);
  if (!origin.every(Number.isFinite)) {
    notes.push('origin that is no point replaced by 0');
    origin = [0, 0, 0];
  }
  // -0 is a number like 0, but would be told apart by a comparison of bits.
  const tidy = (value: number) => (value === 0 ? 0 : Math.max(-1, Math.min(1, value)));
  return {
    spacing,
    origin: origin.map((part) => (part === 0 ? 0 : part)) as [number, number, number],
    directions: spanning(rows, notes).map(tidy),
    space: draft.space ?? 'unknown',
    unit: draft.unit ?? 'none',
  };
}

/** Length and direction of a vector; no direction where it is zero or broken. Scaled first, so that no square overflows or vanishes. */
function polar(vector: readonly number[]): { length: number; unit: number[] | null } {
  const largest = Math.max(...vector.map(Math.abs));
  if (vector.length !== 3 || !Number.isFinite(largest) || largest === 0) return { length: 0, unit: null };
  const scaled = vector.map((part) => part / largest);
  const length = Math.hypot(...scaled);
  return { length: largest * length, unit: scaled.map((part) => part / length) };
}

export function cross(a: readonly number[], b: readonly number[]): [number, number, number] {
  return [a[1]! * b[2]! - a[2]! * b[1]!, a[2]! * b[0]! - a[0]! * b[2]!, a[0]! * b[1]! - a[1]! * b[0]!];
}

export function dot(a: readonly number[], b: readonly number[]): number {
  return a[0]! * b[0]! + a[1]! * b[1]! + a[2]! * b[2]!;
}

/** Nine numbers that span space: a single missing direction is the normal of the others. */
function spanning(rows: readonly (readonly number[] | null)[], notes: string[]): readonly number[] {
  const missing = rows.flatMap((row, axis) => (row ? [] : [axis]));
  let full = rows;
  if (missing.length === 1) {
    const [lost] = missing as [number];
    const normal = polar(cross(rows[(lost + 1) % 3]!, rows[(lost + 2) % 3]!)).unit;
    full = rows.map((row) => row ?? normal);
    if (normal) notes.push(`missing direction of ${AXES[lost]} set at right angles to the others`);
  }
  const [x, y, z] = full;
  if (x && y && z && Math.abs(dot(cross(x, y), z)) > FLAT) return [...x, ...y, ...z];
  notes.push('directions that do not span space replaced by the axes');
  return PLAIN_GEOMETRY.directions;
}

/** Steps from voxel to voxel along x, y, z: nine numbers. */
export function stepsOf({ spacing, directions }: VolumeGeometry): number[] {
  return directions.map((part, at) => part * spacing[Math.floor(at / 3)]!);
}

/** The same place in a space that is mirrored along some of its axes: [-1, -1, 1] between RAS and LPS. */
export function mirrored<G extends GeometryDraft>(geometry: G, signs: readonly number[], space: VolumeGeometry['space']): G {
  const flip = (values: readonly number[] | undefined) => values?.map((value, at) => (value === 0 ? 0 : value * signs[at % 3]!));
  return { ...geometry, origin: flip(geometry.origin), directions: flip(geometry.directions ?? PLAIN_GEOMETRY.directions), space };
}

/** The same place told in RAS or in LPS; an unknown space is taken for the wanted one. */
export function inSpace(geometry: VolumeGeometry, space: 'RAS' | 'LPS'): VolumeGeometry {
  return geometry.space === 'unknown' || geometry.space === space ? { ...geometry, space } : mirrored(geometry, [-1, -1, 1], space);
}

/** Nothing but spacing, unit and space: the first voxel at 0, axes along those of space. */
export function isUpright({ origin, directions }: VolumeGeometry): boolean {
  return origin.every((part) => part === 0) && directions.every((part, at) => part === PLAIN_GEOMETRY.directions[at]);
}

/** What of a geometry a format that holds none of it loses, in words; null where nothing is lost. */
export function lostGeometry(geometry: VolumeGeometry, keepsSpacing = false): string | null {
  const lost = [];
  if (!keepsSpacing && geometry.spacing.some((part) => part !== 1)) lost.push('spacing');
  if (geometry.origin.some((part) => part !== 0)) lost.push('origin');
  if (geometry.directions.some((part, at) => part !== PLAIN_GEOMETRY.directions[at])) lost.push('directions');
  if (geometry.space !== 'unknown') lost.push('anatomical space');
  if (geometry.unit !== 'none') lost.push('unit of length');
  return lost.length === 0 ? null : lost.join(', ').replace(/, ([^,]*)$/, ' and $1');
}
