import { describe, expect, it, vi } from 'vitest';
import { presetById } from '#core/fit/presets';
import { fieldFor } from '#core/field/field';
import { initialParameters } from '#core/field/init';
import { DeviceLostError, type Trainer, type TrainerRequest, type TrainState } from './engine';
import { FitSession, type SessionOptions, type SessionProgress } from './session';

const field = fieldFor({ encoding: { kind: 'identity' }, depth: 1, width: 8, activation: { kind: 'relu' } }, 2, 1);

function request(steps: number, state?: TrainState): TrainerRequest {
  const plan = { ...presetById('siren').config.plan, steps };
  return { field, plan, seed: 1, data: { size: [4, 4], channels: 1, type: 'uint8', samples: new Uint8Array(16) }, state };
}

/** Records the learning rate of every step; loses its device after `loseAfter` steps. */
class RecordingTrainer implements Trainer {
  readonly field = field;
  readonly rates: number[] = [];
  disposed = false;
  constructor(
    private step = 0,
    private readonly loseAfter = Number.POSITIVE_INFINITY,
    private readonly milliseconds = 0,
  ) {}
  async run(learningRates: Float32Array) {
    if (this.milliseconds > 0) await new Promise((resolve) => setTimeout(resolve, this.milliseconds));
    if (this.step + learningRates.length > this.loseAfter) throw new DeviceLostError('gone');
    this.rates.push(...learningRates);
    this.step += learningRates.length;
    return { step: this.step, loss: 1 / this.step, squaredError: 1 / this.step };
  }
  async checkpoint(): Promise<TrainState> {
    const parameters = initialParameters(field, 1);
    return { step: this.step, parameters, moment1: parameters.slice(), moment2: parameters.slice() };
  }
  async reconstruct() {
    return new Float32Array(16);
  }
  dispose() {
    this.disposed = true;
  }
}

const session = (steps: number, trainer: Trainer, more: Partial<SessionOptions> = {}) => new FitSession({ request: request(steps), trainer, ...more });

