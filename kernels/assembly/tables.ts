/**
 * Trainable grids (src-core/field/grid.ts): interpolation of a level's vectors at samples, the way of their gradients back into the
 * tables, and Adam over the tables.
 *
 * A table of 2^19 pairs is 4 MB and a sample reads 2^d places of it that nobody can foresee, so the time goes into cache misses, not
 * into arithmetic. Three things follow:
 * - Level by level over as many samples as there are: one table at a time is in reach of the caches, and the reads of several
 *   samples are under way together. Tiles of 64 samples through all levels took 2.5 times as long (16 levels, batch 2^16).
 * - No atomics. A level, or a range of its vectors, belongs to one thread, which adds the contributions of all samples to it in
 *   the order of the samples. Hence the same bits for every number of threads, in float32, with half the memory of 64-bit
 *   integer sums; atomic integer sums took two to three times as long, since each waits for its cache miss.
 * - Nothing passes over a whole table but Adam, which leaves vectors whose gradient is 0 alone and zeroes the sums on its way.
 *
 * Precision: a sum of n contributions in float32 has a relative error of about 2^-24 sqrt(n) for contributions of either sign, 6e-5
 * for 2^20; weights of dense layers are summed in the same way.
 *
 * Layout: a vector takes 1, 2 or a multiple of 4 numbers (Slot.VectorBytes), the padding stays 0. Points of samples are
 * [axis][sample], features and their gradients [level][sample][vector]. Samples go by four, a lane each, as far as their corners:
 * byte addresses and weights are written to a small buffer [corner][address x 4, weight x 4] in the order of grid.ts.
 *
 * Interpolation is also that of the exact decoder (docs/FORMAT.md, part 3): its operations and their order are the format.
 */
import { LayerSlot, LevelSlot, Place, Slot } from '../slots';
import { backProduct } from './dense';
import { layerAt, word } from './record';

/** Bytes of one corner of four samples. */
const CORNER: usize = 32;

/** Record of level `level` of the grid. */
// @ts-ignore: decorator
@inline
export function levelAt(level: usize): usize {
  return <usize>word(Slot.LevelTable) + level * (<usize>LevelSlot.Words << 2);
}

/**
 * Addresses and weights of the 2^d corners around four samples, to `to`. `table`: address of the level's vectors (or sums);
 * `points`: coordinates of the samples on axis 0, `axisBytes` from axis to axis.
 */
export function cornersOfFour(level: usize, table: usize, points: usize, axisBytes: usize, to: usize): void {
  const inputs: i32 = word(Slot.Inputs);
  const half = v128.load32_splat(level, LevelSlot.Half << 2);
  const last = v128.load32_splat(level, LevelSlot.LastCell << 2);
  const mask = load<u32>(level, LevelSlot.Mask << 2);
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  v128.store(to, i32x4.splat(0));
  v128.store(to, one, 16);
  let bytes = CORNER;
  for (let axis = 0; axis < inputs; axis++) {
    const h = f32x4.add(f32x4.mul(half, v128.load(points)), half);
    const cell = f32x4.min(f32x4.max(f32x4.floor(h), zero), last);
    const above = f32x4.sub(h, cell);
    const below = f32x4.sub(one, above);
    const multiplier = v128.load32_splat(level + (<usize>axis << 2), LevelSlot.Multiplier << 2);
    const lower = i32x4.mul(i32x4.trunc_sat_f32x4_s(cell), multiplier);
    const upper = i32x4.add(lower, multiplier);
    const end = to + bytes;
    for (let at = to; at < end; at += CORNER) {
      const number = v128.load(at);
      const weight = v128.load(at, 16);
      v128.store(at, mask ? v128.xor(number, lower) : i32x4.add(number, lower));
      v128.store(at + bytes, mask ? v128.xor(number, upper) : i32x4.add(number, upper));
      v128.store(at, f32x4.mul(weight, below), 16);
      v128.store(at + bytes, f32x4.mul(weight, above), 16);
    }
    bytes <<= 1;
    points += axisBytes;
  }
  const keep = i32x4.splat(mask ? mask : -1);
  const vector = v128.load32_splat(Place.Job + (Slot.VectorBytes << 2));
  const first = i32x4.splat(table);
  for (let at = to; at < to + bytes; at += CORNER) v128.store(at, i32x4.add(i32x4.mul(v128.and(v128.load(at), keep), vector), first));
}

/**
 * Features of `samples` samples (rounded up to a multiple of 4) in one level, to `to` [sample][vector]. `buffer`: room for 16
 * corners.
 */
