import { StudioError } from '#core/errors';
import type { Client } from '../client';
import type { FitDriver, FitEnd, FitRequest, FitSink } from './fit-driver';
import type { Gpu } from './gpu.svelte';
import { LocalFitLost, startLocalFit } from './local-fit';
import { startRemoteFit } from './remote-fit';

/**
 * Starts a fit on the engine asked for and keeps it going: when the GPU is lost for good, the same fit goes on from its last
 * checkpoint on the cpu engine, and the user is told. `auto`: the engine may also be changed before the first step, when one refuses this
 * network or this plan: webgpu, then cpu, then tfjs.
 */
export async function startFit(client: Client, gpu: Gpu, request: FitRequest, auto: boolean, sink: FitSink, notice: (text: string) => void): Promise<FitDriver> {
  const remote = (again: FitRequest): Promise<FitDriver> => startRemoteFit(client, again, sink, notice);
  const anyRemote = async (again: FitRequest, instead: boolean): Promise<FitDriver> => {
    try {
      return await remote(again);
    } catch (error) {
      if (!instead || again.engine === 'tfjs' || !(error instanceof StudioError) || error.code !== 'fit.refused') throw error;
      const driver = await remote({ ...again, engine: 'tfjs' });
      notice(`${error.message} The fit runs on the tfjs engine, which is slow.`);
      return driver;
    }
  };
  if (request.engine !== 'webgpu') {
    const driver = await anyRemote(request, auto);
    sink.device(driver.facts);
    return driver;
  }

  let local: FitDriver;
  try {
    local = await startLocalFit(gpu, request, sink, notice);
  } catch (error) {
    if (!auto || !(error instanceof StudioError) || error.kind !== 'device') throw error;
    notice(`${error.message} The fit runs on the cpu engine.`);
    const driver = await anyRemote({ ...request, engine: 'cpu' }, true);
    sink.device(driver.facts);
    return driver;
  }
  sink.device(local.facts);

  let current = local;
  let stopped = false;
  const ended: Promise<FitEnd> = local.ended.catch(async (error: unknown) => {
    if (!(error instanceof LocalFitLost)) throw error;
    const { state, seconds, paused } = error;
    const driver = await anyRemote({ ...request, engine: 'cpu', state, secondsBefore: seconds }, true);
    notice(`The GPU was lost. The fit goes on from step ${state?.step ?? 0} on the ${driver.facts.engine} engine.`);
    sink.device(driver.facts);
    current = driver;
    if (stopped) driver.stop();
    else if (paused) driver.pause();
    return driver.ended;
  });
  return {
    facts: local.facts,
    pause: () => current.pause(),
    resume: () => current.resume(),
    step: () => current.step(),
    stop: () => {
      stopped = true;
      current.stop();
    },
    state: () => current.state(),
    ended,
    dispose: () => local.dispose(),
  };
}
