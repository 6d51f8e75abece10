/**
 * Residuals on a thread of their own (Node only): the thread that asks stays free, and bricks are decoded while others synthesize the field that
 * they are added to. Same bytes and samples as plainResidualCodec, which small ones are left to: a thread takes longer to start.
 *
 * A thread lives for one residual. An abort ends it.
 */
import { Worker } from 'node:worker_threads';
import { StudioError, type ErrorKind } from '#core/errors';
import { plainResidualCodec, residualCancelled } from '#core/coding/residual/codec';
import { addBrick, brickCount, requireCodes, type ResidualBrick } from '#core/coding/residual/residual';
import type { ResidualCodec, SampleGrid } from '#core/coding/types';
import { pointCount } from '#core/signal/signal';
import { residualWorker } from '#kernels/build/residual-worker';
import type { ResidualAnswer, ResidualJob } from './residual-worker';

/** About 50 ms of one thread. */
const FEW_SAMPLES = 2 ** 19;
/** Bricks that wait, decoded, for their field. */
const AHEAD = 2;

type Answers = (answer: ResidualAnswer) => void;

/** A thread that does `job`; `run` resolves when `work` does, or rejects with what the thread says, an abort or its death, and the thread ends. */
async function onThread<T>(job: ResidualJob, signal: AbortSignal | undefined, work: (listen: (answers: Answers) => void, ask: () => void) => Promise<T>): Promise<T> {
  if (signal?.aborted === true) throw residualCancelled();
  const worker = new Worker(residualWorker, { eval: true, workerData: job, name: 'inr-residual' });
  let stop: () => void = () => undefined;
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(residualCancelled());
    worker.on('error', (cause) => reject(new StudioError('failed', 'residual.thread', `The thread that codes the residual stopped: ${cause.message}. There may be too little memory.`, { cause })));
    worker.on('message', (answer: ResidualAnswer) => {
      if (answer.kind === 'failed') reject(new StudioError(answer.error.kind as ErrorKind, answer.error.code, answer.error.message));
    });
  });
  stopped.catch(() => undefined);
  signal?.addEventListener('abort', stop);
  try {
    return await Promise.race([work((answers) => worker.on('message', answers), () => worker.postMessage(null)), stopped]);
  } finally {
    signal?.removeEventListener('abort', stop);
    await worker.terminate();
  }
}

const samplesOf = ({ size, channels }: SampleGrid): number => pointCount(size) * channels;

/** `fewSamples`: below it, the thread that asks does the work. */
export const residualCodecOn = (fewSamples = FEW_SAMPLES): ResidualCodec => ({
  async encode(original, field, grid, step, options = {}) {
    if (samplesOf(grid) < fewSamples) return plainResidualCodec.encode(original, field, grid, step, options);
    const { size, channels, type } = grid;
    return onThread({ kind: 'encode', original, field, grid: { size, channels, type }, step }, options.signal, (listen) => {
      return new Promise((resolve) => {
        listen((answer) => {
          if (answer.kind === 'progress') options.onProgress?.(answer.fraction);
          if (answer.kind === 'encoded') resolve({ data: answer.data, samples: answer.samples });
        });
      });
    });
  },

  async decode(data, pending, grid, options = {}) {
    if (samplesOf(grid) < fewSamples) return plainResidualCodec.decode(data, pending, grid, options);
    // It may reject while the thread has not begun.
    pending.catch(() => undefined);
    const { size, channels, type } = grid;
    return onThread({ kind: 'decode', data, grid: { size, channels, type } }, options.signal, async (listen, ask) => {
      const ready: (ResidualBrick | null)[] = [];
      let wake: () => void = () => undefined;
      listen((answer) => {
        if (answer.kind !== 'brick') return;
        ready.push(answer.brick);
        wake();
      });
      for (let i = 0; i < AHEAD; i++) ask();
      const samples = await pending;
      requireCodes(samples, grid);
      const all = brickCount(grid);
      for (let done = 0; done < all; ) {
        const brick = ready.shift();
        if (brick) {
          ask();
          addBrick(samples, brick, grid);
          done++;
          options.onProgress?.(done / all);
        } else await new Promise<void>((resolve) => (wake = resolve));
      }
      return samples;
    });
  },
});

export const residualCodec: ResidualCodec = residualCodecOn();
