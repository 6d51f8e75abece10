/**
 * From fitted parameters to the file: quantize, code, decode, measure. Every number comes from the decoded samples. Files are
 * kept by bits, since the searches of the targets ask for some of them twice.
 *
 * Where a volume has a residual the network keeps the bits of the configuration, and targets are met by the residual's step (step-search.ts):
 * the field is synthesized once, each trial codes what it lacks.
 */
import { createHash } from 'node:crypto';
import { encodeFile } from '#core/coding/file';
import { packFile } from '#core/coding/pack';
import { dequantize, quantize } from '#core/coding/quantizer';
import { stepInCodes } from '#core/coding/residual/residual';
import type { Provenance, Synthesizer } from '#core/coding/types';
import type { Field } from '#core/field/field';
import type { FitConfig } from '#core/fit/config';
import { StudioError } from '#core/errors';
import { residualCodec } from '#engine/cpu/residual';
import { residualOf, type Subject } from '../service/subject';
import { residualTooLarge, searchStep, spaceFor, type StepGoal } from './step-search';
import { bestTrade, leastBitsReaching, mostBitsWithin, nearlyBest, type Measured } from './targets';

/** SHA-256 (hex) by the platform, many times faster than the plain one. */
export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

type Coding = FitConfig['coding'];
type Samples = Uint8Array | Uint16Array;

/** How the bits of the quantizer are chosen, or the step of the residual. */
export type Target =
  | { readonly kind: 'bits' }
  | { readonly kind: 'lambda'; readonly lambda: number }
  | { readonly kind: 'bytes'; readonly bytes: number }
  | { readonly kind: 'psnr'; readonly decibel: number }
  /** Of volumes: largest error, in the voxels' own units. */
  | { readonly kind: 'error'; readonly largest: number };

export interface CodedFile extends Measured {
  readonly file: Uint8Array;
  /** The configuration's, with what was chosen. */
  readonly coding: Coding;
  /** Of volumes, in the voxels' own units. */
  readonly maximumError?: number;
  /** SHA-256 (hex) of the decoded samples. */
  readonly sha256: string;
  /** False when a quality that was asked for is not reached. */
  readonly reached: boolean;
}

export interface CodingRequest {
  readonly subject: Pick<Subject, 'header' | 'data' | 'decibel' | 'voxels'>;
  readonly field: Field;
  readonly config: FitConfig;
  readonly synthesize: Synthesizer;
  /** What the provenance chunk says of a file that is coded so, or undefined for none. */
  readonly provenance: (coding: Coding) => Provenance | undefined;
  readonly abort: AbortSignal;
  readonly onTrial?: ((words: string) => void) | undefined;
}

/** A residual at some step, measured. */
interface StepTrial {
  readonly step: number;
  readonly data: Uint8Array;
  readonly bytes: number;
  readonly psnr: number | null;
  readonly maximumError: number;
}

/** dB and natural logarithms that a target may be missed by, on its good side. */
const PSNR_SLACK = 0.08;
const BYTES_SLACK = 0.02;
const ERROR_SLACK = 0.08;

/** What a search of steps is held against; slopes as measured on CT volumes. */
function goalOf(target: Exclude<Target, { kind: 'bits' | 'lambda' }>): StepGoal<StepTrial> {
  switch (target.kind) {
    case 'bytes':
      return { value: ({ bytes }) => Math.log(bytes), rising: false, most: Math.log(target.bytes), slack: BYTES_SLACK, slope: 1 };
    case 'psnr':
      return { value: ({ psnr }) => (psnr === null ? -Infinity : -psnr), rising: true, most: -target.decibel, slack: PSNR_SLACK, slope: 6 };
    case 'error':
      return { value: ({ maximumError }) => Math.log(maximumError), rising: true, most: Math.log(target.largest), slack: ERROR_SLACK, slope: 0.8 };
    default:
      return target satisfies never;
  }
}

