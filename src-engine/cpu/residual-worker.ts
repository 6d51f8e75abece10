/**
 * The thread of residual.ts: one residual, written or read. scripts/build-kernels.mjs bundles this file with all that it imports into one text
 * (kernels/build/residual-worker.ts), so that no bundler has to find it as a file.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { addBrick, brickCount, decodeBricks, encodeBricks, type Codes, type ResidualBrick } from '#core/coding/residual/residual';
import type { SampleGrid } from '#core/coding/types';

export type ResidualJob =
  | { readonly kind: 'encode'; readonly original: Codes; readonly field: Codes; readonly grid: SampleGrid; readonly step: number }
  | { readonly kind: 'decode'; readonly data: Uint8Array; readonly grid: SampleGrid };

export type ResidualAnswer =
  | { readonly kind: 'progress'; readonly fraction: number }
  | { readonly kind: 'encoded'; readonly data: Uint8Array; readonly samples: Codes }
  /** What was asked for last; null behind the last one. */
  | { readonly kind: 'brick'; readonly brick: ResidualBrick | null }
  | { readonly kind: 'failed'; readonly error: { readonly kind: string; readonly code: string; readonly message: string } };

const port = parentPort!;
const send = (answer: ResidualAnswer, transfer: ArrayBufferLike[] = []): void => port.postMessage(answer, transfer as ArrayBuffer[]);

/** A StudioError does not survive the way between threads; its parts do. */
function fail(error: unknown): void {
  const { kind = 'failed', code = 'internal', message = String(error) } = error as { kind?: string; code?: string; message?: string };
  send({ kind: 'failed', error: { kind, code, message } });
}

function encode({ original, field: samples, grid, step }: Extract<ResidualJob, { kind: 'encode' }>): void {
  const all = brickCount(grid);
  const field = samples.slice();
  const bricks = encodeBricks(original, field, grid, step);
  for (let done = 1; ; done++) {
    const next = bricks.next();
    if (next.done) return send({ kind: 'encoded', data: next.value, samples }, [next.value.buffer, samples.buffer]);
    addBrick(samples, next.value, grid);
    send({ kind: 'progress', fraction: done / all });
  }
}

const job = workerData as ResidualJob;
try {
  if (job.kind === 'encode') encode(job);
  else {
    const bricks = decodeBricks(job.data, job.grid);
    // A brick at a time, when it is wanted: however fast this thread is, few bricks are in memory.
    port.on('message', () => {
      try {
        const next = bricks.next();
        if (next.done) {
          send({ kind: 'brick', brick: null });
          port.close();
        } else send({ kind: 'brick', brick: next.value }, [next.value.deltas.buffer]);
      } catch (error) {
        fail(error);
      }
    });
  }
} catch (error) {
  fail(error);
}
