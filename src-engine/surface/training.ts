/**
 * A surface as a training set: points with the codes of their truncated distances. A field matters most where it is zero, so a share `near` of
 * the points lies about the surface: points on it, uniform by area, moved by an isotropic normal deviate; half of them by `spread`, half
 * by a quarter of it. The others fill the cube and keep it empty elsewhere.
 *
 * Points on the surface are stratified: one uniform point in each of as many equal pieces of the total area, the triangles laid end to end. So
 * every triangle gets its share up to one point. (Osada, Funkhouser, Chazelle and Dobkin 2002, section 3.1, for a uniform point of a triangle.)
 *
 * All numbers are counter-based (fit/random.ts): the same mesh, plan and seed give the same bits on any number of threads.
 */
import { StudioError } from '#core/errors';
import type { SurfacePlan } from '#core/fit/config';
import { scaleToRange, pcg3d, uniform } from '#core/fit/random';
import { codeOfDistance, toDomain, type SurfaceMetadata, type SurfaceSignal } from '#core/signal/surface';
import type { TrainingSet } from '../engine';
import { openDistances, type BlockOptions, type DistanceField } from './distance-field';
import type { Triangles } from './distance';

/** Streams of random numbers; no other use of the seed has them. */
const Stream = { Along: 0x53440000, First: 0x53440001, Second: 0x53440002, Deviate: 0x53440003, Cube: 0x53440008, Shuffle: 0x5344000c } as const;

/** Part of the near points that keeps closer to the surface, and how much closer. */
const CLOSER = 4;

export interface SurfaceTrainingOptions extends BlockOptions {
  /** Who measures: distances to this surface in its cube, left open. Default: this thread. */
  readonly field?: DistanceField;
}

export interface SurfaceTraining {
  /** size [plan.points], one channel of uint16 codes, coordinates. */
  readonly data: TrainingSet;
  /** As the signal's, with the truncation of the plan. */
  readonly metadata: SurfaceMetadata;
}

/**
 * Draws and measures the points of a plan. Throws StudioError 'input'/'input.empty' for a mesh without triangles or area, 'cancelled' after an
 * abort.
 */
export async function surfaceTraining(surface: SurfaceSignal, plan: SurfacePlan, seed: number, options: SurfaceTrainingOptions = {}): Promise<SurfaceTraining> {
  const { field: given, ...blocks } = options;
  const { mesh } = surface;
  const metadata: SurfaceMetadata = { ...surface.metadata, truncation: plan.truncation };
  const triangles = { positions: toDomain(mesh.positions, metadata.domain), indices: mesh.indices };
  const coordinates = pointsInOrder(triangles, plan, seed);
  const field = given ?? openDistances(triangles, metadata);
  try {
    const distances = await field.distances(coordinates, { ...blocks, truncation: plan.truncation });
    const samples = Uint16Array.from(distances, (distance) => codeOfDistance(distance, plan.truncation));
    // Only now: neighbours in the list are neighbours in space, which the caches of the search live by.
    shuffle(coordinates, seed, samples);
    return { data: { size: [plan.points], channels: 1, type: 'uint16', samples, coordinates }, metadata };
  } finally {
    if (!given) await field.dispose();
  }
}

type Draw = Pick<SurfacePlan, 'points' | 'near' | 'spread'>;

/** The points of a plan, shuffled: x, y, z each, in [-1, 1]. Throws StudioError 'input'/'input.empty' where there is no surface to be near to. */
export function drawPoints(mesh: Triangles, draw: Draw, seed: number): Float32Array {
  const coordinates = pointsInOrder(mesh, draw, seed);
  shuffle(coordinates, seed);
  return coordinates;
}

/** The same in the order of the triangles, those of the cube last. */
function pointsInOrder(mesh: Triangles, { points, near, spread }: Draw, seed: number): Float32Array {
  const coordinates = new Float32Array(3 * points);
  const close = Math.round(points * near);
  samplesOnSurface(mesh, close, seed, coordinates);
  for (let i = 0; i < 3 * close; i++) {
    const deviation = Math.floor(i / 3) % 2 === 0 ? spread : spread / CLOSER;
    coordinates[i] = Math.max(-1, Math.min(1, coordinates[i]! + deviation * deviate(seed, i)));
  }
  for (let i = 3 * close; i < 3 * points; i++) coordinates[i] = 2 * uniform(seed, Stream.Cube, i) - 1;
  return coordinates;
}

/** A standard normal deviate (Box and Muller 1958). */
function deviate(seed: number, counter: number): number {
  const radius = Math.sqrt(-2 * Math.log(1 - uniform(seed, Stream.Deviate, 2 * counter)));
  return radius * Math.cos(2 * Math.PI * uniform(seed, Stream.Deviate, 2 * counter + 1));
}

/** `count` points, uniform by area and stratified, in the order of the triangles. */
function samplesOnSurface({ positions, indices }: Triangles, count: number, seed: number, out: Float32Array): void {
  if (count === 0) return;
  const triangles = indices.length / 3;
  const upTo = new Float64Array(triangles);
  let area = 0;
  for (let triangle = 0; triangle < triangles; triangle++) upTo[triangle] = area += areaOf(positions, indices, triangle);
  if (!(area > 0)) throw new StudioError('input', 'input.empty', 'The mesh has no triangles with an area, so there is no surface to fit.');
  let triangle = 0;
  for (let i = 0; i < count; i++) {
    const along = (area * (i + uniform(seed, Stream.Along, i))) / count;
    while (triangle < triangles - 1 && upTo[triangle]! <= along) triangle++;
    const root = Math.sqrt(uniform(seed, Stream.First, i));
    const second = uniform(seed, Stream.Second, i);
    for (let axis = 0; axis < 3; axis++) {
      const [a, b, c] = [0, 1, 2].map((corner) => positions[3 * indices[3 * triangle + corner]! + axis]!) as [number, number, number];
      out[3 * i + axis] = (1 - root) * a + root * (1 - second) * b + root * second * c;
    }
  }
}

function areaOf(positions: Triangles['positions'], indices: Uint32Array, triangle: number): number {
  const [a, b, c] = [3 * indices[3 * triangle]!, 3 * indices[3 * triangle + 1]!, 3 * indices[3 * triangle + 2]!];
  const [ux, uy, uz] = [positions[b]! - positions[a]!, positions[b + 1]! - positions[a + 1]!, positions[b + 2]! - positions[a + 2]!];
  const [vx, vy, vz] = [positions[c]! - positions[a]!, positions[c + 1]! - positions[a + 1]!, positions[c + 2]! - positions[a + 2]!];
  return Math.hypot(uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx) / 2;
}

/** Fisher and Yates, over triples, and the values that belong to them. */
function shuffle(triples: Float32Array, seed: number, values?: Uint16Array): void {
  for (let i = triples.length / 3 - 1; i > 0; i--) {
    const j = scaleToRange(pcg3d(seed, Stream.Shuffle, i), i + 1);
    for (let axis = 0; axis < 3; axis++) {
      const value = triples[3 * i + axis]!;
      triples[3 * i + axis] = triples[3 * j + axis]!;
      triples[3 * j + axis] = value;
    }
    if (!values) continue;
    const value = values[i]!;
    values[i] = values[j]!;
    values[j] = value;
  }
}
