/**
 * Signed distances to triangle meshes, for training and for measures. The unsigned distance is that of the closest point on any triangle, found
 * by a bounding volume hierarchy (three-mesh-bvh). The sign comes from the winding number (winding.ts): a point is inside where it is nearer to a
 * whole turn than to none, |w| > 1/2. That needs no watertight mesh: holes are closed by a smooth lid, flaps and duplicated triangles count as
 * what they enclose. The absolute value takes meshes whose triangles all face inwards for the same solid.
 *
 * Mode 'thickness' has no inside: the unsigned distance less half the thickness.
 *
 * Corners are kept as float32 (the hierarchy's type); lengths are those of the coordinates that are given, domain units for training. A query is
 * a pure function of mesh and point: no order of queries, and no number of threads, changes a bit.
 */
import { BufferAttribute, BufferGeometry, Vector3 } from 'three';
import { MeshBVH, type SerializedBVH } from 'three-mesh-bvh';
import { StudioError } from '#core/errors';
import { buildWindingTree, windingNumber, type WindingTree } from './winding';

/** Triangles in any coordinates; finite, at least one. */
export interface Triangles {
  readonly positions: Float32Array | Float64Array;
  readonly indices: Uint32Array;
}

/** How a distance gets its sign; as SurfaceMetadata. */
export interface SignRule {
  readonly mode: 'signed' | 'thickness';
  readonly thickness: number;
}

export const SIGNED: SignRule = { mode: 'signed', thickness: 0 };

/** All that queries read, in typed arrays: what worker threads are given. */
export interface DistanceImage {
  readonly positions: Float32Array;
  readonly indices: Uint32Array;
  readonly hierarchy: SerializedBVH;
  readonly winding: WindingTree | null;
  readonly rule: SignRule;
}

export interface Nearest {
  /** Unsigned distances. */
  readonly distances: Float32Array;
  /** Unit normals of the closest triangles, x, y, z each. */
  readonly normals: Float32Array;
}

export class MeshDistance {
  private readonly point = new Vector3();
  private readonly hit = { point: new Vector3(), distance: 0, faceIndex: 0 };

  private constructor(
    private readonly triangles: { readonly positions: Float32Array; readonly indices: Uint32Array },
    private readonly hierarchy: MeshBVH,
    readonly winding: WindingTree | null,
    readonly rule: SignRule,
  ) {}

  /**
   * Builds both trees; about a second for a hundred thousand triangles. Throws StudioError 'input'/'input.empty' for a mesh without triangles,
   * 'input'/'input.range' for coordinates that are not finite numbers of float32. `shared`: for image() over SharedArrayBuffers.
   */
  static build(mesh: Triangles, rule: SignRule = SIGNED, shared = false): MeshDistance {
    if (mesh.indices.length === 0) throw new StudioError('input', 'input.empty', 'The mesh has no triangles, so nothing has a distance from it.');
    const room = (bytes: number): ArrayBuffer => (shared ? (new SharedArrayBuffer(bytes) as unknown as ArrayBuffer) : new ArrayBuffer(bytes));
    const positions = new Float32Array(room(mesh.positions.length * 4));
    positions.set(mesh.positions);
    if (!positions.every(Number.isFinite)) throw new StudioError('input', 'input.range', 'The mesh has coordinates that are not finite numbers. Repair or rescale it first.');
    const indices = new Uint32Array(room(mesh.indices.length * 4));
    indices.set(mesh.indices);
    // Indirect: the order of the triangles stays as it is.
    const hierarchy = new MeshBVH(geometryOf(positions, indices), { indirect: true, useSharedArrayBuffer: shared, targetLeafSize: 6 });
    return new MeshDistance({ positions, indices }, hierarchy, rule.mode === 'signed' ? buildWindingTree(positions, indices, shared) : null, rule);
  }

  /** The same distances on another thread. */
  static fromImage({ positions, indices, hierarchy, winding, rule }: DistanceImage): MeshDistance {
    return new MeshDistance({ positions, indices }, MeshBVH.deserialize(hierarchy, geometryOf(positions, indices), { setIndex: false }), winding, rule);
  }

  /** What fromImage takes; not copied. */
  image(): DistanceImage {
    return { ...this.triangles, hierarchy: MeshBVH.serialize(this.hierarchy, { cloneBuffers: false }), winding: this.winding, rule: this.rule };
  }

  /**
   * Signed distances (negative inside) of x, y, z triples, no farther from zero than `truncation`: points beyond it cost little. Both float32.
   */
  distances(points: Float32Array, truncation = Infinity): Float32Array {
    const { mode, thickness } = this.rule;
    const half = mode === 'thickness' ? thickness / 2 : 0;
    const distances = new Float32Array(points.length / 3);
    for (let i = 0; i < distances.length; i++) {
      const [x, y, z] = [points[3 * i]!, points[3 * i + 1]!, points[3 * i + 2]!];
      const unsigned = this.unsigned(x, y, z, truncation + half);
      const distance = Math.max(-truncation, Math.min(truncation, unsigned - half));
      distances[i] = this.winding !== null && Math.abs(windingNumber(this.winding, x, y, z)) > 0.5 ? -distance : distance;
    }
    return distances;
  }

  /** Winding numbers of x, y, z triples; about the mesh as it is, whatever the mode. */
  windings(points: Float32Array): Float32Array {
    const tree = this.winding ?? buildWindingTree(this.triangles.positions, this.triangles.indices);
    return Float32Array.from({ length: points.length / 3 }, (_, i) => windingNumber(tree, points[3 * i]!, points[3 * i + 1]!, points[3 * i + 2]!));
  }

  /** Unsigned distances and the normals of the closest triangles (of one of them where several are equally close). */
  nearest(points: Float32Array): Nearest {
    const distances = new Float32Array(points.length / 3);
    const normals = new Float32Array(points.length);
    for (let i = 0; i < distances.length; i++) {
      distances[i] = this.unsigned(points[3 * i]!, points[3 * i + 1]!, points[3 * i + 2]!, Infinity);
      this.normal(this.hit.faceIndex, normals, 3 * i);
    }
    return { distances, normals };
  }

  /** Distance of the closest point, or `limit` where that is farther away. Leaves the triangle in `hit`. */
  private unsigned(x: number, y: number, z: number, limit: number): number {
    const hit = this.hierarchy.closestPointToPoint(this.point.set(x, y, z), this.hit, 0, limit);
    return hit === null ? limit : Math.min(hit.distance, limit);
  }

  /** Unit normal of a triangle; zero of one without area. */
  private normal(triangle: number, out: Float32Array, to: number): void {
    const { positions, indices } = this.triangles;
    const [a, b, c] = [3 * indices[3 * triangle]!, 3 * indices[3 * triangle + 1]!, 3 * indices[3 * triangle + 2]!];
    const [ux, uy, uz] = [positions[b]! - positions[a]!, positions[b + 1]! - positions[a + 1]!, positions[b + 2]! - positions[a + 2]!];
    const [vx, vy, vz] = [positions[c]! - positions[a]!, positions[c + 1]! - positions[a + 1]!, positions[c + 2]! - positions[a + 2]!];
    const [nx, ny, nz] = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
    const length = Math.hypot(nx, ny, nz);
    if (length === 0) return;
    out[to] = nx / length;
    out[to + 1] = ny / length;
    out[to + 2] = nz / length;
  }
}

function geometryOf(positions: Float32Array, indices: Uint32Array): BufferGeometry {
  const geometry = new BufferGeometry();
  geometry.setAttribute('position', new BufferAttribute(positions, 3));
  geometry.setIndex(new BufferAttribute(indices, 1));
  return geometry;
}
