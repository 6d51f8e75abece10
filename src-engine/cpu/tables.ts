/**
 * The tables of a grid encoding in the linear memory of the kernels (kernels/assembly/tables.ts says how they are used): where they
 * lie, the records of the levels, and the way of their numbers from and to the flat parameter vector. A vector of F features takes
 * 1, 2 or the next multiple of 4 numbers.
 */
import { gridOf, type Field } from '#core/field/field';
import { HASH_PRIMES, type GridLevel } from '#core/field/grid';
import type { ParameterLayout, TableSlot } from '#core/field/layout';
import { LevelSlot, Slot } from '#kernels/slots';
import type { Arena, JobRecord } from './plan';

/** A thread's corners of four samples: 16 of 32 bytes. */
const CORNERS_BYTES = 512;
/** A round keeps at most this many bytes of vectors, points and targets, and at least one tile of every chunk. */
const ROUND_BYTES = 32 * 2 ** 20;

export interface TablePlan {
  readonly slots: readonly TableSlot[];
  readonly features: number;
  /** Numbers of a vector in memory. */
  readonly vector: number;
  readonly address: number;
  /** Bytes of the tables. */
  readonly bytes: number;
  /** Bytes that a thread needs for one tile. */
  readonly scratchBytes: number;
  write(buffer: ArrayBufferLike, job: JobRecord): void;
}

function vectorNumbers(features: number): number {
  return features <= 2 ? features : Math.ceil(features / 4) * 4;
}

/** What a node's position along an axis is multiplied with. */
function multiplier(level: GridLevel, axis: number): number {
  return level.hashed ? HASH_PRIMES[axis]! : level.resolution ** axis;
}

/** Plans tables and records; null for a field without a grid. `tile`: samples of a tile. */
export function planTables(arena: Arena, field: Field, layout: ParameterLayout, tile: number): TablePlan | null {
  const grid = gridOf(field.encoding);
  if (!grid) return null;
  const { features } = grid;
  const slots = layout.tables;
  const vector = vectorNumbers(features);
  const records = arena.take(slots.length * LevelSlot.Words * 4);
  const offsets: number[] = [];
  let bytes = 0;
  for (const { entries } of slots) {
    offsets.push(bytes);
    bytes += Math.ceil((entries * vector) / 16) * 64;
  }
  const address = arena.take(bytes);
  return {
    slots,
    features,
    vector,
    address,
    bytes,
    scratchBytes: CORNERS_BYTES + 16 * tile + 4 * vector * tile,
    write(buffer, job) {
      const view = new DataView(buffer, records, slots.length * LevelSlot.Words * 4);
      slots.forEach((slot, level) => {
        const at = (word: number): number => 4 * (level * LevelSlot.Words + word);
        view.setFloat32(at(LevelSlot.Half), (slot.resolution - 1) / 2, true);
        view.setFloat32(at(LevelSlot.LastCell), slot.resolution - 2, true);
        view.setUint32(at(LevelSlot.Mask), slot.hashed ? slot.entries - 1 : 0, true);
        for (let axis = 0; axis < field.inputs; axis++) view.setUint32(at(LevelSlot.Multiplier + axis), multiplier(slot, axis), true);
        view.setUint32(at(LevelSlot.Offset), offsets[level]!, true);
        view.setUint32(at(LevelSlot.Bytes), slot.entries * vector * 4, true);
      });
      job.set(Slot.Levels, slots.length);
      job.set(Slot.LevelTable, records);
      job.set(Slot.LevelFeatures, features);
      job.set(Slot.VectorBytes, 4 * vector);
      job.set(Slot.Tables, address);
      job.set(Slot.TableBytes, bytes);
    },
  };
}

/** Memory that only a fit needs. */
export interface TableTraining {
  readonly moment1: number;
  readonly moment2: number;
  write(job: JobRecord): void;
}

/** Targets of a sample lie in a row of 4, 8, 12 or 16. */
function targetNumbers(field: Field): number {
  return Math.ceil(field.outputs / 4) * 4;
}

/** Samples of a chunk in one round; from batch and field alone, because the order of summation follows from it. */
export function roundSamples(plan: TablePlan, field: Field, chunks: number, chunk: number): number {
  const perSample = 4 * (plan.slots.length * plan.vector + field.inputs + targetNumbers(field));
  return Math.min(chunk, Math.max(1, Math.floor(ROUND_BYTES / perSample / chunks / 128)) * 128);
}

/** Plans moments, gradient sums and rounds. `normalizer`: batch * channels; `chunk`: samples of a chunk. */
export function planTableTraining(arena: Arena, plan: TablePlan, field: Field, chunks: number, chunk: number, normalizer: number): TableTraining {
  const samples = roundSamples(plan, field, chunks, chunk);
  const moment1 = arena.take(plan.bytes);
  const moment2 = arena.take(plan.bytes);
  const sums = arena.take(plan.bytes);
  const points = arena.take(4 * chunks * samples * field.inputs);
  const vectors = arena.take(4 * chunks * samples * plan.slots.length * plan.vector);
  const targets = arena.take(4 * chunks * samples * targetNumbers(field));
  return {
    moment1,
    moment2,
    write(job) {
      job.set(Slot.TableMoment1, moment1);
      job.set(Slot.TableMoment2, moment2);
      job.set(Slot.TableSums, sums);
      job.setFloat(Slot.TableScale, 1 / normalizer);
      job.set(Slot.Rounds, Math.ceil(chunk / samples));
      job.set(Slot.RoundSamples, samples);
      job.set(Slot.RoundPoints, points);
      job.set(Slot.RoundVectors, vectors);
      job.set(Slot.RoundTargets, targets);
    },
  };
}

/** Calls `visit(memory, first number of the level in flat, entries)` with each level's numbers in memory, vectors padded. */
function eachLevel(plan: TablePlan, buffer: ArrayBufferLike, address: number, visit: (memory: Float32Array, slot: TableSlot) => void): void {
  let at = address;
  for (const slot of plan.slots) {
    const numbers = slot.entries * plan.vector;
    visit(new Float32Array(buffer, at, numbers), slot);
    at += Math.ceil(numbers / 16) * 64;
  }
}

/** Tables of a flat parameter vector -> memory at `address`. */
export function storeTables(plan: TablePlan, flat: Float32Array, buffer: ArrayBufferLike, address: number): void {
  const { features, vector } = plan;
  eachLevel(plan, buffer, address, (memory, { offset, length, entries }) => {
    if (vector === features) memory.set(flat.subarray(offset, offset + length));
    else for (let entry = 0; entry < entries; entry++) memory.set(flat.subarray(offset + entry * features, offset + (entry + 1) * features), entry * vector);
  });
}

/** Memory at `address` -> the tables of a flat parameter vector. */
export function loadTables(plan: TablePlan, flat: Float32Array, buffer: ArrayBufferLike, address: number): void {
  const { features, vector } = plan;
  eachLevel(plan, buffer, address, (memory, { offset, entries }) => {
    if (vector === features) flat.set(memory, offset);
    else for (let entry = 0; entry < entries; entry++) flat.set(memory.subarray(entry * vector, entry * vector + features), offset + entry * features);
  });
}
