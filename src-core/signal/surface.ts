/**
 * Surfaces: a mesh, and the field that stands for it. The field is the truncated distance to the surface, negative inside, over
 * the cube [-1, 1]^3 around the mesh; lengths in the cube are called domain units.
 *
 * Mode 'signed' is for meshes that enclose a solid. Mode 'thickness' serves open sheets: the distance without a sign, less half the thickness, so
 * that the sheet becomes a thin solid.
 *
 * Samples are 16-bit codes of the truncated distance, as for volumes: distance = truncation * (2 * code / 65535 - 1).
 */
import type { SurfacePlan } from '../fit/config';
import { boundsOf, type Bounds, type Mesh } from './mesh';

/** The cube: world = center + halfExtent * domain. */
export interface SurfaceDomain {
  readonly center: readonly [number, number, number];
  readonly halfExtent: number;
}

export const SURFACE_MODES = ['signed', 'thickness'] as const;

export interface SurfaceMetadata {
  readonly domain: SurfaceDomain;
  readonly mode: (typeof SURFACE_MODES)[number];
  /** Thickness of a sheet in domain units; 0 in mode 'signed'. */
  readonly thickness: number;
  /** Distances beyond it are cut off, in domain units. */
  readonly truncation: number;
  /** Vertices and triangles of the mesh that was fitted: bits per vertex and exports go by them. */
  readonly vertices: number;
  readonly triangles: number;
}

export interface SurfaceSignal {
  readonly kind: 'surface';
  /** In world units, cleaned: no degenerate triangles, no vertices that no triangle uses. */
  readonly mesh: Mesh;
  readonly metadata: SurfaceMetadata;
  /** What was found out about the mesh. */
  readonly watertight: boolean;
}

/** Room around a mesh in its cube, as a share of the half extent: the surface keeps clear of the border. */
export const SURFACE_MARGIN = 0.1;

/** The cube around a mesh. The half extent is 1 where the mesh is a point. */
export function domainOf(bounds: Bounds): SurfaceDomain {
  const center = bounds.least.map((value, axis) => value / 2 + bounds.most[axis]! / 2) as [number, number, number];
  const half = Math.max(...bounds.least.map((value, axis) => bounds.most[axis]! / 2 - value / 2));
  return { center, halfExtent: half > 0 ? half * (1 + SURFACE_MARGIN) : 1 };
}

/** World positions -> domain coordinates, float32. */
export function toDomain(positions: Float64Array, { center, halfExtent }: SurfaceDomain): Float32Array {
  return Float32Array.from(positions, (value, i) => (value - center[i % 3]!) / halfExtent);
}

/** Domain coordinates -> world positions. */
export function toWorld(coordinates: ArrayLike<number>, { center, halfExtent }: SurfaceDomain): Float64Array {
  return Float64Array.from(coordinates, (value, i) => center[i % 3]! + halfExtent * value);
}

/** The code of a distance in domain units. */
export function codeOfDistance(distance: number, truncation: number): number {
  return Math.round((Math.max(-1, Math.min(1, distance / truncation)) + 1) * 32767.5);
}

/** The distance of a code, in domain units. */
export function distanceOfCode(code: number, truncation: number): number {
  return truncation * ((2 * code) / 65535 - 1);
}

/**
 * How open a mesh is: the length of the sum of its area vectors over the sum of areas. 0 for closed meshes, whose area vectors cancel, about 0.5
 * for a half sphere, 1 for a flat sheet.
 */
export function openness({ positions, indices }: Mesh): number {
  let x = 0;
  let y = 0;
  let z = 0;
  let total = 0;
  for (let i = 0; i < indices.length; i += 3) {
    const a = 3 * indices[i]!;
    const b = 3 * indices[i + 1]!;
    const c = 3 * indices[i + 2]!;
    const [ux, uy, uz] = [positions[b]! - positions[a]!, positions[b + 1]! - positions[a + 1]!, positions[b + 2]! - positions[a + 2]!];
    const [wx, wy, wz] = [positions[c]! - positions[a]!, positions[c + 1]! - positions[a + 1]!, positions[c + 2]! - positions[a + 2]!];
    const [nx, ny, nz] = [uy * wz - uz * wy, uz * wx - ux * wz, ux * wy - uy * wx];
    x += nx;
    y += ny;
    z += nz;
    total += Math.sqrt(nx * nx + ny * ny + nz * nz);
  }
  return total > 0 ? Math.hypot(x, y, z) / total : 0;
}

/** Meshes more open than this are taken for sheets. */
const SHEET_OPENNESS = 0.1;

/** The signal as a plan wants it: truncation, and a solid or a sheet. */
export function withSurfacePlan(signal: SurfaceSignal, plan: Pick<SurfacePlan, 'truncation' | 'mode' | 'thickness'>): SurfaceSignal {
  const sheet = plan.mode === 'thickness' || (plan.mode === 'auto' && !signal.watertight && openness(signal.mesh) > SHEET_OPENNESS);
  const { truncation } = plan;
  return { ...signal, metadata: { ...signal.metadata, truncation, mode: sheet ? 'thickness' : 'signed', thickness: sheet ? plan.thickness : 0 } };
}

/** Domain of a mesh that has vertices. */
export function meshDomain(mesh: Mesh): SurfaceDomain {
  const bounds = boundsOf(mesh);
  return bounds ? domainOf(bounds) : { center: [0, 0, 0], halfExtent: 1 };
}
