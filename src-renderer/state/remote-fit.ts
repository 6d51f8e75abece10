import { StudioError } from '#core/errors';
import type { TrainState } from '#engine/engine';
import type { EventOf, ResponseOf } from '#main/ipc/contract';
import { bytesOf, floatsOf, type Client } from '../client';
import { PreviewPace } from './preview-pace';
import { PREVIEW_SAMPLES, type FitDriver, type FitEnd, type FitRequest, type FitSink } from './fit-driver';
import { shownSamples } from './shown';

function sentState({ step, parameters, moment1, moment2, average, drawLimits }: TrainState): ResponseOf<'fit.state'> {
  const vectors = { parameters: bytesOf(parameters), moment1: bytesOf(moment1), moment2: bytesOf(moment2) };
  return { step, ...vectors, ...(average && { average: bytesOf(average) }), ...(drawLimits && { drawLimits: bytesOf(drawLimits) }) };
}

function receivedState({ step, parameters, moment1, moment2, average, drawLimits }: ResponseOf<'fit.state'>): TrainState {
  const vectors = { parameters: floatsOf(parameters), moment1: floatsOf(moment1), moment2: floatsOf(moment2) };
  return { step, ...vectors, ...(average && { average: floatsOf(average) }), ...(drawLimits && { drawLimits: new Uint32Array(floatsOf(drawLimits).buffer) }) };
}

/** Starts a fit in the main process; `notice` tells the user what main has to say about it. Throws StudioError when it cannot start. */
export async function startRemoteFit(client: Client, request: FitRequest, sink: FitSink, notice: (text: string) => void): Promise<FitDriver> {
  const { original, config, engine, seconds, secondsBefore, state } = request;
  if (engine === 'webgpu') throw new StudioError('usage', 'device.place', 'The webgpu engine runs in the window.');
  let run: string | null = null;
  let finish: (end: EventOf<'fit.ended'>) => void = () => undefined;
  const over = new Promise<EventOf<'fit.ended'>>((resolve) => {
    finish = resolve;
  });

  const onProgress = (event: EventOf<'fit.progress'>): void => {
    const { run: _run, state: running, ...progress } = event;
    // With a budget main counts on from what was spent before; without one it starts at 0.
    sink.progress(running, seconds === null ? { ...progress, seconds: progress.seconds + secondsBefore } : progress);
    // Main ends a timed fit by itself; this is for a main that does not know the budget.
    if (seconds !== null && progress.seconds > seconds * 1.1 + 1) control('stop');
  };
  const pace = new PreviewPace<EventOf<'fit.preview'>>(({ size, channels, data }) =>
    sink.shown(shownSamples(original.info, { size, channels, type: 'uint8', samples: new Uint8Array(data) }, 'live')),
  );
  // Events may overtake the answer that names the run: they wait until the name is known.
  const early: (() => void)[] = [];
  const forThisRun = <Event extends { run: string }>(listener: (event: Event) => void) => (event: Event): void => {
    if (run === null) early.push(() => event.run === run && listener(event));
    else if (event.run === run) listener(event);
  };
  const stops = [client.on('fit.progress', forThisRun(onProgress)), client.on('fit.preview', forThisRun((event: EventOf<'fit.preview'>) => pace.offer(event))), client.on('fit.notice', forThisRun(({ message }: EventOf<'fit.notice'>) => notice(message))), client.on('fit.ended', forThisRun(finish))];
  const stopListening = (): void => {
    pace.stop();
    stops.forEach((stop) => stop());
  };

  let facts: FitDriver['facts'];
  try {
    const answer = await client.call('fit.start', {
      signal: original.info.signal,
      config,
      engine,
      state: state && sentState(state),
      previewPixels: PREVIEW_SAMPLES[original.kind],
      seconds: seconds === null ? null : { budget: seconds, before: secondsBefore },
    });
    run = answer.run;
    facts = answer.device;
    sink.notes(answer.notes);
  } catch (error) {
    stopListening();
    throw error;
  }
  const name = run;
  const control = (action: 'pause' | 'resume' | 'step' | 'stop'): void => {
    // A fit that ended meanwhile needs no control any more.
    client.call('fit.control', { run: name, action }).catch(() => undefined);
  };
  const readState = async (): Promise<TrainState> => receivedState(await client.call('fit.state', { run: name }));
  const ended = over
    .then(async ({ outcome, message }): Promise<FitEnd> => {
      if (outcome === 'failed') throw new StudioError('failed', 'fit.failed', message || 'The fit failed.');
      return { outcome, state: await readState() };
    })
    .finally(stopListening);
  for (const event of early.splice(0)) event();
  return {
    facts,
    pause: () => control('pause'),
    resume: () => control('resume'),
    step: () => control('step'),
    stop: () => control('stop'),
    state: readState,
    ended,
    dispose: () => undefined,
  };
}
