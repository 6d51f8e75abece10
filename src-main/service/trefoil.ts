/**
 * The sample surface: a trefoil knot with knots of its own, made from a formula when it is asked for.
 *
 * The middle of the rope is x = sin t + 2 sin 2t, y = cos t - 2 cos 2t, z = -sin 3t, the usual trefoil, a third longer in z. The rope is the union of balls along it,
 * whose radii swell SWELLS times; the field is the distance to the nearest of them, which is negative inside and rises by no more than the way
 * (1-Lipschitz), as the sparse search for the surface needs it.
 */
import { meshPicture } from '#core/signal/mesh-picture';
import type { Mesh } from '#core/signal/mesh';
import { meshFromField } from '#engine/surface/extract';
import { writeMesh } from '../formats/mesh';

/** Grid points along each axis: about 20 000 triangles. */
const RESOLUTION = 56;
/** For the picture: the first window waits for it. */
const PICTURE_RESOLUTION = 36;
const BALLS = 480;
/** Balls that are left out together where all of them are too far. */
const GROUP = 16;
const SCALE = 0.265;
const RADIUS = 0.152;
const SWELL = 0.026;
const SWELLS = 12;

/** Centre and radius of each ball, in [-1, 1]^3. */
const ROPE = Float64Array.from({ length: 4 * BALLS }, (_, i) => {
  const t = (2 * Math.PI * Math.floor(i / 4)) / BALLS;
  const place = [Math.sin(t) + 2 * Math.sin(2 * t), Math.cos(t) - 2 * Math.cos(2 * t), -1.35 * Math.sin(3 * t)];
  return i % 4 === 3 ? RADIUS + SWELL * Math.cos(SWELLS * t) : SCALE * place[i % 4]!;
});

/** Distance to one ball. */
function ballDistance(balls: Float64Array, at: number, x: number, y: number, z: number): number {
  const [a, b, c] = [x - balls[at]!, y - balls[at + 1]!, z - balls[at + 2]!];
  return Math.sqrt(a * a + b * b + c * c) - balls[at + 3]!;
}

/** A ball around each group. */
const AROUND = Float64Array.from({ length: (4 * BALLS) / GROUP }, (_, i) => {
  const middle = 4 * GROUP * Math.floor(i / 4) + 4 * (GROUP / 2);
  if (i % 4 !== 3) return ROPE[middle + (i % 4)]!;
  const [x, y, z] = [ROPE[middle]!, ROPE[middle + 1]!, ROPE[middle + 2]!];
  const reach = (ball: number): number => Math.hypot(ROPE[ball]! - x, ROPE[ball + 1]! - y, ROPE[ball + 2]! - z) + ROPE[ball + 3]!;
  return Math.max(...Array.from({ length: GROUP }, (_each, j) => reach(middle + 4 * (j - GROUP / 2))));
});

/** Distance to the rope at a point of [-1, 1]^3, negative inside. */
export function trefoilDistance(x: number, y: number, z: number): number {
  let least = Infinity;
  for (let group = 0; group < BALLS / GROUP; group++) {
    if (ballDistance(AROUND, 4 * group, x, y, z) >= least) continue;
    for (let ball = 4 * GROUP * group; ball < 4 * GROUP * (group + 1); ball += 4) least = Math.min(least, ballDistance(ROPE, ball, x, y, z));
  }
  return least;
}

function trefoil(resolution: number): Promise<Mesh> {
  const sampler = (points: Float32Array): Promise<Float32Array> => Promise.resolve(Float32Array.from({ length: points.length / 3 }, (_, i) => trefoilDistance(points[3 * i]!, points[3 * i + 1]!, points[3 * i + 2]!)));
  return meshFromField(sampler, resolution);
}

/** The surface as a PLY file. */
export async function trefoilFile(): Promise<Uint8Array> {
  return writeMesh(await trefoil(RESOLUTION), 'ply');
}

/** The surface as RGBA pixels of a square. */
export async function trefoilPicture(extent: number): Promise<ReturnType<typeof meshPicture>> {
  const { positions, indices } = await trefoil(PICTURE_RESOLUTION);
  return meshPicture(positions, indices, extent);
}
