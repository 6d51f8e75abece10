/**
 * From fitted parameters to a file and back to samples. What goes into the file's hash are the samples that its decoded bytes give,
 * not those of the float model.
 */
import { StudioError } from '../errors';
import type { Field } from '../field/field';
import { decodeFile, DEFAULT_LIMITS, prepareFile, type DecodedFile } from './file';
import { dequantize, quantize } from './quantizer';
import { plainResidualCodec } from './residual/codec';
import { stepInCodes } from './residual/residual';
import { sampleBytes, sha256 as plainSha256, type Sha256 } from './sha256';
import type { DecodeLimits, FileReport, Header, Provenance, ResidualCodec, Synthesizer } from './types';

type Samples = Uint8Array | Uint16Array;

export interface PackRequest {
  readonly header: Header;
  readonly field: Field;
  /** Flat vector, parameterLayout(field). */
  readonly parameters: Float32Array;
  /** Bits of the quantizer, 3 to 16. */
  readonly bits: number;
  readonly provenance?: Provenance | undefined;
  /**
   * Of volumes: codes what the network lacks of `original` (codes of the header's grid) with a step that is a share of their full scale; or `data`
   * that were coded before for the samples of these very parameters.
   */
  readonly residual?: { readonly original: Samples; readonly step: number } | { readonly data: Uint8Array } | undefined;
  /** The normative synthesis: coding/synthesis.ts or its faster twin. */
  readonly synthesize: Synthesizer;
  /** Default: on this thread. */
  readonly residualCodec?: ResidualCodec | undefined;
  /** A faster SHA-256 than the plain one, e.g. of the platform. */
  readonly sha256?: Sha256 | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

export interface PackedFile {
  readonly bytes: Uint8Array;
  /** What the file decodes to. */
  readonly samples: Samples;
  readonly sha256: string;
  readonly report: FileReport;
}

const synthesisOptions = ({ signal, onProgress }: Pick<PackRequest, 'signal' | 'onProgress'>) => ({
  ...(signal ? { signal } : {}),
  ...(onProgress ? { onProgress } : {}),
});

/** Shares of the work, for progress: synthesis, coding of the residual, decoding it. */
const SHARES = { synthesis: 0.4, coding: 0.35, decoding: 0.25 } as const;

/**
 * Quantizes, decodes, hashes, codes. Throws StudioError of quantize (a diverged fit), encodeFile (content that no file holds), the coder of
 * residuals and the synthesizer (cancelled).
 */
export async function packFile(request: PackRequest): Promise<PackedFile> {
  const { header, field, parameters, bits, provenance, synthesize, residual: wanted, residualCodec = plainResidualCodec, sha256: hash = plainSha256 } = request;
  const quantized = quantize(field, parameters, bits);
  const content = { header, field, quantized, ...(provenance ? { provenance } : {}) };
  // Before the long work: refuses content that no file can hold.
  const bytesFor = prepareFile(content);
  if (wanted && header.kind !== 'volume') throw new StudioError('usage', 'residual.kind', 'Residuals are coded for volumes only.');
  const part = (first: number, share: number): { signal?: AbortSignal; onProgress?: (fraction: number) => void } =>
    synthesisOptions({ signal: request.signal, onProgress: request.onProgress && ((fraction) => request.onProgress?.(first + share * fraction)) });
  const made = await synthesize(field, dequantize(field, quantized), header.size, header.type, part(0, wanted ? SHARES.synthesis : 1));
  if (!wanted) return finished(bytesFor, made, hash);
  const { data } = 'data' in wanted ? wanted : await residualCodec.encode(wanted.original, made, header, stepInCodes(wanted.step, header.type), part(SHARES.synthesis, SHARES.coding));
  // Decoded once more: what is hashed is what the bytes say.
  const samples = await residualCodec.decode(data, Promise.resolve(made), header, part(1 - SHARES.decoding, SHARES.decoding));
  return finished(prepareFile({ ...content, residual: data }), samples, hash);
}

async function finished(bytesFor: (sha256: string) => Uint8Array, samples: Samples, hash: Sha256): Promise<PackedFile> {
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
  /** Default: on this thread. */
  readonly residualCodec?: ResidualCodec | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

/**
 * Decodes a file to samples. Throws StudioError as decodeFile does, 'container.residual' for a residual that no encoder writes, and 'container.hash' when the samples are not those that were
 * written: the decoder is not exact, since the bytes passed their checksums.
 */
export async function unpackFile(
  bytes: Uint8Array,
  synthesize: Synthesizer,
  options: UnpackOptions = {},
): Promise<{ readonly content: DecodedFile; readonly samples: Samples }> {
  const { verify = true, limits = DEFAULT_LIMITS, residualCodec = plainResidualCodec, sha256: hash = plainSha256 } = options;
  const content = decodeFile(bytes, limits);
  const { header, field, quantized, residual } = content;
  const parameters = dequantize(field, quantized);
  const synthesis = (watch: Pick<UnpackOptions, 'signal' | 'onProgress'>): Promise<Samples> => synthesize(field, parameters, header.size, header.type, synthesisOptions(watch));
  const samples = residual ? await corrected(residual, header, synthesis, residualCodec, options) : await synthesis(options);
  if (verify && (await hash(sampleBytes(samples))) !== content.sha256) {
    throw new StudioError(
      'container',
      'container.hash',
      'The decoded samples differ from those that were written. The file passes its checksums, so either it was made by a faulty encoder or this decoder is not exact.',
    );
  }
  return { content, samples };
}

/** Decodes a residual while its field is synthesized; whichever fails ends the other. */
async function corrected(data: Uint8Array, header: Header, synthesis: (watch: Pick<UnpackOptions, 'signal' | 'onProgress'>) => Promise<Samples>, codec: ResidualCodec, { signal, onProgress }: UnpackOptions): Promise<Samples> {
  const failed = new AbortController();
  const either = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal;
  const made = synthesis({ signal: either, onProgress });
  try {
    return await codec.decode(data, made, header, { signal: either });
  } catch (error) {
    failed.abort();
    await made.catch(() => undefined);
    throw error;
  }
}
