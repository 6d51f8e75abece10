/** Opened pictures, volumes and surfaces, under tokens. */
import { StudioError } from '#core/errors';
import { sampleBytes } from '#core/coding/sha256';
import type { Header } from '#core/coding/types';
import type { FitConfig } from '#core/fit/config';
import { pointCount } from '#core/signal/signal';
import { headerOf, sourceBytes, type Signal } from '#core/signal/subject';
import { toDomain, type SurfaceSignal } from '#core/signal/surface';
import type { TrainingSet } from '#engine/engine';
import { CHUNK_BYTES, type ResponseOf, type SignalInfo } from '../ipc/contract';
import type { Ingested } from './ingest';
import { SURFACE_GRID, type Subject, type SubjectOptions } from './subject';
import { SubjectCache } from './subject-cache';
import { heldBy, newToken } from './tokens';

/** What all open signals together may hold. */
const MAX_OPEN_BYTES = 4 * 1024 ** 3;

export interface OpenSignal {
  readonly name: string;
  readonly signal: Signal;
}

interface Held extends OpenSignal {
  /** What signal.read gives; of surfaces made when first read. */
  data: Uint8Array | null;
  readonly subjects: SubjectCache;
}

/** A copy of part of `bytes`, cut at its end and at CHUNK_BYTES. */
export function chunkOf(bytes: Uint8Array, offset: number, length = CHUNK_BYTES): Uint8Array {
  return new Uint8Array(bytes.subarray(offset, offset + Math.min(length, CHUNK_BYTES)));
}

/** The facts that signals and artifacts tell alike. `dataBytes`: what can be read of it. */
export function contentFacts(header: Header, dataBytes: number) {
  const { kind, size, channels, type } = header;
  const picture = header.kind === 'grid' ? header.metadata : null;
  const volume = header.kind === 'volume' ? header.metadata : null;
  const surface = header.kind === 'surface' ? header.metadata : null;
  return {
    kind,
    size: [...size],
    channels,
    type,
    colorSpace: picture?.colorSpace ?? ('linear' as const),
    alpha: picture?.alpha ?? false,
    volume: volume && {
      voxelType: volume.voxelType,
      range: [...volume.range] as [number, number],
      geometry: { ...volume.geometry, spacing: [...volume.geometry.spacing] as Triple, origin: [...volume.geometry.origin] as Triple, directions: [...volume.geometry.directions] },
    },
    surface: surface && { ...surface, domain: { ...surface.domain, center: [...surface.domain.center] as Triple } },
    rawBytes: sourceBytes(header),
    dataBytes,
  };
}

type Triple = [number, number, number];

/** Bytes of samples on the grid of a header. */
export function gridBytes({ size, channels, type }: Pick<Header, 'size' | 'channels' | 'type'>): number {
  return pointCount(size) * channels * (type === 'uint8' ? 1 : 2);
}

/** Positions in the cube, float32, and indices, uint32. */
function meshBytes({ mesh, metadata }: SurfaceSignal): Uint8Array {
  const positions = toDomain(mesh.positions, metadata.domain);
  const bytes = new Uint8Array(positions.byteLength + mesh.indices.byteLength);
  bytes.set(new Uint8Array(positions.buffer), 0);
  bytes.set(new Uint8Array(mesh.indices.buffer, mesh.indices.byteOffset, mesh.indices.byteLength), positions.byteLength);
  return bytes;
}

const bytesOf = (array: ArrayBufferView | undefined): Uint8Array => (array ? new Uint8Array(array.buffer, array.byteOffset, array.byteLength) : new Uint8Array(0));

const trainingParts = ({ coordinates, samples }: TrainingSet): [coordinates: Uint8Array, codes: Uint8Array] => [bytesOf(coordinates), bytesOf(samples)];

function heldBytes(signal: Signal): number {
  if (signal.kind === 'surface') return signal.mesh.positions.byteLength + signal.mesh.indices.byteLength;
  return signal.samples.byteLength + (signal.kind === 'volume' && signal.voxels !== signal.samples ? signal.voxels.byteLength : 0);
}

/** The header of a signal before a configuration is chosen. */
function plainHeader(signal: Signal): Header {
  if (signal.kind !== 'surface') return headerOf(signal);
  return { kind: 'surface', size: SURFACE_GRID, channels: 1, type: 'uint16', metadata: signal.metadata };
}

export class Signals {
  readonly #open = new Map<string, Held>();

  /** Throws StudioError 'failed' 'memory' when too much is open. */
  add(name: string, fileBytes: number, { signal, format, notes }: Ingested): SignalInfo {
    let held = heldBytes(signal);
    for (const open of this.#open.values()) held += heldBytes(open.signal);
    if (held > MAX_OPEN_BYTES) throw new StudioError('failed', 'memory', `${name}: too much that is large is open. Close some of it first.`);
    const token = newToken('signal');
    this.#open.set(token, { name, signal, data: null, subjects: new SubjectCache(signal) });
    const header = plainHeader(signal);
    const dataBytes = signal.kind === 'surface' ? signal.mesh.positions.length * 4 + signal.mesh.indices.byteLength : gridBytes(header);
    const watertight = signal.kind === 'surface' ? signal.watertight : null;
    return { signal: token, name, format, fileBytes, ...contentFacts(header, dataBytes), watertight, notes };
  }

  get(token: string): OpenSignal {
    return heldBy(this.#open, token);
  }

  /** The signal made ready for this configuration; of surfaces the last one is kept. */
  async subject(token: string, config: FitConfig, options: SubjectOptions = {}): Promise<Subject> {
    return heldBy(this.#open, token).subjects.get(config, options);
  }

  /** Draws the points that a surface is learned from, for readTraining. Throws StudioError 'usage'/'signal.kind' for other signals. */
  async training(token: string, config: FitConfig, options: SubjectOptions = {}): Promise<ResponseOf<'signal.training'>> {
    const { name, signal } = this.get(token);
    if (signal.kind !== 'surface') throw new StudioError('usage', 'signal.kind', `${name}: only surfaces are drawn into points. Read its samples.`);
    const { header, data } = await this.subject(token, config, options);
    return { points: data.samples.length, dataBytes: trainingParts(data).reduce((sum, part) => sum + part.length, 0), surface: contentFacts(header, 0).surface! };
  }

  /** Coordinates and codes of the points that `training` drew last. Throws StudioError 'usage'/'signal.training' when there are none. */
  readTraining(token: string, offset: number, length: number): Uint8Array {
    const { name, subjects } = heldBy(this.#open, token);
    if (!subjects.last) throw new StudioError('usage', 'signal.training', `${name}: no points have been drawn. Ask for signal.training first.`);
    const [coordinates, codes] = trainingParts(subjects.last.data);
    if (offset >= coordinates.length) return chunkOf(codes, offset - coordinates.length, length);
    return chunkOf(coordinates, offset, Math.min(length, coordinates.length - offset));
  }

  read(token: string, offset: number, length: number): Uint8Array {
    const held = heldBy(this.#open, token);
    held.data ??= held.signal.kind === 'surface' ? meshBytes(held.signal) : sampleBytes(held.signal.samples);
    return chunkOf(held.data, offset, length);
  }

  close(token: string): void {
    this.#open.get(token)?.subjects.close();
    this.#open.delete(token);
  }
}
