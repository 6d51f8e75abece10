import { StudioError } from '#core/errors';
import { requireDecodable } from '#core/coding/limits';
import { fieldFor } from '#core/field/field';
import { planRefusal } from '#core/fit/sampling';
import { pointCount, reducedSize } from '#core/signal/signal';
import { DeviceLostError, type Engine, type Trainer, type TrainerRequest, type TrainState } from '#engine/engine';
import { ProgressMeans } from '#engine/progress-means';
import { FitSession, type SessionProgress } from '#engine/session';
import { inTurns, Turns } from '#engine/turns';
import { isPresentingTrainer } from '#engine/webgpu/present';
import type { FitDriver, FitEnd, FitRequest, FitSink } from './fit-driver';
import type { Gpu } from './gpu.svelte';
import { localTunings } from './tunings';

/** Short enough that a key or a click is answered within 50 ms between two slices. */
const SLICE_MILLISECONDS = 18;
const PROGRESS_MILLISECONDS = 100;
/** A texture on a real GPU may have the picture's full size up to here; a software adapter draws a small one. */
const TEXTURE_PIXELS = 4096 * 2048;
const SOFTWARE_TEXTURE_PIXELS = 256 * 256;

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
  readonly device: GPUDevice;
  readonly engine: Engine;
  /** What the session drives: the trainer, one call at a time. */
  readonly trainer: Trainer;
  readonly texture: GPUTexture;
  present(): Promise<void>;
}

/** Width and height of a texture for a picture: of at most `pixels` texels, and no side longer than `longest`. */
export function textureSize([width = 1, height = 1]: readonly number[], pixels: number, longest: number): number[] {
  const scale = Math.min(1, longest / Math.max(width, height));
  return reducedSize([width, height].map((extent) => Math.max(1, Math.floor(extent * scale))), pixels);
}

/** Starts a fit in this window. `notice` tells the user when the device was lost and the fit goes on. */
export async function startLocalFit(gpu: Gpu, request: FitRequest, sink: FitSink, notice: (text: string) => void): Promise<FitDriver> {
  const { picture, config } = request;
  const { size, channels, type } = picture.info;
  const field = fieldFor(config.network, size.length, channels);
  requireDecodable(field, size);
  const trainerRequest: TrainerRequest = {
    field,
    plan: config.plan,
    data: { size, channels, type, samples: picture.samples },
    seed: config.seed,
    ...(request.state && { state: request.state }),
  };

  const setUp = async (state: TrainState | null): Promise<Bench> => {
    const { createWebGpuEngine } = await import('#engine/webgpu/engine');
    const device = await gpu.open();
    const engine = await createWebGpuEngine({ device, tunings: localTunings });
    let bare: Trainer;
    try {
      const refusal = planRefusal(config.plan, pointCount(size)) ?? engine.refusal(field, config.plan);
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
    const extents = textureSize(size, gpu.facts?.software ? SOFTWARE_TEXTURE_PIXELS : TEXTURE_PIXELS, device.limits.maxTextureDimension2D);
    const texture = device.createTexture({
      label: 'reconstruction',
      size: extents,
      format: 'rgba16float',
      usage: GPUTextureUsage.STORAGE_BINDING | GPUTextureUsage.TEXTURE_BINDING | GPUTextureUsage.COPY_SRC,
    });
    const present = (): Promise<void> =>
      turns.take(async () => {
        if (!isPresentingTrainer(bare)) return;
        bare.writeTexture(texture);
        await device.queue.onSubmittedWorkDone();
        sink.shown({ kind: 'texture', label: 'live', size: [texture.width, texture.height], texture, device });
      });
    return { device, engine, trainer, texture, present };
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
    onPreview: () => bench.present(),
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
    dispose: () => bench.texture.destroy(),
  };
}
