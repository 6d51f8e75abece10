import { StudioError } from '#core/errors';
import { requireDecodable } from '#core/coding/limits';
import { fieldFor } from '#core/field/field';
import { planRefusal } from '#core/fit/sampling';
import { pointCount } from '#core/signal/signal';
import { DeviceLostError, type Engine, type Trainer, type TrainerRequest, type TrainingSet, type TrainState } from '#engine/engine';
import { ProgressMeans } from '#engine/progress-means';
import { FitSession, type SessionProgress } from '#engine/session';
import { inTurns, Turns } from '#engine/turns';
import type { FitDriver, FitEnd, FitRequest, FitSink } from './fit-driver';
import type { Gpu } from './gpu.svelte';
import { liveView, type LiveView } from './live-view';
import { localTunings } from './tunings';

/** Short enough that a key or a click is answered within 50 ms between two slices. */
const SLICE_MILLISECONDS = 18;
const PROGRESS_MILLISECONDS = 100;

/** The GPU is gone for good; the fit can go on elsewhere from `state`. */
export class LocalFitLost extends Error {
  override readonly name = 'LocalFitLost';
  constructor(
    readonly state: TrainState | null,
    readonly seconds: number,
    readonly paused: boolean,
  ) {
    super('The GPU device was lost.');
  }
}

/** Everything that lives and dies with one GPUDevice. */
interface Bench {
  readonly engine: Engine;
  /** What the session drives: the trainer, one call at a time. */
  readonly trainer: Trainer;
  readonly live: LiveView;
}

/** What the network learns. Throws StudioError 'failed'/'fit.points' for a surface that no points were drawn from. */
async function trainingSet({ original, points }: FitRequest): Promise<TrainingSet> {
  if (points) return points();
  const { size, channels, type } = original.info;
  if (original.kind === 'surface') throw new StudioError('failed', 'fit.points', 'No points have been drawn from the surface. Start the fit again.');
  return { size, channels, type, samples: original.kind === 'volume' ? original.volume.samples : original.samples };
}

/** Starts a fit in this window. `notice` tells the user when the device was lost and the fit goes on. */
export async function startLocalFit(gpu: Gpu, request: FitRequest, sink: FitSink, notice: (text: string) => void): Promise<FitDriver> {
  const { original, config } = request;
  const { size, channels } = original.info;
  const field = fieldFor(config.network, size.length, channels);
  requireDecodable(field, size);
  const data = await trainingSet(request);
  const trainerRequest: TrainerRequest = {
    field,
    plan: config.plan,
    data,
    seed: config.seed,
    ...(request.state && { state: request.state }),
  };

  const setUp = async (state: TrainState | null): Promise<Bench> => {
    const { createWebGpuEngine } = await import('#engine/webgpu/engine');
    const device = await gpu.open();
    const engine = await createWebGpuEngine({ device, tunings: localTunings });
    let bare: Trainer;
    try {
      const refusal = planRefusal(config.plan, pointCount(data.size), data.coordinates !== undefined) ?? engine.refusal(field, config.plan);
      if (refusal) throw new StudioError('device', 'device.refused', refusal);
      bare = await engine.createTrainer(state ? { ...trainerRequest, state } : trainerRequest);
    } catch (error) {
      // The device is shared and would hold the engine's kernels for as long as it lives.
      await engine.dispose();
      throw error;
    }
    const turns = new Turns();
    const trainer = inTurns(bare, turns);
    sink.notes(trainer.notes ?? []);
    const live = liveView({ original, device, software: gpu.facts?.software ?? false, trainer: bare, turns, field, show: (shown) => sink.shown(shown) });
    return { engine, trainer, live };
  };

  let bench = await setUp(request.state);
  let losses = 0;
  let lastState: TrainState | null = request.state;
  let seconds = request.secondsBefore;
  let told = 0;
  const means = new ProgressMeans();
  const tell = (progress: SessionProgress): void => {
    seconds = progress.seconds;
    means.add(progress);
    const now = performance.now();
    if (progress.state === 'running' && now - told < PROGRESS_MILLISECONDS && progress.step < progress.steps) return;
    sink.progress(progress.state === 'paused' ? 'paused' : 'running', { ...progress, ...means.take() });
    told = now;
  };

  const session = new FitSession({
    request: trainerRequest,
    trainer: bench.trainer,
    secondsBefore: request.secondsBefore,
    ...(request.seconds !== null && { secondsBudget: request.seconds }),
    sliceMilliseconds: SLICE_MILLISECONDS,
    previewMilliseconds: 120,
    checkpointMilliseconds: 2000,
    onProgress: tell,
    onPreview: () => bench.live.present(),
    onCheckpoint: (state) => {
      lastState = state;
    },
    // A first loss may be a driver update: another device usually works. Twice in one fit is a broken GPU.
    recover: async (state) => {
      lastState = state;
      if (++losses > 1) return null;
      try {
        const old = bench;
        bench = await setUp(state);
        old.engine.dispose().catch(() => undefined);
        notice(`The GPU was lost. The fit goes on from step ${state.step} on a new GPU device.`);
        return bench.trainer;
      } catch {
        return null;
      }
    },
  });

  let pausedBeforeEnd = false;
  const ended = session
    .run()
    .then((outcome): FitEnd => ({ outcome: outcome.outcome, state: outcome.state }))
    .catch((error: unknown) => {
      if (error instanceof DeviceLostError) throw new LocalFitLost(lastState, seconds, pausedBeforeEnd);
      throw error;
    })
    // The last picture stays in the texture until the decoded one replaces it; all else goes, however the fit ended.
    .finally(() => {
      bench.live.end();
      session.trainer.dispose();
      return bench.engine.dispose();
    });

  return {
    facts: gpu.facts ?? bench.engine.facts,
    pause: () => {
      pausedBeforeEnd = true;
      session.pause();
    },
    resume: () => {
      pausedBeforeEnd = false;
      session.resume();
    },
    step: () => {
      pausedBeforeEnd = true;
      session.singleStep();
    },
    stop: () => session.stop(),
    state: () => session.trainer.checkpoint(),
    ended,
    dispose: () => bench.live.free(),
  };
}
