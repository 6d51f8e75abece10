/** Triangle meshes, as files give them and as reconstructions are written. */
export interface Mesh {
  /** x, y, z of every vertex, in world units. */
  readonly positions: Float64Array;
  /** Three vertices a triangle, counter-clockwise seen from outside. */
  readonly indices: Uint32Array;
  /** Unit normals at the vertices, where there are any: x, y, z each. */
  readonly normals?: Float32Array;
}

export function vertexCount(mesh: Mesh): number {
  return mesh.positions.length / 3;
}

export function triangleCount(mesh: Mesh): number {
  return mesh.indices.length / 3;
}

export interface Bounds {
  readonly least: readonly [number, number, number];
  readonly most: readonly [number, number, number];
}

/** Smallest box around all vertices; null of none. */
export function boundsOf({ positions }: Pick<Mesh, 'positions'>): Bounds | null {
  if (positions.length === 0) return null;
  const least: [number, number, number] = [Infinity, Infinity, Infinity];
  const most: [number, number, number] = [-Infinity, -Infinity, -Infinity];
  for (let i = 0; i < positions.length; i += 3) {
    for (let axis = 0; axis < 3; axis++) {
      const value = positions[i + axis]!;
      if (value < least[axis]!) least[axis] = value;
      if (value > most[axis]!) most[axis] = value;
    }
  }
  return { least, most };
}

/** Length of the diagonal of the box around a mesh: distances are told in per cent of it. */
export function diagonalOf(mesh: Pick<Mesh, 'positions'>): number {
  const bounds = boundsOf(mesh);
  return bounds ? Math.hypot(...bounds.most.map((value, axis) => value - bounds.least[axis]!)) : 0;
}
