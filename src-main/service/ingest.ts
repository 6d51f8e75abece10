/**
 * Any file that can be fitted becomes a Signal: pictures, volumes and surfaces. What it is is found by its content; a name counts only
 * where content says nothing (raw voxels, meshes without a mark). Each kind's reader is loaded when it is needed.
 */
import { pointCount } from '#core/signal/signal';
import type { Signal } from '#core/signal/subject';
import { sniffMesh } from '../formats/mesh/sniff';
import { guessRaw } from '../formats/volume/raw';
import { storedBytes } from '../formats/volume/samples';
import { sniffVolume } from '../formats/volume/sniff';
import type { RawDescription } from '../formats/volume/types';
import { unpackedLength } from '../formats/volume/unpack';
import { sniff } from './image-header';
import { readImage } from './image-ingest';

export interface Ingested {
  readonly signal: Signal;
  /** What the content is, in words. */
  readonly format: string;
  /** What was done on the way in, in words. */
  readonly notes: string[];
}

export interface IngestOptions {
  /** Reads a file beside this one: the voxels of a detached header, the buffers of a glTF. */
  readonly companion?: (name: string) => Promise<Uint8Array>;
  /** Which volume of a series, counted from 1. */
  readonly frame?: number;
  /** How raw voxels lie, where name and length do not say. */
  readonly raw?: Partial<RawDescription>;
}

/** Reads a file. Throws StudioError 'input' that names it. */
export async function readSignal(bytes: Uint8Array, name: string, options: IngestOptions = {}): Promise<Ingested> {
  if (sniffVolume(bytes, name) !== null || options.raw !== undefined) {
    const { readVolume } = await import('../formats/volume');
    return readVolume(bytes, name, options);
  }
  // The name of a mesh must not turn what is a picture by its content into a damaged mesh.
  if (sniff(bytes).kind !== 'picture' && sniffMesh(bytes, name) !== null) {
    const { readSurface } = await import('./surface-ingest');
    return readSurface(bytes, name, options);
  }
  return readImage(bytes, name);
}

/** What is known of a file of raw voxels that does not say enough of itself, or has other bytes than it says; null for any other file. */
export function rawGuess(bytes: Uint8Array, name: string): Partial<RawDescription> | null {
  if (sniffVolume(bytes, name) !== 'raw') return null;
  const length = unpackedLength(bytes);
  const guess = guessRaw(name, length);
  const { shape, type, channels = 1, skipBytes = 0 } = guess;
  return shape && type && skipBytes + pointCount(shape) * channels * storedBytes(type) === length ? null : guess;
}