export function interpolate(level: usize, points: usize, axisBytes: usize, samples: usize, to: usize, buffer: usize): void {
  const table = <usize>word(Slot.Tables) + load<u32>(level, LevelSlot.Offset << 2);
  const vector: usize = word(Slot.VectorBytes);
  const corners: usize = CORNER << word(Slot.Inputs);
  for (let four: usize = 0; four < samples; four += 4) {
    cornersOfFour(level, table, points, axisBytes, buffer);
    points += 16;
    if (vector == 8) {
      for (let lane = buffer; lane < buffer + 16; lane += 4) {
        let sum = f32x4.splat(0);
        for (let at = lane; at < lane + corners; at += 2 * CORNER) {
          sum = f32x4.add(sum, f32x4.mul(v128.load32_splat(at, 16), v128.load64_zero(load<u32>(at))));
          sum = f32x4.add(sum, f32x4.mul(v128.load32_splat(at, 48), v128.load64_zero(load<u32>(at, 32))));
        }
        v128.store64_lane(to, sum, 0);
        to += 8;
      }
    } else if (vector == 4) {
      for (let lane = buffer; lane < buffer + 16; lane += 4) {
        let sum: f32 = 0;
        for (let at = lane; at < lane + corners; at += CORNER) sum = sum + load<f32>(at, 16) * load<f32>(load<u32>(at));
        store<f32>(to, sum);
        to += 4;
      }
    } else {
      for (let lane = buffer; lane < buffer + 16; lane += 4) {
        for (let quarter: usize = 0; quarter < vector; quarter += 16) {
          let sum = f32x4.splat(0);
          for (let at = lane; at < lane + corners; at += CORNER) {
            sum = f32x4.add(sum, f32x4.mul(v128.load32_splat(at, 16), v128.load(load<u32>(at) + quarter)));
          }
          v128.store(to + quarter, sum);
        }
        to += vector;
      }
    }
  }
}

/**
 * Adds the gradients [sample][vector] at `from` of `samples` samples to the sums of one level, sample by sample. Only vectors
 * whose place in the level is in [low, low + span) bytes are added to: the rest belongs to other threads.
 */
export function scatter(level: usize, points: usize, axisBytes: usize, samples: usize, from: usize, low: usize, span: usize, buffer: usize): void {
  const table = <usize>word(Slot.TableSums) + load<u32>(level, LevelSlot.Offset << 2);
  const first = table + low;
  const vector: usize = word(Slot.VectorBytes);
  const corners: usize = CORNER << word(Slot.Inputs);
  for (let four: usize = 0; four < samples; four += 4) {
    cornersOfFour(level, table, points, axisBytes, buffer);
    points += 16;
    const lanes = buffer + (min(<usize>4, samples - four) << 2);
    for (let lane = buffer; lane < lanes; lane += 4) {
      const end = lane + corners;
      if (vector == 8) {
        const gradient = v128.load64_zero(from);
        for (let at = lane; at < end; at += CORNER) {
          const to: usize = load<u32>(at);
          if (to - first >= span) continue;
          v128.store64_lane(to, f32x4.add(v128.load64_zero(to), f32x4.mul(v128.load32_splat(at, 16), gradient)), 0);
        }
      } else if (vector == 4) {
        const gradient = load<f32>(from);
        for (let at = lane; at < end; at += CORNER) {
          const to: usize = load<u32>(at);
          if (to - first >= span) continue;
          store<f32>(to, load<f32>(to) + load<f32>(at, 16) * gradient);
        }
      } else {
        for (let at = lane; at < end; at += CORNER) {
          const to: usize = load<u32>(at);
          if (to - first >= span) continue;
          const weight = v128.load32_splat(at, 16);
          for (let quarter: usize = 0; quarter < vector; quarter += 16) {
            v128.store(to + quarter, f32x4.add(v128.load(to + quarter), f32x4.mul(weight, v128.load(from + quarter))));
          }
        }
      }
      from += vector;
    }
  }
}

/** Copies one level's features of a tile between vectors [sample][vector] and their place in [feature / 16][sample][16]. */
// @ts-ignore: decorator
@inline
function moveLevel(vectors: usize, tile: usize, level: usize, samples: usize, toTile: bool): void {
  const features: usize = word(Slot.LevelFeatures);
  const vector: usize = word(Slot.VectorBytes);
  const stride: usize = (<usize>word(Slot.Tile)) << 6;
  const first = level * features;
  if (features == 2) {
    let at = tile + (first >> 4) * stride + ((first & 15) << 2);
    for (let end = at + (samples << 6); at < end; at += 64) {
      if (toTile) store<u64>(at, load<u64>(vectors));
      else store<u64>(vectors, load<u64>(at));
      vectors += 8;
    }
    return;
  }
  for (let s: usize = 0; s < samples; s++) {
    for (let j: usize = 0; j < features; j++) {
      const feature = first + j;
      const at = tile + (feature >> 4) * stride + (s << 6) + ((feature & 15) << 2);
      if (toTile) store<f32>(at, load<f32>(vectors + (j << 2)));
      else store<f32>(vectors + (j << 2), load<f32>(at));
    }
    vectors += vector;
  }
}

/** Vectors of all levels, `levelBytes` from level to level, -> the features of a tile. */
export function gatherTile(vectors: usize, levelBytes: usize, tile: usize, samples: usize): void {
  const levels: usize = word(Slot.Levels);
  for (let level: usize = 0; level < levels; level++) moveLevel(vectors + level * levelBytes, tile, level, samples, true);
}