describe('FitSession', () => {
  it('runs exactly the planned steps and ends as done', async () => {
    const trainer = new RecordingTrainer();
    const outcome = await session(777, trainer).run();
    expect(outcome.outcome).toBe('done');
    expect(outcome.step).toBe(777);
    expect(trainer.rates).toHaveLength(777);
  });

  it('gives every step the same learning rate however the steps are sliced', async () => {
    const long = new RecordingTrainer();
    const short = new RecordingTrainer();
    await session(300, long, { sliceMilliseconds: 1000 }).run();
    await session(300, short, { sliceMilliseconds: 0.001 }).run();
    expect(short.rates).toEqual(long.rates);
    expect(long.rates[0]).toBeGreaterThan(long.rates[299]);
  });

  it('stops early when told and keeps the state reached', async () => {
    const fit = session(1_000_000, new RecordingTrainer(0, Infinity, 1), {
      onProgress: (progress) => {
        if (progress.step >= 5) fit.stop();
      },
    });
    const outcome = await fit.run();
    expect(outcome.outcome).toBe('stopped');
    expect(outcome.state.step).toBe(outcome.step);
    expect(outcome.step).toBeLessThan(1_000_000);
  });

  it('does nothing while paused, one step for a single step, and all the rest after resume', async () => {
    const trainer = new RecordingTrainer();
    const fit = session(50, trainer);
    const ended = fit.run({ paused: true });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(trainer.rates).toHaveLength(0);
    fit.singleStep();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(trainer.rates).toHaveLength(1);
    expect(fit.state).toBe('paused');
    fit.resume();
    await ended;
    expect(trainer.rates).toHaveLength(50);
  });

  it('makes a step that is asked for while the paused model is being shown', async () => {
    const trainer = new RecordingTrainer();
    let show: () => void = () => undefined;
    const fit = session(50, trainer, { onPreview: () => new Promise<void>((resolve) => (show = resolve)) });
    const ended = fit.run({ paused: true });
    await new Promise((resolve) => setTimeout(resolve, 5));
    fit.singleStep();
    show();
    await vi.waitFor(() => expect(trainer.rates).toHaveLength(1));
    fit.stop();
    await vi.waitFor(() => (show(), expect(fit.state).toBe('stopped')));
    await ended;
  });

  it('owes no single step once it was resumed', async () => {
    const trainer = new RecordingTrainer(0, Infinity, 5);
    const steps = new Set<number>();
    const fit = session(1_000_000, trainer, {
      onProgress: ({ state, step }) => {
        if (state === 'paused') steps.add(step);
      },
    });
    const ended = fit.run();
    await vi.waitFor(() => expect(trainer.rates.length).toBeGreaterThan(0));
    fit.singleStep();
    fit.resume();
    fit.pause();
    await new Promise((resolve) => setTimeout(resolve, 50));
    // The slice that was under way, and no step after it.
    expect(steps.size).toBe(1);
    fit.stop();
    await ended;
  });

  it('starts paused when pause was asked for before it began', async () => {
    const trainer = new RecordingTrainer();
    const fit = session(50, trainer);
    fit.pause();
    const ended = fit.run();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect([fit.state, trainer.rates.length]).toEqual(['paused', 0]);
    fit.resume();
    expect((await ended).outcome).toBe('done');
  });

  it('can be stopped while paused', async () => {
    const fit = session(50, new RecordingTrainer());
    const ended = fit.run({ paused: true });
    await new Promise((resolve) => setTimeout(resolve, 5));
    fit.stop();
    expect((await ended).outcome).toBe('stopped');
  });

  it('ends by the time budget', async () => {
    const outcome = await session(1_000_000, new RecordingTrainer(0, Infinity, 2), { secondsBudget: 0.05 }).run();
    expect(outcome.outcome).toBe('done');
    expect(outcome.seconds).toBeGreaterThanOrEqual(0.05);
  });

  it('keeps the last checkpoint when it is told to stop', async () => {
    const kept: number[] = [];
    const fit = session(1000, new RecordingTrainer(0, Infinity, 1), {
      checkpointMilliseconds: 0,
      sliceMilliseconds: 0.001,
      onProgress: ({ step }) => {
        if (step >= 5) fit.stop();
      },
      onCheckpoint: ({ step }) => void kept.push(step),
    });
    await fit.run();
    expect(kept.at(-1)).toBe(4);
  });

  it('goes on from the last checkpoint on another trainer when the device is lost', async () => {
    const lost = new RecordingTrainer(0, 40, 1);
    let from: TrainState | null = null;
    let rescue: RecordingTrainer | null = null;
    const outcome = await session(60, lost, {
      checkpointMilliseconds: 0,
      recover: async (state) => {
        from = state;
        rescue = new RecordingTrainer(state.step);
        return rescue;
      },
    }).run();
    expect(outcome.step).toBe(60);
    expect(lost.disposed).toBe(true);
    expect(from!.step).toBeGreaterThan(0);
    expect(rescue!.rates).toHaveLength(60 - from!.step);
  });

  it('goes on from the start when the device is lost before the first checkpoint', async () => {
    let from: TrainState | null = null;
    const outcome = await session(10, new RecordingTrainer(0, 0), {
      recover: async (state) => {
        from = state;
        return new RecordingTrainer(state.step);
      },
    }).run();
    expect(from!.step).toBe(0);
    expect(from!.parameters).toEqual(initialParameters(field, 1));
    expect(outcome.step).toBe(10);
  });

  it('fails when nothing can take over', async () => {
    const fit = session(10, new RecordingTrainer(0, 3), { recover: async () => null });
    await expect(fit.run()).rejects.toBeInstanceOf(DeviceLostError);
    expect(fit.state).toBe('failed');
  });

  it('reports time to go and a PSNR that follows the loss', async () => {
    let last: SessionProgress | null = null;
    await session(20, new RecordingTrainer(0, Infinity, 1), { onProgress: (progress) => (last = progress) }).run();
    expect(last!.psnr).toBeCloseTo(-10 * Math.log10(last!.loss), 6);
    expect(last!.secondsLeft).toBeCloseTo(0, 6);
    expect(last!.samplesPerSecond).toBeCloseTo(last!.stepsPerSecond * request(20).plan.batch, 3);
  });

  it('ends at once when the loss is no number any more, says so, and keeps no checkpoint of that state', async () => {
    class DivergingTrainer extends RecordingTrainer {
      override async run(learningRates: Float32Array) {
        const report = await super.run(learningRates);
        return report.step >= 20 ? { ...report, loss: Number.NaN, squaredError: Number.NaN } : report;
      }
    }
    const trainer = new DivergingTrainer();
    const progress: SessionProgress[] = [];
    const kept: number[] = [];
    const fit = session(100_000, trainer, { checkpointMilliseconds: 0, onProgress: (report) => progress.push(report), onCheckpoint: ({ step }) => void kept.push(step) });
    await expect(fit.run()).rejects.toMatchObject({ kind: 'failed', code: 'fit.diverged', message: expect.stringMatching(/diverged at step \d+\. Lower/) as string });
    expect(fit.state).toBe('failed');
    expect(trainer.rates.length).toBeLessThan(10_000);
    expect(progress.every(({ loss }) => Number.isFinite(loss))).toBe(true);
    expect(kept.every((step) => step < 20)).toBe(true);
  });
});
