/**
 * Fits in the main process. A run is a FitSession on an engine of this process; what happens goes out as events: progress at most ten
 * times a second (losses between two reports are averaged, none is lost), previews on a reduced grid, and one end.
 *
 * A trainer takes one call at a time, while a window may ask for the state of a running fit at any moment: all calls to a trainer go
 * through one queue.
 */
import { asStudioError, StudioError } from '#core/errors';
import { requireDecodable } from '#core/coding/limits';
import { fieldFor } from '#core/field/field';
import { parameterLayout } from '#core/field/layout';
import { SURFACE_DEFAULTS, type FitConfig } from '#core/fit/config';
import { planRefusal } from '#core/fit/sampling';
import { pointCount, reducedSize } from '#core/signal/signal';
import type { Engine, TrainState } from '#engine/engine';
import { previewBytes } from '#engine/preview';
import { ProgressMeans } from '#engine/progress-means';
import { FitSession, type SessionProgress } from '#engine/session';
import { inTurns } from '#engine/turns';
import type { RequestOf, ResponseOf } from '../ipc/contract';
import type { Emit } from '../ipc/dispatch';
import { floatBytes, floatsFrom } from './float-bytes';
import type { Subject } from './subject';
import { heldBy, newToken } from './tokens';

const PROGRESS_MILLISECONDS = 100;
/** tfjs computes on this very thread: short slices let the window's calls through. */
const SLICE_MILLISECONDS = { cpu: 50, tfjs: 25, webgpu: 50 } as const;
/** Ended runs whose state can still be asked for. */
const KEPT_RUNS = 16;

export interface FitRequest {
  readonly subject: Pick<Subject, 'header' | 'data'>;
  readonly config: FitConfig;
  readonly engine: Engine;
  readonly state: RequestOf<'fit.start'>['state'];
  readonly previewPixels: number;
  readonly seconds?: { readonly budget: number; readonly before: number } | null | undefined;
}

interface Run {
  readonly session: FitSession;
  readonly ended: Promise<void>;
  /** Set at the end. */
  final: TrainState | null;
  over: boolean;
}

/** Why this engine cannot fit this network by this plan on such a grid, or on the points of a surface, in one sentence; null when it can. */
export function fitRefusal(engine: Engine, config: FitConfig, size: readonly number[], channels: number, surface = false): string | null {
  return planRefusal(config.plan, surface ? (config.surface ?? SURFACE_DEFAULTS).points : pointCount(size), surface) ?? engine.refusal(fieldFor(config.network, size.length, channels), config.plan);
}

export class FitRuns {
  readonly #runs = new Map<string, Run>();
  #disposed = false;

  constructor(private readonly emit: Emit) {}