/** Features of the coordinates [sample][16] at the start of `scratch`, to `tile` [feature / 16][sample][16]. */
export function encodeTables(scratch: usize, tile: usize, samples: usize): void {
  const levels: usize = word(Slot.Levels);
  const inputs: usize = word(Slot.Inputs);
  const axisBytes: usize = (<usize>word(Slot.Tile)) << 2;
  const buffer = scratch + word(Slot.TableScratch);
  const points = buffer + 16 * CORNER;
  const vectors = points + 4 * axisBytes;
  for (let axis: usize = 0; axis < inputs; axis++) {
    for (let s: usize = 0; s < samples; s++) store<f32>(points + axis * axisBytes + (s << 2), load<f32>(scratch + (s << 6) + (axis << 2)));
  }
  for (let level: usize = 0; level < levels; level++) {
    interpolate(levelAt(level), points, axisBytes, samples, vectors, buffer);
    moveLevel(vectors, tile, level, samples, true);
  }
}

/**
 * After the backward pass of a tile: gradients of its features (up to Slot.TableScale), in place of the features themselves, and from
 * there to the vectors of all levels.
 */
export function featureGradients(scratch: usize, vectors: usize, levelBytes: usize, samples: usize): void {
  const layer = layerAt(0);
  const stride: usize = (<usize>word(Slot.Tile)) << 6;
  const panels: usize = load<u32>(layer, LayerSlot.OutPanels << 2);
  const inBlocks: usize = load<u32>(layer, LayerSlot.InBlocks << 2);
  const tile = scratch + load<u32>(layer, LayerSlot.Input << 2);
  const one = f32x4.splat(1);
  for (let block: usize = 0; block < inBlocks; block++) {
    const first = tile + (block >> 1) * stride + ((block & 1) << 5);
    for (let at = first; at < first + (samples << 6); at += 64) {
      v128.store(at, one);
      v128.store(at, one, 16);
    }
  }
  const weights = <usize>word(Slot.Backward) + load<u32>(layer, LayerSlot.Weight << 2);
  const fanOut: usize = load<u32>(layer, LayerSlot.FanOut << 2);
  backProduct(scratch + load<u32>(layer, LayerSlot.Slope << 2), stride, fanOut, weights, panels << 8, inBlocks, tile, stride, samples);
  const levels: usize = word(Slot.Levels);
  for (let level: usize = 0; level < levels; level++) moveLevel(vectors + level * levelBytes, tile, level, samples, false);
}

/**
 * Adam over bytes [first, end) (multiples of 64) of the tables; numbers whose gradient is 0 keep their value and their moments, and
 * the sums are 0 afterwards. `rate`: address of the step's numbers (RateSlot).
 */
export function updateTables(first: usize, end: usize, rate: usize, gradientScale: f32): void {
  const parameters: usize = word(Slot.Tables);
  const sums: usize = word(Slot.TableSums);
  const moments1: usize = word(Slot.TableMoment1);
  const moments2: usize = word(Slot.TableMoment2);
  const scale = f32x4.splat(gradientScale);
  const beta1 = v128.load32_splat(Place.Job + (Slot.Beta1 << 2));
  const rest1 = v128.load32_splat(Place.Job + (Slot.OneMinusBeta1 << 2));
  const beta2 = v128.load32_splat(Place.Job + (Slot.Beta2 << 2));
  const rest2 = v128.load32_splat(Place.Job + (Slot.OneMinusBeta2 << 2));
  const epsilon = v128.load32_splat(Place.Job + (Slot.Epsilon << 2));
  const rate1 = v128.load32_splat(rate);
  const rate2 = v128.load32_splat(rate, 4);
  const zero = f32x4.splat(0);
  for (let at = first; at < end; at += 16) {
    const sum = v128.load(sums + at);
    if (!v128.any_true(v128.and(sum, i32x4.splat(0x7fffffff)))) continue;
    v128.store(sums + at, zero);
    const touched = f32x4.ne(sum, zero);
    const g = f32x4.mul(sum, scale);
    const m0 = v128.load(moments1 + at);
    const v0 = v128.load(moments2 + at);
    const p0 = v128.load(parameters + at);
    const m = f32x4.add(f32x4.mul(beta1, m0), f32x4.mul(rest1, g));
    const v = f32x4.add(f32x4.mul(beta2, v0), f32x4.mul(rest2, f32x4.mul(g, g)));
    const update = f32x4.div(f32x4.mul(rate1, m), f32x4.add(f32x4.mul(f32x4.sqrt(v), rate2), epsilon));
    v128.store(moments1 + at, v128.bitselect(m, m0, touched));
    v128.store(moments2 + at, v128.bitselect(v, v0, touched));
    v128.store(parameters + at, v128.bitselect(f32x4.sub(p0, update), p0, touched));
  }
}
