/**
 * A FitSession drives one Trainer through its plan: in slices short enough that pause, stop and previews answer at once, with
 * a checkpoint every few seconds from which the fit goes on when the device is lost. It knows neither Node nor the DOM, so
 * the command line, the main process and the renderer share it.
 *
 * The learning rate is a pure function of the step when only steps bound the fit: then seed and configuration decide the
 * result, however the steps are sliced. With a time budget it follows the larger of the two fractions.
 */
import { StudioError } from '#core/errors';
import { initialParameters } from '#core/field/init';
import { effectiveBatch } from '#core/fit/sampling';
import { learningRate } from '#core/fit/schedule';
import { pointCount } from '#core/signal/signal';
import { DeviceLostError, type Trainer, type TrainerRequest, type TrainState } from './engine';

export type SessionState = 'ready' | 'running' | 'paused' | 'done' | 'stopped' | 'failed';

export interface SessionProgress {
  readonly state: SessionState;
  readonly step: number;
  readonly steps: number;
  /** Mean loss over the steps since the last report. */
  readonly loss: number;
  /** -10 log10 of the mean squared error since the last report, of the drawn batches on the float model; the file's PSNR is measured after decoding. */
  readonly psnr: number;
  /** Seconds of fitting alone: no set-up, no previews, no pauses. */
  readonly seconds: number;
  readonly stepsPerSecond: number;
  readonly samplesPerSecond: number;
  readonly secondsLeft: number | null;
  readonly learningRate: number;
}

export interface SessionOutcome {
  readonly outcome: 'done' | 'stopped';
  readonly step: number;
  readonly seconds: number;
  readonly state: TrainState;
}

export interface SessionOptions {
  readonly request: TrainerRequest;
  readonly trainer: Trainer;
  /** Bounds the fitting time alone; the first of steps and seconds ends the fit. */
  readonly secondsBudget?: number;
  /** Seconds already spent before a resume. */
  readonly secondsBefore?: number;
  /** Wished length of one slice in milliseconds (default 50): how long pause and stop may take. */
  readonly sliceMilliseconds?: number;
  readonly checkpointMilliseconds?: number;
  readonly onProgress?: (progress: SessionProgress) => void;
  /** Shows the current model; its time is kept below about a sixth of the whole. May ask to stop by returning true. */
  readonly onPreview?: (trainer: Trainer, progress: SessionProgress) => Promise<boolean | void>;
  /** Shortest time between two previews, default 250 ms. */
  readonly previewMilliseconds?: number;
  readonly onCheckpoint?: (state: TrainState, seconds: number) => Promise<void> | void;
  /** A trainer that goes on from `state` after the device was lost, or null to give up. It tells the user. */
  readonly recover?: (state: TrainState, error: DeviceLostError) => Promise<Trainer | null>;
}

const now = (): number => performance.now();

export class FitSession {
  #state: SessionState = 'ready';
  #trainer: Trainer;
  #seconds: number;
  #step: number;
  #stopWished = false;
  /** Pause was asked for before the run began. */
  #startPaused = false;
  #singleSteps = 0;
  #wake: (() => void) | null = null;
  #checkpoint: TrainState | null = null;
  #progress: SessionProgress;
  #stepsPerSecond = 0;
  #squaredError = Number.NaN;

  constructor(private readonly options: SessionOptions) {
    this.#trainer = options.trainer;
    this.#seconds = options.secondsBefore ?? 0;
    this.#step = options.request.state?.step ?? 0;
    this.#checkpoint = options.request.state ?? null;
    this.#progress = this.#report(Number.NaN);
  }

  get state(): SessionState {
    return this.#state;
  }

  get progress(): SessionProgress {
    return this.#progress;
  }

  get trainer(): Trainer {
    return this.#trainer;
  }

