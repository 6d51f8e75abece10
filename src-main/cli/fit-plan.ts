/** What `inr fit` is to do, from its options, the input and what an earlier run has left: target, configuration, provenance. */
import type { Provenance } from '#core/coding/types';
import { compactConfig, type FitConfig } from '#core/fit/config';
import { codingFor } from '#core/fit/options';
import { signalBytes, type Signal } from '#core/signal/subject';
import { StudioError } from '#core/errors';
import { version } from '../../package.json';
import { wordOf } from '../service/subject';
import type { Checkpoint } from './checkpoint';
import type { Target } from './coded-file';
import { shapesFit, type PresetOptions } from './fit-config';
import { resumeFrom } from './resume';
import { predictedBytes, widestFor, type Shape } from './targets';

/** At most one of them is given. */
export interface TargetOptions {
  readonly lambda?: number;
  readonly targetBytes?: number;
  readonly targetRatio?: number;
  readonly targetPsnr?: number;
  readonly maxError?: number;
}

interface PlanOptions extends PresetOptions, TargetOptions {
  readonly provenance: boolean;
}

/** What the header of a volume or a surface has more than that of a picture. */
const HEADER_BYTES = 150;
/** Where the search of a step begins when the configuration has none. */
const STEP_OF_ERRORS = 0.05;

/** The target in numbers; ratios are bytes of what the file stands for over bytes of the file. */
export function targetOf(options: TargetOptions, signal: Signal): Target {
  if (options.lambda !== undefined) return { kind: 'lambda', lambda: options.lambda };
  if (options.targetBytes !== undefined) return { kind: 'bytes', bytes: options.targetBytes };
  if (options.targetRatio !== undefined) return { kind: 'bytes', bytes: Math.floor(signalBytes(signal) / options.targetRatio) };
  if (options.targetPsnr !== undefined) return { kind: 'psnr', decibel: options.targetPsnr };
  if (options.maxError !== undefined) return { kind: 'error', largest: options.maxError };
  return { kind: 'bits' };
}

/** Free of paths, dates and timings: seed and configuration alone decide the file. */
export function provenanceOf(options: Pick<PlanOptions, 'provenance'>, config: FitConfig, step: number | null, seconds: number | null): (coding: FitConfig['coding']) => Provenance | undefined {
  if (!options.provenance) return () => undefined;
  const ended = step === null || step === config.plan.steps ? {} : { steps: step };
  const budget = seconds === null ? {} : { seconds };
  return (coding) => ({ generator: `inr-studio ${version}`, config: compactConfig({ ...config, coding }), ...ended, ...budget });
}

/** Bytes that the file carries beside the network. */
const extraBytes = (signal: Signal, provenance: Provenance | undefined): number =>
  (signal.kind === 'grid' ? (signal.metadata.icc?.length ?? 0) : HEADER_BYTES) + (provenance ? new TextEncoder().encode(JSON.stringify(provenance)).length + 24 : 0);

const shapeOf = (signal: Signal): Shape => (signal.kind === 'surface' ? { inputs: 3, channels: 1 } : { inputs: signal.size.length, channels: signal.channels });

/** The configuration with a residual where the target needs one, and without one where the input can have none. */
function withResidual(config: FitConfig, options: PlanOptions, target: Target, signal: Signal): FitConfig {
  const { residual, ...coding } = config.coding;
  if (signal.kind === 'volume') {
    if (residual && target.kind === 'lambda') throw new StudioError('usage', 'target.lambda', '--lambda chooses the bits of a network that stands alone. Give --residual-step none with it, or --target-bytes, --target-psnr or --max-error.');
    if (residual || target.kind !== 'error') return config;
    if (options.residualStep === null) throw new StudioError('usage', 'target.error', '--max-error is met by a residual: leave --residual-step none out.');
    return { ...config, coding: { ...coding, residual: { step: STEP_OF_ERRORS } } };
  }
  const asked = target.kind === 'error' ? '--max-error' : typeof options.residualStep === 'number' ? '--residual-step' : null;
  if (asked) throw new StudioError('usage', 'residual.kind', `${asked} is for volumes, and this is a ${wordOf(signal)}. Leave it out.`);
  return { ...config, coding };
}

export interface Planned {
  readonly config: FitConfig;
  readonly secondsBudget: number | null;
  readonly from: Checkpoint | null;
}

/** Configuration of this very fit: options, target and checkpoint taken together. */
export function planOf(preset: FitConfig, options: PlanOptions, target: Target, signal: Signal, fingerprint: string, found: Checkpoint | null, file: string): Planned {
  const secondsBudget = options.seconds ?? null;
  if (found && !shapesFit(options)) {
    const config = withResidual({ ...found.config, coding: codingFor(options, found.config.coding) }, options, target, signal);
    return { config, secondsBudget: found.secondsBudget, from: resumeFrom(found, file, config, fingerprint) };
  }
  const base = withResidual(preset, options, target, signal);
  if (target.kind === 'psnr' && options.bits !== undefined && !base.coding.residual) {
    throw new StudioError('usage', 'target.psnr', '--target-psnr chooses the bits of a network that stands alone: leave --bits out.');
  }
  let config = base;
  // A residual takes what room the network leaves.
  if (target.kind === 'bytes' && !base.coding.residual) {
    const extra = extraBytes(signal, provenanceOf(options, base, base.plan.steps - 1, secondsBudget)(base.coding));
    if (options.width === undefined) config = widestFor(base, shapeOf(signal), target.bytes, extra, options.learningRate !== undefined);
    else if (predictedBytes(base, shapeOf(signal), extra, 3) > 2 * target.bytes) {
      throw new StudioError('usage', 'target.bytes', `--target-bytes ${target.bytes}: a network of --width ${options.width} cannot be that small. Leave --width out.`);
    }
  }
  return { config, secondsBudget, from: found && resumeFrom(found, file, config, fingerprint) };
}
