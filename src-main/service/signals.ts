/** Opened pictures, under tokens. */
import { StudioError } from '#core/errors';
import { rawBytes, type GridSignal } from '#core/signal/signal';
import { sampleBytes } from '#core/coding/sha256';
import { CHUNK_BYTES, type SignalInfo } from '../ipc/contract';
import type { Ingested } from './image-ingest';
import { heldBy, newToken } from './tokens';

/** Samples of all open signals together. */
const MAX_OPEN_BYTES = 4 * 1024 ** 3;

export interface OpenSignal {
  readonly name: string;
  readonly signal: GridSignal;
}

/** A copy of part of `bytes`, cut at its end and at CHUNK_BYTES. */
export function chunkOf(bytes: Uint8Array, offset: number, length = CHUNK_BYTES): Uint8Array {
  return new Uint8Array(bytes.subarray(offset, offset + Math.min(length, CHUNK_BYTES)));
}

/** The facts that signals and artifacts tell alike. */
export function gridFacts(grid: Pick<GridSignal, 'size' | 'channels' | 'type' | 'metadata'>) {
  const { size, channels, type, metadata } = grid;
  return { size: [...size], channels, type, colorSpace: metadata.colorSpace, alpha: metadata.alpha, rawBytes: rawBytes(grid) };
}

export class Signals {
  readonly #open = new Map<string, OpenSignal>();

  /** Throws StudioError 'failed' 'memory' when too much is open. */
  add(name: string, fileBytes: number, { signal, format, notes }: Ingested): SignalInfo {
    let held = rawBytes(signal);
    for (const open of this.#open.values()) held += rawBytes(open.signal);
    if (held > MAX_OPEN_BYTES) throw new StudioError('failed', 'memory', `${name}: too many large pictures are open. Close some of them first.`);
    const token = newToken('signal');
    this.#open.set(token, { name, signal });
    return { signal: token, name, format, fileBytes, ...gridFacts(signal), notes };
  }

  get(token: string): OpenSignal {
    return heldBy(this.#open, token);
  }

  read(token: string, offset: number, length: number): Uint8Array {
    return chunkOf(sampleBytes(this.get(token).signal.samples), offset, length);
  }

  close(token: string): void {
    this.#open.delete(token);
  }
}