/** Codes one vector of parameters at any bits. */
export class Coder {
  readonly #files = new Map<number, Promise<CodedFile>>();
  #field: Promise<Samples> | null = null;

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
    if (!file) {
      const coding = { ...this.request.config.coding, bits };
      this.#files.set(bits, (file = this.#code(coding, residualOf(this.request.subject, coding))));
    }
    return file;
  }

  async #code(coding: Coding, residual: Parameters<typeof packFile>[0]['residual']): Promise<CodedFile> {
    const { subject, field, provenance, abort } = this.request;
    abort.throwIfAborted();
    const packed = await packFile({
      header: subject.header,
      field,
      parameters: this.parameters,
      bits: coding.bits,
      provenance: provenance(coding),
      residual,
      // Its samples are changed in place.
      synthesize: this.#field ? async () => (await this.#field!).slice() : this.request.synthesize,
      residualCodec,
      sha256,
      signal: abort,
    });
    const quality = subject.voxels?.(packed.samples) ?? { psnr: subject.decibel(packed.samples) };
    return {
      bits: coding.bits,
      coding,
      bytes: packed.bytes.length,
      psnr: quality.psnr,
      ...('maximumError' in quality && { maximumError: quality.maximumError }),
      file: packed.bytes,
      sha256: packed.sha256,
      reached: true,
    };
  }

  /** Bytes of the file at these bits, without decoding it: a digest has the same length whatever it says. */
  size(bits: number): Promise<Measured> {
    return Promise.resolve({ bits, bytes: this.#bytes({ ...this.request.config.coding, bits }), psnr: null });
  }

  #bytes(coding: Coding, residual?: Uint8Array): number {
    const { subject, field, provenance } = this.request;
    const quantized = quantize(field, this.parameters, coding.bits);
    return encodeFile({ header: subject.header, field, quantized, sha256: '0'.repeat(64), provenance: provenance(coding), ...(residual && { residual }) }).length;
  }

  /** dB of the float parameters: what quantization has not touched. */
  async float(): Promise<number | null> {
    const { subject, field, synthesize, abort } = this.request;
    const { size, type } = subject.header;
    return subject.decibel(await synthesize(field, this.parameters, size, type, { signal: abort }));
  }

  /** The file that the target asks for. Throws StudioError 'failed'/'target.bytes' when no file is small enough. */
  async choose(target: Target, points: number): Promise<CodedFile> {
    const { config, subject } = this.request;
    const measure = (bits: number): Promise<CodedFile> => this.at(bits);
    if (target.kind === 'bits') return measure(config.coding.bits);
    const residual = residualOf(subject, config.coding);
    if (residual && config.coding.residual && target.kind !== 'lambda') return this.#chooseStep(target, config.coding.residual.step);
    switch (target.kind) {
      case 'lambda':
        return bestTrade(target.lambda, points, measure);
      case 'bytes':
        return measure((await mostBitsWithin(target.bytes, (bits) => this.size(bits))).bits);
      case 'psnr':
        return (await leastBitsReaching(target.decibel, measure)) ?? { ...(await nearlyBest(measure)), reached: false };
      case 'error':
        throw new StudioError('usage', 'target.error', '--max-error is met by a residual, which files of volumes have. Leave it out, or give --residual-step.');
      default:
        return target satisfies never;
    }
  }

  async #chooseStep(target: Exclude<Target, { kind: 'bits' | 'lambda' }>, start: number): Promise<CodedFile> {
    const space = spaceFor(this.request.subject.header.type, start);
    const found = await searchStep(goalOf(target), space, (step) => this.#trial(step));
    if (!found && target.kind === 'bytes') throw residualTooLarge(target.bytes, (await this.#trial(space.coarsest)).bytes);
    const { step, data } = found ?? (await this.#trial(space.finest));
    return { ...(await this.#code(this.#codingAt(step), { data })), reached: found !== null };
  }

  #codingAt = (step: number): Coding => ({ ...this.request.config.coding, residual: { step } });

  async #trial(step: number): Promise<StepTrial> {
    const { subject, field, config, synthesize, abort, onTrial } = this.request;
    const { header, data: original } = subject;
    abort.throwIfAborted();
    const parameters = dequantize(field, quantize(field, this.parameters, config.coding.bits));
    this.#field ??= synthesize(field, parameters, header.size, header.type, { signal: abort });
    const { data, samples } = await residualCodec.encode(original.samples, await this.#field, header, stepInCodes(step, header.type), { signal: abort });
    const { psnr, maximumError } = subject.voxels!(samples);
    const bytes = this.#bytes(this.#codingAt(step), data);
    onTrial?.(`residual with a step of ${step}: ${bytes} bytes, ${psnr === null ? 'identical' : `${psnr.toFixed(2)} dB`}`);
    return { step, data, bytes, psnr, maximumError };
  }
}
