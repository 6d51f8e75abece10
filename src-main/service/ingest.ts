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
import type { RawDescription, VolumePart } from '../formats/volume/types';
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
  /** Files that were chosen with this one: the other slices of its volume, if that is what they are. */
  readonly beside?: readonly VolumePart[];
  /** Which volume of a series, counted from 1. */
  readonly frame?: number;
  /** How raw voxels lie, where name and length do not say. */
  readonly raw?: Partial<RawDescription>;
}

/** Reads a file. Throws StudioError 'input' that names it. */
export async function readSignal(bytes: Uint8Array, name: string, options: IngestOptions = {}): Promise<Ingested> {
  const { beside = [] } = options;
  if (beside.length > 0) {
    const { areSlices, readVolumeParts } = await import('../formats/volume');
    if (await areSlices(bytes, name, beside)) return readVolumeParts([{ name, read: () => Promise.resolve(bytes) }, ...beside], name, options);
  }
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

/** Reads a folder: the slices of a volume. `name` is what messages call it. Throws StudioError 'input' that names the folder or a file. */
export async function readFolder(parts: readonly VolumePart[], name: string, options: Pick<IngestOptions, 'frame'> = {}): Promise<Ingested> {
  const { readVolumeParts } = await import('../formats/volume');
  return readVolumeParts(parts, name, options);
}

/** What is known of a file of raw voxels that does not say enough of itself, or has other bytes than it says; null for any other file. */
export function rawGuess(bytes: Uint8Array, name: string): Partial<RawDescription> | null {
  if (sniffVolume(bytes, name) !== 'raw') return null;
  const length = unpackedLength(bytes);
  const guess = guessRaw(name, length);
  const { shape, type, channels = 1, skipBytes = 0 } = guess;
  return shape && type && skipBytes + pointCount(shape) * channels * storedBytes(type) === length ? null : guess;
}
