/**
 * The narrow interface between whoever fits (app, command line, tests) and the engines that can. Three implementations:
 * `tfjs` (slow, a second opinion), `cpu` (WebAssembly SIMD on worker threads), `webgpu` (generated WGSL).
 *
 * What every implementation must agree on, with each other and with the float64 reference.ts, to a relative 1e-3 of the parameters after 50 steps:
 * - the batch of step s, counted from 0: grid indices drawIndex(plan, seed, s, e, points) for e in [0, effectiveBatch) (fit/sampling.ts);
 * - the target t in [0,1] = raw sample / sampleMaximum; the prediction y = headSample(z) (field/activation.ts);
 * - the loss: mean over batch and channels of lossOf(plan.loss, y, t) (fit/loss.ts);
 * - clipping, update and averaging as fit/optimizer.ts defines them.
 */
import type { Field } from '#core/field/field';
import type { FitPlan } from '#core/fit/config';
import { pcg3d } from '#core/fit/random';
import type { SampleType } from '#core/signal/signal';

export type EngineName = 'webgpu' | 'cpu' | 'tfjs';

/** What runs the engine, in words and facts that a user is shown. */
export interface DeviceFacts {
  readonly engine: EngineName;
  /** 'NVIDIA GeForce RTX 4070', 'SwiftShader (software)', '2 threads, WebAssembly SIMD', 'tfjs 4.22 wasm' */
  readonly name: string;
  /** A software adapter or emulation; `auto` never takes it. */
  readonly software: boolean;
  readonly details: Readonly<Record<string, string | number | boolean>>;
}

/** The samples to learn: a regular grid, as in GridSignal. Engines copy what they need. */
export interface TrainingSet {
  /** Extents of the grid; of a list of points their number alone. */
  readonly size: readonly number[];
  readonly channels: number;
  readonly type: SampleType;
  readonly samples: Uint8Array | Uint16Array;
  /**
   * Where the samples lie, when that is not a grid: field.inputs coordinates in [-1, 1] a point, interleaved. What rounding put beyond, by
   * no more than COORDINATE_SLACK, is taken for the border. Indices are drawn from the list as from a grid of one axis; error-driven and
   * stratified draws, which need neighbours, are refused.
   */
  readonly coordinates?: Float32Array;
}

/** Everything needed to go on with a fit, on any engine. Vectors follow parameterLayout(field). */
export interface TrainState {
  /** Steps done. */
  readonly step: number;
  readonly parameters: Float32Array;
  /** Adam's first and second moments, not bias-corrected. */
  readonly moment1: Float32Array;
  readonly moment2: Float32Array;
  /** Moving average of the parameters, exactly where plan.average is not null. */
  readonly average?: Float32Array;
  /**
   * Limits of the table that error-driven draws follow (DrawTable in fit/importance.ts): with them a fit goes on to the same bits. Absent
   * elsewhere, and from the reference; an error-driven fit that goes on without them makes a new table.
   */
  readonly drawLimits?: Uint32Array;
}

/** How far the coordinates of a list may lie beyond [-1, 1]. */
export const COORDINATE_SLACK = 1e-4;

/** The parameters that are shown, measured and saved: the average where there is one. */
export function modelParameters(state: TrainState): Float32Array {
  return state.average ?? state.parameters;
}

export interface TrainReport {
  /** Steps done in all. */
  readonly step: number;
  /** Mean loss over the steps of this call, on the drawn batches. */
  readonly loss: number;
  /** Mean squared error of samples in [0,1] over the same steps, whatever the loss: PSNR follows from it. */
  readonly squaredError: number;
}

export interface TrainerRequest {
  readonly field: Field;
  readonly plan: FitPlan;
  readonly data: TrainingSet;
  readonly seed: number;
  /** Where to start; absent: initialParameters(field, seed), zero moments, step 0. */
  readonly state?: TrainState;
}

export interface Trainer {
  readonly field: Field;
  /** What a user should know of this fit, in sentences: work cut smaller because memory was short, a signal that is streamed. */
  readonly notes?: readonly string[];
  /** Runs learningRates.length steps, one rate a step. One call at a time. Throws DeviceLostError when the device is gone. */
  run(learningRates: Float32Array): Promise<TrainReport>;
  /** A copy of the complete state. */
  checkpoint(): Promise<TrainState>;
  /**
   * The current float model (modelParameters) on a regular grid of `size` points over the domain: samples, not clamped,
   * interleaved channels, x fastest. For display only: numbers come from the decoded file.
   */
  reconstruct(size: readonly number[]): Promise<Float32Array>;
  dispose(): void;
}

/** Many fits of one field at once: tiles of a large image or volume, each with its own parameters. */
export interface SwarmRequest {
  readonly field: Field;
  readonly plan: FitPlan;
  /** One data set a member; sizes may differ, channels and type may not. */
  readonly members: readonly TrainingSet[];
  /** Member k fits as a Trainer with seed memberSeed(seed, k) does. */
  readonly seed: number;
}

export interface SwarmReport {
  readonly step: number;
  /** Mean loss of each member over the steps of this call. */
  readonly losses: Float32Array;
}

export interface Swarm {
  readonly members: number;
  run(learningRates: Float32Array): Promise<SwarmReport>;
  /** Parameters of all members one after the other, each as parameterLayout(field). */
  parameters(): Promise<Float32Array>;
  dispose(): void;
}

/** Seed of member `member` of a swarm. */
export function memberSeed(seed: number, member: number): number {
  return pcg3d(seed, 0x5357524d, member);
}

export interface Engine {
  readonly facts: DeviceFacts;
  /** null when this field can be fitted here, else one sentence that says why not and what works instead. */
  refusal(field: Field, plan: FitPlan): string | null;
  createTrainer(request: TrainerRequest): Promise<Trainer>;
  /** null when a swarm of this field can be fitted here, else one sentence; absent: this engine has no swarms. */
  swarmRefusal?(field: Field, plan: FitPlan): string | null;
  createSwarm?(request: SwarmRequest): Promise<Swarm>;
  /** Evaluates given parameters on a regular grid; as Trainer.reconstruct. */
  evaluate(field: Field, parameters: Float32Array, size: readonly number[]): Promise<Float32Array>;
  dispose(): Promise<void>;
}

/** The device went away (driver reset, sleep, destroy). The fit goes on from its last checkpoint on another device. */
export class DeviceLostError extends Error {
  override readonly name = 'DeviceLostError';
}
