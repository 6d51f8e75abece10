/** What the readers and writers of volumes take and give. */
import type { StudioError } from '#core/errors';
import type { VolumeMetadata, VolumeSignal, VoxelArray, VoxelType } from '#core/signal/volume';
import { inputFault } from './faults';

export type VolumeFormat = 'NRRD' | 'NIfTI' | 'MetaImage' | 'raw' | 'NumPy' | 'VTK' | 'TIFF' | 'DICOM';

/** Number types as files store them. 64-bit integers become int32 where they fit and float64 elsewhere, half floats float32. */
export type StoredType = VoxelType | 'int64' | 'uint64' | 'float16';

/** How a file of bare samples is to be read. */
export interface RawDescription {
  /** Voxels along x, y, z; x is the fastest in the file. */
  readonly shape: readonly [number, number, number];
  readonly type: StoredType;
  readonly endian: 'little' | 'big';
  readonly spacing?: readonly [number, number, number];
  /** Bytes before the first sample (after unpacking). */
  readonly skipBytes?: number;
  /** Interleaved samples of a voxel. */
  readonly channels?: number;
}

/** One of several files that make a volume together; read when it is needed, perhaps more than once. */
export interface VolumePart {
  /** What messages call it. */
  readonly name: string;
  readonly read: () => Promise<Uint8Array>;
}

export interface ReadOptions {
  /** Bytes of a file beside the one that is read; names come from headers and never lead out of the folder. */
  readonly companion?: (name: string) => Promise<Uint8Array>;
  /** Which volume of a series, counted from 1; without it the first. */
  readonly frame?: number;
  /** What the user says of a raw file; the name and the length tell the rest. */
  readonly raw?: Partial<RawDescription>;
}

export interface ReadVolume {
  readonly signal: VolumeSignal;
  /** The format in words, with its version where that matters. */
  readonly format: string;
  /** What was done on the way in, in words. */
  readonly notes: string[];
}

/** What is written. */
export interface VolumeContent {
  readonly size: readonly number[];
  readonly channels: number;
  readonly voxels: VoxelArray;
  readonly metadata: VolumeMetadata;
}

export interface WrittenVolume {
  /** The first is the one to open; names are without a folder. */
  readonly files: { readonly name: string; readonly bytes: Uint8Array }[];
  /** What the format could not hold, in words. */
  readonly notes: string[];
}

/** One read in progress: its name for messages, its notes, its way to files beside it. */
export class Reading {
  readonly notes: string[] = [];

  constructor(
    readonly name: string,
    readonly options: ReadOptions = {},
  ) {}

  fault(code: string, message: string, cause?: unknown): StudioError {
    return inputFault(this.name, code, message, cause);
  }

  /**
   * Which of `count` volumes is read, counted from 0; says so where there is a choice. Throws StudioError input.frame where the one that was asked
   * for is not there.
   */
  frame(count: number): number {
    const { frame } = this.options;
    if (frame !== undefined && frame > count) throw this.fault('frame', `volume ${frame} was asked for, but there ${count === 1 ? 'is 1' : `are ${count}`}. Give a number from 1 to ${count}.`);
    if (count > 1) this.notes.push(`holds ${count} volumes; ${frame === undefined ? 'the first' : `number ${frame}`} is used`);
    return (frame ?? 1) - 1;
  }

  /**
   * Bytes of a file that a header names. Throws StudioError 'input.companion' where it is missing or lies outside of the folder.
   */
  async companion(name: string): Promise<Uint8Array> {
    const plain = name.replace(/^(\.\/)+/, '');
    if (plain === '' || /^[/\\]|^[a-z]:|\\|\0|(^|\/)\.\.(\/|$)/i.test(plain)) {
      throw this.fault('companion', `the header points to "${name.slice(0, 80)}", outside of its folder. Put both files into one folder and write the bare name into the header.`);
    }
    const missing = (cause?: unknown) => this.fault('companion', `the voxels are in "${plain.slice(0, 80)}", which could not be read. Put it beside the header under this name.`, cause);
    if (!this.options.companion) throw missing();
    return this.options.companion(plain).catch((cause: unknown) => Promise.reject(missing(cause)));
  }
}
