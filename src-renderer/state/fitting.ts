/** Start, pause, step, stop: what the transport and its keys do, and what happens when a fit ends. */
import { asStudioError } from '#core/errors';
import { UNBOUNDED_STEPS } from '#core/fit/options';
import { modelParameters } from '#engine/engine';
import { formatDecibel } from '../format';
import { encode } from './encoding';
import { startFit } from './fit-controller';
import { drawSurface } from './surface';
import type { FitDriver, FitSink } from './fit-driver';
import { Run } from './runs.svelte';
import type { Studio } from './studio.svelte';

/** Progress is spoken at most this often. */
const SPEAK_MILLISECONDS = 20_000;

export function canStart(studio: Studio): boolean {
  return studio.opened !== null && studio.active === null && studio.draft.valid && studio.engine.facts !== null && studio.refusal === null;
}

/** Starts a fit of what is open with the draft's configuration. */
export async function start(studio: Studio): Promise<void> {
  const { opened, draft, engine } = studio;
  if (!opened || !canStart(studio)) return;
  const seconds = draft.bound === 'seconds' ? draft.seconds : null;
  const config = seconds === null ? draft.config : { ...draft.config, plan: { ...draft.config.plan, steps: UNBOUNDED_STEPS } };
  const run = new Run('fit', opened, draft.title, draft.presetId, config, seconds);
  run.device = engine.facts;
  studio.runs = [run, ...studio.runs];
  studio.run = run;
  studio.active = { run, driver: null };
  if (studio.comparison.mode === 'original') studio.compareBy({ mode: 'split' });
  studio.notices.speak('The fit starts.');

  let spoken = performance.now();
  const sink: FitSink = {
    progress: (state, progress) => {
      if (run.active) run.state = run.wish;
      run.report(progress);
      const now = performance.now();
      if (state !== 'running' || now - spoken < SPEAK_MILLISECONDS) return;
      spoken = now;
      studio.notices.speak(`Step ${progress.step}, about ${formatDecibel(progress.psnr, 1)}.`);
    },
    shown: (shown) => {
      run.shown = shown;
    },
    device: (facts) => {
      run.device = facts;
    },
    notes: (notes) => {
      run.notes = notes;
    },
  };

  let driver: FitDriver | null = null;
  try {
    const drawn = opened.kind === 'surface' ? await studio.working('Sampling the surface', (task) => drawing(run, task, drawSurface(studio.client, opened, config, task))) : { original: opened };
    driver = await startFit(
      studio.client,
      studio.gpu,
      { ...drawn, config, engine: engine.engine, seconds, secondsBefore: 0, state: null },
      studio.settings.engine === 'auto',
      sink,
      (text) => studio.notices.show('warning', text),
    );
    studio.active = { run, driver };
    if (stopWished.has(run)) driver.stop();
    if (run.state === 'preparing') run.state = 'running';
    const { outcome, state } = await driver.ended;
    run.parameters = modelParameters(state);
    run.state = outcome;
    if (outcome === 'stopped') run.message = `Stopped at step ${state.step}.`;
    studio.notices.speak(outcome === 'done' ? 'The fit is done.' : 'The fit is stopped.');
  } catch (error) {
    const fault = asStudioError(error);
    if (fault.kind === 'cancelled') {
      run.state = 'stopped';
      run.message = 'Stopped before the first step.';
    } else {
      run.state = 'failed';
      run.message = fault.message;
      // Under the stage where its run is shown; elsewhere a notice.
      if (studio.run !== run) studio.notices.fault(error);
    }
  }
  if (studio.active?.run === run) studio.active = null;
  if (run.parameters && run.state !== 'failed') await encode(studio, run, config.coding);
  if (driver) run.endTexture(driver.dispose);
}

const stopWished = new WeakSet<Run>();
/** The task that draws the points of a run, which Stop cancels. */
const drawings = new WeakMap<Run, string>();

async function drawing<T>(run: Run, task: string, work: Promise<T>): Promise<T> {
  drawings.set(run, task);
  try {
    return await work;
  } finally {
    drawings.delete(run);
  }
}

/** Space: starts, pauses, resumes. */
export function toggle(studio: Studio): void {
  const { active } = studio;
  if (!active) void start(studio);
  else if (active.run.state === 'running') pause(studio);
  else if (active.run.state === 'paused') resume(studio);
}

export function pause(studio: Studio): void {
  const { active } = studio;
  if (!active?.driver) return;
  setWish(active.run, 'paused');
  active.driver.pause();
}

/** Shown at once: a step on a slow engine may take seconds, and the key was heard. */
function setWish(run: Run, wish: 'running' | 'paused'): void {
  run.wish = wish;
  run.state = wish;
}

export function resume(studio: Studio): void {
  const { active } = studio;
  if (!active?.driver) return;
  setWish(active.run, 'running');
  active.driver.resume();
}

/** One optimizer step; pauses a running fit first. */
export function step(studio: Studio): void {
  const { active } = studio;
  if (!active?.driver) return;
  setWish(active.run, 'paused');
  active.driver.step();
}

/** Ends the fit where it is; what it has learned is encoded. */
export function stop(studio: Studio): void {
  const { active } = studio;
  if (!active) return;
  const task = drawings.get(active.run);
  if (active.driver) active.driver.stop();
  else if (task !== undefined) studio.cancel(task);
  else stopWished.add(active.run);
}

export function canEncode(studio: Studio): boolean {
  const { run } = studio;
  if (!run || run.kind !== 'fit' || run.encoding) return false;
  return run.parameters !== null ? run.state !== 'running' : run.state === 'paused';
}

/** Encodes the shown run as the draft says; a paused fit is asked for its state first. */
export async function encodeNow(studio: Studio): Promise<void> {
  const { run, active } = studio;
  if (!run || !canEncode(studio)) return;
  try {
    if (active?.run === run && active.driver) run.parameters = modelParameters(await active.driver.state());
  } catch (error) {
    studio.notices.fault(error);
    return;
  }
  // The key was pressed twice.
  if (run.encoding) return;
  await encode(studio, run, studio.draft.config.coding);
}