  pause(): void {
    if (this.#state === 'ready') this.#startPaused = true;
    if (this.#state !== 'running') return;
    this.#state = 'paused';
  }

  resume(): void {
    this.#startPaused = false;
    if (this.#state !== 'paused') return;
    this.#state = 'running';
    this.#singleSteps = 0;
    this.#wakeUp();
  }

  /** One optimizer step, then paused again. */
  singleStep(): void {
    if (this.#state === 'running') this.#state = 'paused';
    if (this.#state !== 'paused') return;
    this.#singleSteps++;
    this.#wakeUp();
  }

  stop(): void {
    this.#stopWished = true;
    this.#wakeUp();
  }

  #wakeUp(): void {
    this.#wake?.();
    this.#wake = null;
  }

  /**
   * Runs to the end. Resolves with the final state; rejects when the engine fails for good, and with StudioError 'fit.diverged' once the loss is
   * no number any more: nothing that follows would be one. `paused`: starts paused.
   */
  async run(start: { paused?: boolean } = {}): Promise<SessionOutcome> {
    if (this.#state !== 'ready') throw new Error('A FitSession runs once.');
    this.#state = start.paused || this.#startPaused ? 'paused' : 'running';
    try {
      let stopped: boolean;
      let state: TrainState | null = null;
      do {
        stopped = await this.#loop();
        state = await this.#survive(() => this.#trainer.checkpoint());
      } while (state === null);
      this.#state = stopped ? 'stopped' : 'done';
      this.#progress = { ...this.#progress, state: this.#state };
      return { outcome: this.#state === 'done' ? 'done' : 'stopped', step: this.#step, seconds: this.#seconds, state };
    } catch (error) {
      this.#state = 'failed';
      throw error;
    }
  }

  /** True when stopped before the plan's end. */
  async #loop(): Promise<boolean> {
    const { request, onPreview, onCheckpoint } = this.options;
    const { steps } = request.plan;
    const sliceTarget = this.options.sliceMilliseconds ?? 50;
    let slice = 1;
    let sincePreview = 0;
    let previewDue = 0;
    let checkpointAt = now();
    for (;;) {
      if (this.#stopWished) return true;
      if (this.#step >= steps || this.#fraction() >= 1) return false;
      if (this.#state === 'paused' && this.#singleSteps === 0) {
        await this.#survive(() => this.#preview(onPreview));
        this.#emit(this.#progress.loss);
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
          // What was asked for while the preview was made found nobody to wake.
          if (this.#stopWished || this.#state !== 'paused' || this.#singleSteps > 0) this.#wakeUp();
        });
        continue;
      }
      const single = this.#state === 'paused';
      const count = single ? 1 : Math.min(slice, steps - this.#step);
      if (single) this.#singleSteps--;
      const survived = await this.#survive(async () => {
        const began = now();
        const report = await this.#trainer.run(this.#rates(count));
        this.#step = report.step;
        const took = Math.max(0.01, now() - began);
        this.#seconds += took / 1000;
        const rate = (count * 1000) / took;
        this.#stepsPerSecond = this.#stepsPerSecond === 0 ? rate : 0.9 * this.#stepsPerSecond + 0.1 * rate;
        slice = Math.max(1, Math.min(4096, Math.round(count * Math.min(2, Math.max(0.25, sliceTarget / took)))));
        sincePreview += took;
        this.#squaredError = report.squaredError;
        if (!Number.isFinite(report.loss)) throw divergence(report.step);
        this.#emit(report.loss);
        if (sincePreview >= previewDue) {
          const previewBegan = now();
          if (await this.#preview(onPreview)) this.#stopWished = true;
          previewDue = Math.max(this.options.previewMilliseconds ?? 250, 5 * (now() - previewBegan));
          sincePreview = 0;
        }
        if (!this.#stopWished && now() - checkpointAt > (this.options.checkpointMilliseconds ?? 5000)) {
          this.#checkpoint = await this.#trainer.checkpoint();
          await onCheckpoint?.(this.#checkpoint, this.#seconds);
          checkpointAt = now();
        }
        return true;
      });
      if (survived === null) slice = 1;
      await new Promise<void>((resolve) => setTimeout(resolve, 0));
    }
  }

  async #preview(onPreview: SessionOptions['onPreview']): Promise<boolean> {
    return (await onPreview?.(this.#trainer, this.#progress)) === true;
  }

  /** Runs `work`; when the device is lost meanwhile, moves the fit to another trainer and returns null. */
  async #survive<Result>(work: () => Promise<Result>): Promise<Result | null> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof DeviceLostError)) throw error;
      await this.#recover(error);
      return null;
    }
  }

  async #recover(error: DeviceLostError): Promise<void> {
    const state = this.#checkpoint ?? startOf(this.options.request);
    const trainer = await this.options.recover?.(state, error);
    if (!trainer) throw error;
    this.#trainer.dispose();
    this.#trainer = trainer;
    this.#step = state.step;
  }

  /** Learning rates of the next `count` steps. */
  #rates(count: number): Float32Array {
    const { plan } = this.options.request;
    const timed = this.#timeFraction();
    return Float32Array.from({ length: count }, (_, index) => learningRate(plan, Math.max((this.#step + index) / plan.steps, timed)));
  }

  #timeFraction(): number {
    return this.options.secondsBudget === undefined ? 0 : this.#seconds / this.options.secondsBudget;
  }

  #fraction(): number {
    return Math.max(this.#step / this.options.request.plan.steps, this.#timeFraction());
  }

  #emit(loss: number): void {
    this.#progress = this.#report(loss);
    this.options.onProgress?.(this.#progress);
  }

  #report(loss: number): SessionProgress {
    const { plan, data } = this.options.request;
    const fraction = this.#fraction();
    const bySteps = this.#stepsPerSecond > 0 ? (plan.steps - this.#step) / this.#stepsPerSecond : null;
    const byTime = this.options.secondsBudget === undefined ? null : Math.max(0, this.options.secondsBudget - this.#seconds);
    return {
      state: this.#state,
      step: this.#step,
      steps: plan.steps,
      loss,
      psnr: -10 * Math.log10(Math.max(this.#squaredError, 1e-20)),
      seconds: this.#seconds,
      stepsPerSecond: this.#stepsPerSecond,
      samplesPerSecond: this.#stepsPerSecond * effectiveBatch(plan, pointCount(data.size)),
      secondsLeft: bySteps === null ? byTime : byTime === null ? bySteps : Math.min(bySteps, byTime),
      learningRate: learningRate(plan, fraction),
    };
  }
}

function divergence(step: number): StudioError {
  return new StudioError('failed', 'fit.diverged', `The fit diverged at step ${step}. Lower the learning rate and start again.`);
}

function startOf(request: TrainerRequest): TrainState {
  if (request.state) return request.state;
  const parameters = initialParameters(request.field, request.seed);
  const zeros = (): Float32Array => new Float32Array(parameters.length);
  return { step: 0, parameters, moment1: zeros(), moment2: zeros(), ...(request.plan.average !== null && { average: parameters.slice() }) };
}
