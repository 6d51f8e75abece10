/**
 * Two ways to fit behind one small interface: in the main process (cpu, tfjs), where progress and previews come as events,
 * and here on the GPU (webgpu), where the stage shows the trainer's own texture. Whoever drives a fit does not know which.
 */
import type { FitConfig } from '#core/fit/config';
import type { DeviceFacts, EngineName, TrainState } from '#engine/engine';
import type { Picture, Progress, Shown } from './runs.svelte';

export interface FitRequest {
  readonly picture: Picture;
  readonly config: FitConfig;
  readonly engine: EngineName;
  /** Fitting time in seconds that ends the fit, if steps do not first. */
  readonly seconds: number | null;
  readonly secondsBefore: number;
  readonly state: TrainState | null;
}

/** What a fit tells while it runs. */
export interface FitSink {
  progress(state: 'running' | 'paused', progress: Progress): void;
  shown(shown: Shown): void;
  /** What it runs on now: at the start, and when it moves. */
  device(facts: DeviceFacts): void;
  /** What the user should know of this fit, in sentences; replaces what was said before. */
  notes(notes: readonly string[]): void;
}

export interface FitEnd {
  readonly outcome: 'done' | 'stopped';
  readonly state: TrainState;
}

export interface FitDriver {
  readonly facts: DeviceFacts;
  pause(): void;
  resume(): void;
  step(): void;
  stop(): void;
  /** The complete state now. */
  state(): Promise<TrainState>;
  /** Settles when the fit is over; rejects when it failed. */
  readonly ended: Promise<FitEnd>;
  /** Frees what the last preview needed; call it when the fit is over and something else is shown. */
  readonly dispose: () => void;
}

/** Pixels of a preview that main computes and sends: coarse, so that the picture moves several times a second. */
export const PREVIEW_PIXELS = 288 * 288;
