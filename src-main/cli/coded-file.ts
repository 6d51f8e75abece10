/**
 * From fitted parameters to the file: quantize, code, decode, measure. Every number comes from the decoded samples. Files are
 * kept by bits, since the searches of the targets ask for some of them twice.
 */
import { createHash } from 'node:crypto';
import { encodeFile } from '#core/coding/file';
import { packFile } from '#core/coding/pack';
import { quantize } from '#core/coding/quantizer';
import type { Provenance, Synthesizer } from '#core/coding/types';
import type { Field } from '#core/field/field';
import type { FitConfig } from '#core/fit/config';
import { StudioError } from '#core/errors';
import { residualCodec } from '#engine/cpu/residual';
import { residualOf, type Subject } from '../service/subject';
import { bestTrade, leastBitsReaching, mostBitsWithin, nearlyBest, type Measured } from './targets';

/** SHA-256 (hex) by the platform, many times faster than the plain one. */
export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** How the bits of the quantizer are chosen. */
export type Target =
  | { readonly kind: 'bits' }
  | { readonly kind: 'lambda'; readonly lambda: number }
  | { readonly kind: 'bytes'; readonly bytes: number }
  | { readonly kind: 'psnr'; readonly decibel: number };

export interface CodedFile extends Measured {
  readonly file: Uint8Array;
  /** SHA-256 (hex) of the decoded samples. */
  readonly sha256: string;
  /** False when a quality that was asked for is not reached. */
  readonly reached: boolean;
}

export interface CodingRequest {
  readonly subject: Pick<Subject, 'header' | 'data' | 'decibel'>;
  readonly field: Field;
  readonly config: FitConfig;
  readonly synthesize: Synthesizer;
  /** What the provenance chunk says at these bits, or undefined for none. */
  readonly provenance: (bits: number) => Provenance | undefined;
  readonly abort: AbortSignal;
}

/** Codes one vector of parameters at any bits. */
export class Coder {
  readonly #files = new Map<number, Promise<CodedFile>>();

  constructor(
    private readonly request: CodingRequest,
    private readonly parameters: Float32Array,
  ) {
    if (!parameters.every(Number.isFinite)) {
      const rate = request.config.plan.optimizer.learningRate;
      throw new StudioError('failed', 'fit.diverged', `The fit diverged: parameters are no longer numbers. Give a smaller --learning-rate (it was ${rate}).`);
    }
  }

  /** The file at these bits, decoded and measured. */
  at(bits: number): Promise<CodedFile> {
    let file = this.#files.get(bits);
    if (!file) this.#files.set(bits, (file = this.#code(bits)));
    return file;
  }

  async #code(bits: number): Promise<CodedFile> {
    const { subject, field, provenance, abort } = this.request;
    abort.throwIfAborted();
    const packed = await packFile({
      header: subject.header,
      field,
      parameters: this.parameters,
      bits,
      provenance: provenance(bits),
      residual: residualOf(subject, this.request.config.coding),
      synthesize: this.request.synthesize,
      residualCodec,
      sha256,
      signal: abort,
    });
    return {
      bits,
      bytes: packed.bytes.length,
      psnr: subject.decibel(packed.samples),
      file: packed.bytes,
      sha256: packed.sha256,
      reached: true,
    };
  }

  /** Bytes of the file at these bits, without decoding it: a digest has the same length whatever it says. */
  size(bits: number): Promise<Measured> {
    const { subject, field, provenance } = this.request;
    const quantized = quantize(field, this.parameters, bits);
    const file = encodeFile({ header: subject.header, field, quantized, sha256: '0'.repeat(64), provenance: provenance(bits) });
    return Promise.resolve({ bits, bytes: file.length, psnr: null });
  }

  /** dB of the float parameters: what quantization has not touched. */
  async float(): Promise<number | null> {
    const { subject, field, synthesize, abort } = this.request;
    const { size, type } = subject.header;
    return subject.decibel(await synthesize(field, this.parameters, size, type, { signal: abort }));
  }

  /** The file that the target asks for. Throws StudioError 'failed'/'target.bytes' when no file is small enough. */
  async choose(target: Target, points: number): Promise<CodedFile> {
    const measure = (bits: number): Promise<CodedFile> => this.at(bits);
    switch (target.kind) {
      case 'bits':
        return measure(this.request.config.coding.bits);
      case 'lambda':
        return bestTrade(target.lambda, points, measure);
      case 'bytes':
        return measure((await mostBitsWithin(target.bytes, (bits) => this.size(bits))).bits);
      case 'psnr':
        return (await leastBitsReaching(target.decibel, measure)) ?? { ...(await nearlyBest(measure)), reached: false };
      default:
        return target satisfies never;
    }
  }
}
