/**
 * The checkpoint of an interrupted fit: OUT.inr.checkpoint beside the output. Everything needed to go on to the same file as
 * if nothing had happened: configuration, step, seconds spent, parameters and Adam's moments, and the digest of the signal,
 * so that it is never mixed up with another.
 *
 * Layout: magic 'INRCKPT1'; header length, u32 little-endian; header, JSON in UTF-8; parameters, first moments, second
 * moments and, where the plan averages, the average, float32 little-endian; the limits of the table of draws, as many as `cells` in the
 * header says, u32 little-endian; SHA-256 of everything before it. A working file of this program on this machine, no format for
 * exchange: what does not fit is refused, never guessed.
 */
import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { fieldFor } from '#core/field/field';
import { parameterLayout } from '#core/field/layout';
import { configSchema, type FitConfig } from '#core/fit/config';
import { LARGEST_TABLE } from '#core/fit/importance';
import { StudioError } from '#core/errors';
import type { TrainState } from '#engine/engine';

export interface Checkpoint {
  readonly config: FitConfig;
  /** Seconds of fitting so far. */
  readonly seconds: number;
  /** The budget, when time bounds the fit: the learning rate follows it. */
  readonly secondsBudget: number | null;
  /** signalFingerprint of what is fitted. */
  readonly fingerprint: string;
  readonly inputs: number;
  readonly channels: number;
  readonly state: TrainState;
}

const MAGIC = new TextEncoder().encode('INRCKPT1');
const DIGEST_BYTES = 32;
const LARGEST_HEADER = 65_536;

const headerSchema = v.object({
  config: configSchema,
  step: v.pipe(v.number(), v.integer(), v.minValue(0)),
  cells: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(LARGEST_TABLE)), 0),
  seconds: v.pipe(v.number(), v.finite(), v.minValue(0)),
  secondsBudget: v.nullable(v.pipe(v.number(), v.finite(), v.minValue(0))),
  fingerprint: v.string(),
  inputs: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(4)), 2),
  channels: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(16)),
});

/** Where the checkpoint of an output lies. */
export const checkpointPath = (output: string): string => `${output}.checkpoint`;

const bytesOf = (array: Uint8Array | Uint16Array | Uint32Array | Float32Array): Uint8Array => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array {
  const { state, ...rest } = checkpoint;
  const header = new TextEncoder().encode(JSON.stringify({ ...rest, step: state.step, ...(state.drawLimits && { cells: state.drawLimits.length }) }));
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, header.length, true);
  const numbers = [state.parameters, state.moment1, state.moment2, state.average, state.drawLimits].flatMap((vector) => (vector ? [bytesOf(vector)] : []));
  const body = Buffer.concat([MAGIC, length, header, ...numbers]);
  return new Uint8Array(Buffer.concat([body, createHash('sha256').update(body).digest()]));
}

/** Reads what encodeCheckpoint wrote. Throws StudioError 'input'/'checkpoint.damaged' with a message that lacks the file's name. */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  const damaged = (): StudioError =>
    new StudioError('input', 'checkpoint.damaged', 'this checkpoint is damaged. Delete it and fit again without --resume.');
  const bodyLength = bytes.length - DIGEST_BYTES;
  if (bodyLength < MAGIC.length + 4 || !MAGIC.every((byte, index) => bytes[index] === byte)) throw damaged();
  const body = bytes.subarray(0, bodyLength);
  if (!createHash('sha256').update(body).digest().equals(bytes.subarray(bodyLength))) throw damaged();
  const headerLength = new DataView(body.buffer, body.byteOffset).getUint32(MAGIC.length, true);
  const from = MAGIC.length + 4;
  if (headerLength > LARGEST_HEADER || from + headerLength > bodyLength) throw damaged();
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body.subarray(from, from + headerLength)));
  } catch {
    throw damaged();
  }
  const header = v.safeParse(headerSchema, json);
  if (!header.success) throw damaged();
  const { step, cells, ...rest } = header.output;
  const count = parameterLayout(fieldFor(rest.config.network, rest.inputs, rest.channels)).length;
  const averaged = rest.config.plan.average !== null;
  const vectors = averaged ? 4 : 3;
  if (bodyLength !== from + headerLength + 4 * (count * vectors + cells)) throw damaged();
  const words = (index: number, length: number): ArrayBufferLike => {
    const start = from + headerLength + 4 * count * index;
    return body.slice(start, start + 4 * length).buffer;
  };
  const vector = (index: number): Float32Array => new Float32Array(words(index, count));
  return { ...rest, state: { step, parameters: vector(0), moment1: vector(1), moment2: vector(2), ...(averaged && { average: vector(3) }), ...(cells > 0 && { drawLimits: new Uint32Array(words(vectors, cells)) }) } };
}
