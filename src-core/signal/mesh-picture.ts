/**
 * A small shaded picture of a mesh, for lists and cards: orthographic, from half above, one light from the left and a weak one from the right,
 * blended between the vertices (Gouraud 1971). Triangles go into a depth buffer of twice the extent, whose pixels are then averaged two by two.
 * What faces away is lit like what faces here: meshes of unknown orientation look whole.
 */

/** As the stage looks at first, in radians. */
const AZIMUTH = 0.6;
const ELEVATION = 0.35;
/** Share of the picture that stays free around the mesh, on each side. */
const MARGIN = 0.06;
const FINE = 2;

const MATERIAL = [226, 214, 198] as const;
const KEY = unit(-0.5, 0.65, 0.6);
const FILL = unit(0.8, 0.1, 0.45);

function unit(x: number, y: number, z: number): readonly [number, number, number] {
  const length = Math.sqrt(x * x + y * y + z * z);
  return [x / length, y / length, z / length];
}

/** Light by a normal in the camera's system, 0 to 1. */
function light(x: number, y: number, z: number): number {
  const along = ([a, b, c]: readonly [number, number, number]): number => Math.max(0, a * x + b * y + c * z);
  return Math.min(1, 0.2 + 0.68 * along(KEY) + 0.22 * along(FILL));
}

/** RGBA pixels of a square of `extent`, clear beside the mesh. Positions are finite: x, y, z each; triangles as indices. */
export function meshPicture(positions: Float32Array | Float64Array, indices: Uint32Array, extent: number): { width: number; height: number; data: Uint8ClampedArray<ArrayBuffer> } {
  const side = FINE * extent;
  const seen = project(positions, side);
  const depth = new Float32Array(side * side).fill(-Infinity);
  const shade = new Float32Array(side * side);
  const lit = lightOf(seen, indices);
  for (let i = 0; i < indices.length; i += 3) drawTriangle(seen, lit, [indices[i]!, indices[i + 1]!, indices[i + 2]!], side, depth, shade);
  const data = new Uint8ClampedArray(4 * extent * extent);
  for (let y = 0; y < extent; y++) {
    for (let x = 0; x < extent; x++) {
      let covered = 0;
      let sum = 0;
      for (let j = 0; j < FINE; j++) {
        for (let k = 0; k < FINE; k++) {
          const at = (FINE * y + j) * side + FINE * x + k;
          if (depth[at]! === -Infinity) continue;
          covered++;
          sum += shade[at]!;
        }
      }
      if (covered === 0) continue;
      const to = 4 * (y * extent + x);
      for (let channel = 0; channel < 3; channel++) data[to + channel] = (MATERIAL[channel]! * sum) / covered;
      data[to + 3] = (255 * covered) / (FINE * FINE);
    }
  }
  return { width: extent, height: extent, data };
}

/** Vertices in pixels: x to the right, y down, and how near they are. */
function project(positions: Float32Array | Float64Array, side: number): Float32Array {
  const [sa, ca, se, ce] = [Math.sin(AZIMUTH), Math.cos(AZIMUTH), Math.sin(ELEVATION), Math.cos(ELEVATION)];
  const count = positions.length / 3;
  const seen = new Float32Array(positions.length);
  const [low, high] = [
    [Infinity, Infinity],
    [-Infinity, -Infinity],
  ];
  // About the first vertex: far from the origin float32 would lose the mesh.
  const [ox = 0, oy = 0, oz = 0] = positions;
  for (let i = 0; i < count; i++) {
    const [x, y, z] = [positions[3 * i]! - ox, positions[3 * i + 1]! - oy, positions[3 * i + 2]! - oz];
    const toward = sa * x + ca * z;
    seen[3 * i] = ca * x - sa * z;
    seen[3 * i + 1] = se * toward - ce * y;
    seen[3 * i + 2] = ce * toward + se * y;
    for (let axis = 0; axis < 2; axis++) {
      low[axis] = Math.min(low[axis]!, seen[3 * i + axis]!);
      high[axis] = Math.max(high[axis]!, seen[3 * i + axis]!);
    }
  }
  const reach = Math.max(high[0]! - low[0]!, high[1]! - low[1]!);
  const scale = reach > 0 ? ((1 - 2 * MARGIN) * side) / reach : 1;
  for (let i = 0; i < count; i++) {
    for (let axis = 0; axis < 2; axis++) seen[3 * i + axis] = side / 2 + scale * (seen[3 * i + axis]! - (low[axis]! + high[axis]!) / 2);
    seen[3 * i + 2] = scale * seen[3 * i + 2]!;
  }
  return seen;
}

