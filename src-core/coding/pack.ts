/**
 * From fitted parameters to a file and back to samples. What goes into the file's hash are the samples that its decoded bytes give,
 * not those of the float model.
 */
import { StudioError } from '../errors';
import type { Field } from '../field/field';
import { decodeFile, DEFAULT_LIMITS, prepareFile, type DecodedFile } from './file';
import { dequantize, quantize } from './quantizer';
import { sampleBytes, sha256 as plainSha256, type Sha256 } from './sha256';
import type { DecodeLimits, FileReport, Header, Provenance, Synthesizer } from './types';

export interface PackRequest {
  readonly header: Header;
  readonly field: Field;
  /** Flat vector, parameterLayout(field). */
  readonly parameters: Float32Array;
  /** Bits of the quantizer, 3 to 16. */
  readonly bits: number;
  readonly provenance?: Provenance | undefined;
  /** The normative synthesis: coding/synthesis.ts or its faster twin. */
  readonly synthesize: Synthesizer;
  /** A faster SHA-256 than the plain one, e.g. of the platform. */
  readonly sha256?: Sha256 | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

export interface PackedFile {
  readonly bytes: Uint8Array;
  /** What the file decodes to. */
  readonly samples: Uint8Array | Uint16Array;
  readonly sha256: string;
  readonly report: FileReport;
}

const synthesisOptions = ({ signal, onProgress }: Pick<PackRequest, 'signal' | 'onProgress'>) => ({
  ...(signal ? { signal } : {}),
  ...(onProgress ? { onProgress } : {}),
});

/**
 * Quantizes, decodes, hashes, codes. Throws StudioError of quantize (a diverged fit), encodeFile (content that no file holds) and
 * the synthesizer (cancelled).
 */
export async function packFile(request: PackRequest): Promise<PackedFile> {
  const { header, field, parameters, bits, provenance, synthesize, sha256: hash = plainSha256 } = request;
  const quantized = quantize(field, parameters, bits);
  const content = { header, field, quantized, ...(provenance ? { provenance } : {}) };
  // Before the long work: refuses content that no file can hold.
  const bytesFor = prepareFile(content);
  const samples = await synthesize(field, dequantize(field, quantized), header.size, header.type, synthesisOptions(request));
  const sha256 = await hash(sampleBytes(samples));
  const bytes = bytesFor(sha256);
  return { bytes, samples, sha256, report: decodeFile(bytes, UNLIMITED).report };
}

/** For bytes that were made here. */
const UNLIMITED: DecodeLimits = { samples: Infinity, parameters: Infinity, multiplyAdds: Infinity };

export interface UnpackOptions {
  /** Compare the SHA-256 of the samples with that in the file; default true. */
  readonly verify?: boolean;
  readonly limits?: DecodeLimits;
  readonly sha256?: Sha256 | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

/**
 * Decodes a file to samples. Throws StudioError as decodeFile does, and 'container.hash' when the samples are not those that were
 * written: the decoder is not exact, since the bytes passed their checksums.
 */
export async function unpackFile(
  bytes: Uint8Array,
  synthesize: Synthesizer,
  options: UnpackOptions = {},
): Promise<{ readonly content: DecodedFile; readonly samples: Uint8Array | Uint16Array }> {
  const { verify = true, limits = DEFAULT_LIMITS, sha256: hash = plainSha256 } = options;
  const content = decodeFile(bytes, limits);
  const { header, field, quantized } = content;
  const samples = await synthesize(field, dequantize(field, quantized), header.size, header.type, synthesisOptions(options));
  if (verify && (await hash(sampleBytes(samples))) !== content.sha256) {
    throw new StudioError(
      'container',
      'container.hash',
      'The decoded samples differ from those that were written. The file passes its checksums, so either it was made by a faulty encoder or this decoder is not exact.',
    );
  }
  return { content, samples };
}
