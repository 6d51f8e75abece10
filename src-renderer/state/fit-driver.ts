/**
 * Two ways to fit behind one small interface: in the main process (cpu, tfjs), where progress and previews come as events,
 * and here on the GPU (webgpu), where the stage shows the trainer's own texture of a picture. Whoever drives a fit does not know which.
 */
import type { FitConfig } from '#core/fit/config';
import type { DeviceFacts, EngineName, TrainingSet, TrainState } from '#engine/engine';
import type { Kind } from '../kind-words';
import type { Original } from './original';
import type { Progress } from './runs.svelte';
import type { Shown } from './shown';

export interface FitRequest {
  readonly original: Original;
  /** Of surfaces: reads the points that main has drawn, for a fit in the window. */
  readonly points?: () => Promise<TrainingSet>;
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

/** Samples of a preview that main computes and sends, by what is fitted: coarse, so that it moves several times a second. */
export const PREVIEW_SAMPLES: Readonly<Record<Kind, number>> = { grid: 288 ** 2, volume: 64 ** 3, surface: 64 ** 3 };