/** Light at each vertex, by the mean of its triangles' normals weighted by area. */
function lightOf(seen: Float32Array, indices: Uint32Array): Float32Array {
  const normals = new Float32Array(seen.length);
  for (let i = 0; i < indices.length; i += 3) {
    const [a, b, c] = [3 * indices[i]!, 3 * indices[i + 1]!, 3 * indices[i + 2]!];
    const [ux, uy, uz] = [seen[b]! - seen[a]!, seen[b + 1]! - seen[a + 1]!, seen[b + 2]! - seen[a + 2]!];
    const [vx, vy, vz] = [seen[c]! - seen[a]!, seen[c + 1]! - seen[a + 1]!, seen[c + 2]! - seen[a + 2]!];
    for (const corner of [a, b, c]) {
      normals[corner]! += uy * vz - uz * vy;
      normals[corner + 1]! += uz * vx - ux * vz;
      normals[corner + 2]! += ux * vy - uy * vx;
    }
  }
  return Float32Array.from({ length: seen.length / 3 }, (_, i) => {
    const [x, y, z] = [normals[3 * i]!, normals[3 * i + 1]!, normals[3 * i + 2]!];
    const length = Math.sqrt(x * x + y * y + z * z);
    const facing = length > 0 ? (z < 0 ? -1 : 1) / length : 0;
    // y grows downwards here, upwards where the lights are.
    return light(x * facing, -y * facing, z * facing);
  });
}

function drawTriangle(seen: Float32Array, lit: Float32Array, corners: readonly [number, number, number], side: number, depth: Float32Array, shade: Float32Array): void {
  const [a, b, c] = [3 * corners[0], 3 * corners[1], 3 * corners[2]];
  const [la, lb, lc] = [lit[corners[0]]!, lit[corners[1]]!, lit[corners[2]]!];
  const [ax, ay, az] = [seen[a]!, seen[a + 1]!, seen[a + 2]!];
  const [ux, uy, uz] = [seen[b]! - ax, seen[b + 1]! - ay, seen[b + 2]! - az];
  const [vx, vy, vz] = [seen[c]! - ax, seen[c + 1]! - ay, seen[c + 2]! - az];
  const area = ux * vy - uy * vx;
  if (area === 0) return;
  const bound = (value: number): number => Math.min(side, Math.max(0, value));
  const left = bound(Math.ceil(Math.min(ax, ax + ux, ax + vx) - 0.5));
  const right = bound(Math.floor(Math.max(ax, ax + ux, ax + vx) - 0.5) + 1);
  const top = bound(Math.ceil(Math.min(ay, ay + uy, ay + vy) - 0.5));
  const bottom = bound(Math.floor(Math.max(ay, ay + uy, ay + vy) - 0.5) + 1);
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const [px, py] = [x + 0.5 - ax, y + 0.5 - ay];
      const s = (px * vy - py * vx) / area;
      const t = (ux * py - uy * px) / area;
      if (s < 0 || t < 0 || s + t > 1) continue;
      const near = az + s * uz + t * vz;
      const at = y * side + x;
      if (near <= depth[at]!) continue;
      depth[at] = near;
      shade[at] = la + s * (lb - la) + t * (lc - la);
    }
  }
}
