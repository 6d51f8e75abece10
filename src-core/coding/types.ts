/** What goes into and comes out of a .inr file. docs/FORMAT.md is the specification. */
import type { Field } from '../field/field';
import type { ImageMetadata, SampleType } from '../signal/signal';
import type { SurfaceMetadata } from '../signal/surface';
import type { VolumeMetadata } from '../signal/volume';

/** The samples whose hash a file carries. */
export interface SampleGrid {
  readonly size: readonly number[];
  readonly channels: number;
  readonly type: SampleType;
}

/** A picture (or, in files without the facts of a volume, a grid of any dimension). */
export interface GridHeader extends SampleGrid {
  readonly kind: 'grid';
  readonly metadata: ImageMetadata;
}

/** Three axes; samples are the codes of voxels (signal/volume.ts). */
export interface VolumeHeader extends SampleGrid {
  readonly kind: 'volume';
  readonly metadata: VolumeMetadata;
}

/**
 * Three axes, one channel, uint16: the codes of truncated distances (signal/surface.ts) on a grid over the cube. The grid is what the hash is
 * taken of; a mesh is extracted at any resolution.
 */
export interface SurfaceHeader extends SampleGrid {
  readonly kind: 'surface';
  readonly metadata: SurfaceMetadata;
}

/** What a file reconstructs. */
export type Header = GridHeader | VolumeHeader | SurfaceHeader;

/** A parameter vector after quantization: integers and one step size a tensor. value = fround(integer * step). */
export interface QuantizedParameters {
  /** Same order as parameterLayout(field).tensors. */
  readonly tensors: readonly { readonly step: number; readonly values: Int32Array }[];
}

/** Ancillary provenance: how the file came to be. JSON, free of paths; never needed to decode. */
export interface Provenance {
  readonly generator: string;
  readonly config?: unknown;
  readonly [key: string]: unknown;
}

/** Everything a file holds. */
export interface InrContent {
  readonly header: Header;
  readonly field: Field;
  readonly quantized: QuantizedParameters;
  /** Of volumes: what the decoded samples have beyond those of the field, coded (residual/residual.ts). */
  readonly residual?: Uint8Array;
  /** SHA-256 (hex) of the decoded samples, little-endian, interleaved. */
  readonly sha256: string;
  readonly provenance?: Provenance;
}

export interface ChunkReport {
  readonly type: string;
  readonly critical: boolean;
  /** Whole chunk: length, type, data, checksum. */
  readonly bytes: number;
}

export interface TensorReport {
  readonly name: string;
  readonly parameters: number;
  readonly bytes: number;
  readonly bitsPerParameter: number;
  readonly step: number;
}

/** What `inr info` and the byte breakdown show; the chunks plus the magic add up to the file. */
export interface FileReport {
  readonly bytes: number;
  readonly version: number;
  readonly chunks: readonly ChunkReport[];
  readonly tensors: readonly TensorReport[];
  /** Where there is a residual: its step in codes. */
  readonly residual?: { readonly step: number };
}

/** What a decoder refuses to exceed; checked from the header, before anything is allocated. */
export interface DecodeLimits {
  readonly samples: number;
  readonly parameters: number;
  /** Multiply-adds of the whole decode. */
  readonly multiplyAdds: number;
}

/**
 * Normative synthesis: decoded parameters -> samples, to the bit (docs/FORMAT.md). Two implementations: plain TypeScript
 * (coding/synthesis.ts) and WebAssembly SIMD on threads (src-engine/cpu/exact.ts).
 */
export type Synthesizer = (
  field: Field,
  parameters: Float32Array,
  size: readonly number[],
  type: SampleType,
  options?: { readonly signal?: AbortSignal; readonly onProgress?: (fraction: number) => void },
) => Promise<Uint8Array | Uint16Array>;

interface WorkOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

/**
 * Codes residuals and adds them to fields: on the thread that asks (coding/residual/codec.ts) or on another (src-engine/cpu/residual.ts). Both
 * give the same bytes and samples. An aborted call rejects with StudioError 'cancelled'.
 */
export interface ResidualCodec {
  /** What `field` lacks of `original` at a step in codes, and the samples that a decoder will have. Throws StudioError as encodeBricks does. */
  encode(
    original: Uint8Array | Uint16Array,
    field: Uint8Array | Uint16Array,
    grid: SampleGrid,
    step: number,
    options?: WorkOptions,
  ): Promise<{ readonly data: Uint8Array; readonly samples: Uint8Array | Uint16Array }>;
  /** Adds to the samples of the field, in place, when they come. Throws StudioError as decodeBricks does, and what `field` rejects with. */
  decode(data: Uint8Array, field: Promise<Uint8Array | Uint16Array>, grid: SampleGrid, options?: WorkOptions): Promise<Uint8Array | Uint16Array>;
}