  /** Starts a fit; it runs on after this returns. Throws StudioError 'usage' fit.limit, fit.refused, fit.state. */
  async start(request: FitRequest): Promise<ResponseOf<'fit.start'>> {
    const { subject, config, engine, seconds } = request;
    const { header, data } = subject;
    const { size, channels } = header;
    const field = fieldFor(config.network, size.length, channels);
    requireDecodable(field, size);
    const refusal = planRefusal(config.plan, pointCount(data.size), data.coordinates !== undefined) ?? engine.refusal(field, config.plan);
    if (refusal !== null) throw new StudioError('usage', 'fit.refused', refusal);
    const state = request.state ? stateFrom(request.state, parameterLayout(field).length, config.plan.average !== null) : undefined;
    const trainerRequest = { field, plan: config.plan, data, seed: config.seed, ...(state ? { state } : {}) };
    const trainer = inTurns(await engine.createTrainer(trainerRequest));
    if (this.#disposed) {
      trainer.dispose();
      throw new StudioError('cancelled', 'cancelled', 'The window was closed.');
    }

    const id = newToken('run');
    const progress = new ProgressReports(id, this.emit);
    let recovered = false;
    const session = new FitSession({
      request: trainerRequest,
      trainer,
      ...(seconds ? { secondsBudget: seconds.budget, secondsBefore: seconds.before } : {}),
      sliceMilliseconds: SLICE_MILLISECONDS[engine.facts.engine],
      onProgress: (report) => progress.take(report),
      // A thread of the pool may die, of memory say; the pool starts others. A second loss is no accident.
      recover: async (from, error) => {
        if (recovered || this.#disposed) return null;
        recovered = true;
        console.error(`A fit lost its device (${error.message}) and goes on from step ${from.step}.`);
        const next = inTurns(await engine.createTrainer({ ...trainerRequest, state: from }));
        for (const message of next.notes ?? []) this.emit('fit.notice', { run: id, message });
        this.emit('fit.notice', { run: id, message: `The ${engine.facts.engine} engine broke down (${error.message}). The fit goes on from its checkpoint at step ${from.step}.` });
        return next;
      },
      onPreview: async (current, { step }) => {
        if (request.previewPixels === 0) return;
        const grid = reducedSize(size, request.previewPixels);
        const data = previewBytes(await current.reconstruct(grid));
        this.emit('fit.preview', { run: id, step, size: grid, channels, data });
      },
    });
    // The renderer hears of the run before its first event.
    const ended = new Promise<void>((resolve) => setTimeout(resolve, 0)).then(() => this.#drive(id, session, progress));
    this.#runs.set(id, { session, ended, final: null, over: false });
    return { run: id, device: engine.facts, notes: [...(trainer.notes ?? [])] };
  }

  async #drive(id: string, session: FitSession, progress: ProgressReports): Promise<void> {
    let end: { outcome: 'done' | 'stopped' | 'failed'; step: number; message: string };
    const run = heldBy(this.#runs, id);
    try {
      const result = await session.run();
      run.final = result.state;
      end = { outcome: result.outcome, step: result.step, message: '' };
    } catch (error) {
      const known = asStudioError(error);
      if (known.code === 'internal') console.error('A fit failed:', error);
      end = { outcome: 'failed', step: session.progress.step, message: known.message };
    }
    run.over = true;
    session.trainer.dispose();
    progress.flush();
    this.emit('fit.ended', { run: id, ...end });
    this.#forgetOldest();
  }

  #forgetOldest(): void {
    const over = [...this.#runs].filter(([, run]) => run.over);
    for (const [id] of over.slice(0, Math.max(0, over.length - KEPT_RUNS))) this.#runs.delete(id);
  }

  /** No effect on a run that has ended. */
  control(id: string, action: RequestOf<'fit.control'>['action']): void {
    const { session, over } = heldBy(this.#runs, id);
    if (over) return;
    switch (action) {
      case 'pause':
        return session.pause();
      case 'resume':
        return session.resume();
      case 'step':
        return session.singleStep();
      case 'stop':
        return session.stop();
      default:
        return action satisfies never;
    }
  }

  /** Complete state, while it runs or after it. Throws StudioError 'failed' 'fit.lost' when a failed run left none. */
  async state(id: string): Promise<ResponseOf<'fit.state'>> {
    const run = heldBy(this.#runs, id);
    const state = run.over ? run.final : await run.session.trainer.checkpoint().catch((error: unknown) => run.final ?? Promise.reject(asStudioError(error)));
    if (!state) throw new StudioError('failed', 'fit.lost', 'This fit failed and left no state. Start it again.');
    const { step, parameters, moment1, moment2, average, drawLimits } = state;
    const vectors = { parameters: floatBytes(parameters), moment1: floatBytes(moment1), moment2: floatBytes(moment2) };
    return { step, ...vectors, ...(average && { average: floatBytes(average) }), ...(drawLimits && { drawLimits: floatBytes(drawLimits) }) };
  }

  /** Stops all runs and waits for them. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    const runs = [...this.#runs.values()];
    for (const { session } of runs) session.stop();
    await Promise.allSettled(runs.map(({ ended }) => ended));
  }
}

function stateFrom(state: NonNullable<RequestOf<'fit.start'>['state']>, length: number, averaged: boolean): TrainState {
  const read = (bytes: Uint8Array): Float32Array => {
    const values = floatsFrom(bytes);
    if (values?.length === length) return values;
    throw new StudioError('usage', 'fit.state', `The state to go on from belongs to another network (${bytes.length} bytes instead of ${4 * length}). Start the fit anew.`);
  };
  const { step, parameters, moment1, moment2, average, drawLimits } = state;
  const limits = drawLimits && floatsFrom(drawLimits);
  if (limits === null) throw new StudioError('usage', 'fit.state', `The state to go on from has a broken table of draws (${drawLimits?.length} bytes). Start the fit anew.`);
  const table = limits && { drawLimits: new Uint32Array(limits.buffer) };
  // A state of a plan without averaging has none: the average then begins with the parameters.
  return { step, parameters: read(parameters), moment1: read(moment1), moment2: read(moment2), ...(averaged && { average: read(average ?? parameters) }), ...table };
}

/** Coalesces reports: losses and squared errors are averaged over the steps between two events; a change of state goes out at once. */
class ProgressReports {
  #due: SessionProgress | null = null;
  readonly #means = new ProgressMeans();
  #lastTime = -Infinity;
  #lastState = '';

  constructor(
    private readonly run: string,
    private readonly emit: Emit,
  ) {}

  take(report: SessionProgress): void {
    this.#means.add(report);
    this.#due = report;
    // While paused a report follows only on a single step, and no later one would bring it along.
    if (report.state !== 'running' || report.state !== this.#lastState || performance.now() - this.#lastTime >= PROGRESS_MILLISECONDS) this.flush();
  }

  flush(): void {
    const report = this.#due;
    this.#due = null;
    if (!report || (report.state !== 'running' && report.state !== 'paused')) return;
    const { loss, psnr } = this.#means.take() ?? report;
    [this.#lastTime, this.#lastState] = [performance.now(), report.state];
    if (!Number.isFinite(loss)) return;
    this.emit('fit.progress', { ...report, state: report.state, run: this.run, loss, psnr });
  }
}
